/* The live board: pause and go on, leave alone whoever is reading with the keyboard, let go of old figures.
   Without this file the page is read anew by its reload link. */
(() => {
  "use strict";
  const button = document.querySelector("[data-board-pause]");
  if (!button) return;
  const board = () => document.getElementById("board");
  let paused = false;
  const note = () => {
    const text = board()?.querySelector("[data-board-note]");
    if (text) text.hidden = paused;
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    paused = !paused;
    button.setAttribute("aria-pressed", String(paused));
    button.textContent = paused ? button.dataset.resume : button.dataset.pause;
    note();
  });
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt.id === "board" && (paused || document.hidden || board().contains(document.activeElement))) event.preventDefault();
  });
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id !== "board") return;
    if (!event.detail.serverResponse.includes('id="board"')) {
      /* The session has ended, or the round is gone: let the whole page say so. */
      event.detail.shouldSwap = false;
      window.location.reload();
      return;
    }
    board().querySelectorAll(".chart-canvas").forEach((canvas) => window.echarts?.getInstanceByDom(canvas)?.dispose());
  });
  document.body.addEventListener("htmx:load", note);
  note();
})();
