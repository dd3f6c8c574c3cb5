/* The button that marks everybody at once; without this file each person is marked by hand. */
(() => {
  "use strict";
  const form = document.getElementById("roll-call");
  if (!form) return;
  form.querySelectorAll("[data-roll-all]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => {
      form.querySelectorAll(`input[type=radio][value="${button.dataset.rollAll}"]`).forEach((radio) => { radio.checked = true; });
    });
  });
})();
