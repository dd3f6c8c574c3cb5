/* How long an offered seat is still kept, second by second. Without this file the end stands there in words. */
(() => {
  "use strict";
  const two = (number) => String(number).padStart(2, "0");
  const clockFace = (seconds) => {
    const days = Math.floor(seconds / 86400);
    const time = `${two(Math.floor(seconds / 3600) % 24)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
    const language = document.documentElement.lang || "zh-Hans";
    return days ? `${new Intl.NumberFormat(language, { style: "unit", unit: "day", unitDisplay: "long" }).format(days)} ${time}` : time;
  };
  const show = () => {
    document.querySelectorAll("[data-countdown]").forEach((one) => {
      const end = one.querySelector("time");
      if (!end) return;
      let words = one.querySelector(".time-left");
      if (!words) {
        words = document.createElement("span");
        words.className = "time-left";
        /* The end itself is read out; a number that changes each second is not. */
        words.setAttribute("aria-hidden", "true");
        end.parentElement.after(words);
      }
      const left = Math.ceil((Date.parse(end.dateTime) - Date.now()) / 1000);
      words.textContent = left > 0 ? `${one.dataset.left} ${clockFace(left)}` : one.dataset.over;
    });
  };
  show();
  window.setInterval(show, 1000);
  document.body.addEventListener("htmx:load", show);
})();
