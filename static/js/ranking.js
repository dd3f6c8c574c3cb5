/* Makes ranking smoother: places never meet, topics move with buttons or by dragging. The numbered boxes work without this file. */
(() => {
  "use strict";
  const live = document.getElementById("live");
  const say = (text) => { if (live) live.textContent = text; };

  document.querySelectorAll("form[data-ranking]").forEach((form) => {
    const list = form.querySelector("[data-wishes]");
    const state = form.querySelector("[data-ranking-state]");
    const box = (item) => item.querySelector("select");
    if (!list.querySelector("select:not(:disabled)")) return;
    const items = () => [...list.children];
    const ranked = () => items().filter((item) => box(item).value);

    const words = (key, item) => form.dataset[key]
      .replace("{title}", item.dataset.title).replace("{place}", box(item).value);

    /* The order of the list is the ranking: ranked topics above, numbered from one, the others below. */
    const settle = (order, moved) => {
      const rest = items().filter((item) => !order.includes(item));
      order.forEach((item, index) => { box(item).value = String(index + 1); });
      rest.forEach((item) => { box(item).value = ""; });
      const focus = document.activeElement;
      list.append(...order, ...rest);
      if (focus && form.contains(focus)) focus.focus({ preventScroll: true });
      items().forEach((item) => {
        const index = order.indexOf(item);
        item.classList.toggle("wish-ranked", index >= 0);
        item.querySelector('[data-move="-1"]').disabled = index === 0;
        item.querySelector('[data-move="1"]').disabled = index < 0;
      });
      if (!moved) return;
      state.textContent = form.dataset.unsaved;
      say(words(order.includes(moved) ? "moved" : "removed", moved));
    };

    const place = (item, number) => {
      const order = ranked().filter((one) => one !== item);
      if (number) order.splice(Math.min(number, order.length + 1) - 1, 0, item);
      settle(order, item);
    };

    list.addEventListener("change", (event) => {
      const item = event.target.closest(".wish");
      if (item) place(item, Number(event.target.value));
    });

    list.addEventListener("click", (event) => {
      const button = event.target.closest("[data-move]");
      if (!button) return;
      const item = button.closest(".wish");
      const order = ranked();
      const index = order.indexOf(item);
      const step = Number(button.dataset.move);
      /* Up from below the line joins at the end; down from the last place leaves the ranking. */
      if (index < 0) place(item, order.length + 1);
      else place(item, index + 1 + step > order.length ? 0 : index + 1 + step);
      if (button.disabled) (item.querySelector("[data-move]:not(:disabled)") || box(item)).focus({ preventScroll: true });
    });

    let dragged = null;
    items().forEach((item) => {
      item.querySelector(".wish-moves").hidden = false;
      item.draggable = true;
      item.addEventListener("dragstart", (event) => {
        dragged = item;
        item.classList.add("wish-dragged");
        event.dataTransfer.effectAllowed = "move";
        event.dataTransfer.setData("text/plain", item.dataset.title);
      });
      item.addEventListener("dragend", () => {
        item.classList.remove("wish-dragged");
        dragged = null;
      });
    });
    list.addEventListener("dragover", (event) => {
      if (dragged) event.preventDefault();
    });
    list.addEventListener("drop", (event) => {
      const target = event.target.closest(".wish");
      if (!dragged || !target || target === dragged) return;
      event.preventDefault();
      place(dragged, Number(box(target).value) || ranked().length + 1);
    });

    settle(ranked().sort((one, other) => Number(box(one).value) - Number(box(other).value)), null);
  });
})();
