/* The grid of scores by keyboard: Enter and the arrows walk down and up a column. Without this file one tabs from field to field. */
(() => {
  "use strict";
  const table = document.querySelector(".conduct-table");
  if (!table) return;
  const fields = (column) => [...table.querySelectorAll(`input[data-column="${column}"]`)];
  table.addEventListener("keydown", (event) => {
    const field = event.target.closest("input[data-column]");
    if (!field) return;
    const step = { Enter: event.shiftKey ? -1 : 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const column = fields(field.dataset.column);
    const next = column[column.indexOf(field) + step];
    if (next) next.focus();
    else field.blur();
  });
  table.addEventListener("focusin", (event) => {
    const field = event.target.closest("input[data-column]");
    if (field) field.select();
  });
})();
