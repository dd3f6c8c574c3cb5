/* Checking in without network: what was typed waits on the phone, with a key of its own and the time, and is sent when it can be.
   Without this file the form is sent as any other, and scanning works all the same. */
(() => {
  "use strict";

  /* Where one is, only if one asks for it to be sent. */
  document.querySelectorAll("[data-send-place]").forEach((button) => {
    if (!navigator.geolocation || !window.isSecureContext) return;
    button.hidden = false;
    const words = button.querySelector("span");
    button.addEventListener("click", () => {
      navigator.geolocation.getCurrentPosition(
        ({ coords }) => {
          button.form.elements.latitude.value = coords.latitude.toFixed(6);
          button.form.elements.longitude.value = coords.longitude.toFixed(6);
          words.textContent = button.dataset.sent;
          button.disabled = true;
        },
        () => { words.textContent = button.dataset.refused; },
        { timeout: 10000, maximumAge: 60000 },
      );
    });
  });

  const box = document.getElementById("check-in");
  const form = document.getElementById("check-in-form");
  if (!box || !form) return;
  const store = `check-in-${box.dataset.user}`;
  const answer = document.getElementById("check-in-answer");
  const waiting = document.getElementById("check-in-waiting");
  const ahead = Number(box.dataset.now) - Date.now();
  const portalNow = () => new Date(Date.now() + ahead);
  const newKey = () => {
    if (window.crypto.randomUUID) return window.crypto.randomUUID();
    /* Pages without TLS have no randomUUID. */
    const bytes = window.crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const hex = [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  };

  const read = () => {
    try {
      return JSON.parse(localStorage.getItem(store)) || [];
    } catch {
      return [];
    }
  };
  const write = (entries) => {
    try {
      if (entries.length) localStorage.setItem(store, JSON.stringify(entries));
      else localStorage.removeItem(store);
    } catch {
      /* A phone that keeps nothing still sends at once. */
    }
    show(entries);
  };

  const element = (name, classes, text) => {
    const made = document.createElement(name);
    if (classes) made.className = classes;
    if (text) made.textContent = text;
    return made;
  };
  const note = (tone, icon, title, text) => {
    const made = element("div", `note note-${tone}`);
    const mark = element("i", `bi bi-${icon}`);
    mark.setAttribute("aria-hidden", "true");
    const words = element("div", "note-text");
    words.append(element("strong", "", title), element("p", "mb-0", text));
    made.append(mark, words);
    return made;
  };
  const show = (entries) => {
    waiting.replaceChildren();
    const pending = entries.filter((one) => !one.refused);
    if (pending.length) {
      const made = note("warning", "cloud-slash", `${box.dataset.textWaiting} · ${pending.length}`, box.dataset.textKept);
      const list = element("ul", "waiting-list");
      pending.forEach((one) => {
        const time = new Date(one.at).toLocaleTimeString(document.documentElement.lang, { timeZone: "Asia/Shanghai", hour12: false });
        list.append(element("li", "", `${box.dataset.textCode} ${one.code} · ${time}`));
      });
      made.querySelector(".note-text").append(list);
      waiting.append(made);
    }
    entries.filter((one) => one.refused).forEach((one) => {
      const made = note("danger", "x-octagon-fill", box.dataset.textFailed, one.refused);
      const drop = element("button", "btn btn-sm btn-outline mt-2", box.dataset.textDrop);
      drop.type = "button";
      drop.addEventListener("click", () => write(read().filter((other) => other.key !== one.key)));
      made.querySelector(".note-text").append(drop);
      waiting.append(made);
    });
  };

  const post = async (entries) => {
    const response = await fetch(box.dataset.queueUrl, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
      body: JSON.stringify({ waiting: entries }),
    });
    if (response.redirected) throw new Error("login");
    if (!response.ok) throw new Error("server");
    return (await response.json()).answers;
  };

  let sending = false;
  const send = async () => {
    const pending = read().filter((one) => !one.refused);
    if (sending || !pending.length || !navigator.onLine) return;
    sending = true;
    try {
      const answers = new Map((await post(pending)).map((one) => [one.key, one]));
      const left = read().flatMap((one) => {
        const said = answers.get(one.key);
        if (!said || said.again) return [one];
        return said.done ? [] : [{ ...one, refused: said.words }];
      });
      write(left);
      if ([...answers.values()].some((one) => one.done)) window.location.assign(window.location.pathname);
    } catch (error) {
      if (error.message === "login") answer.replaceChildren(note("warning", "box-arrow-in-right", box.dataset.textWaiting, box.dataset.textLogin));
    } finally {
      sending = false;
    }
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopPropagation();
    const code = form.elements.code.value.replace(/\s/g, "");
    if (!/^[0-9]{6}$/.test(code)) {
      form.elements.code.focus();
      return;
    }
    const entry = {
      key: newKey(),
      code,
      latitude: form.elements.latitude.value,
      longitude: form.elements.longitude.value,
      at: portalNow().toISOString(),
      page: box.dataset.page,
    };
    answer.replaceChildren();
    const button = form.querySelector("[type=submit]");
    button.disabled = true;
    try {
      const [said] = await post([{ ...entry, at: "" }]);
      if (said.done) {
        window.location.assign(window.location.pathname);
        return;
      }
      if (said.again) throw new Error("busy");
      answer.replaceChildren(note("danger", "x-octagon-fill", box.dataset.textFailed, said.words));
    } catch {
      /* No network, a busy portal or an ended session: it waits here under the same key, so that it counts once at most. */
      write([...read(), entry]);
    }
    button.disabled = false;
    form.elements.code.value = "";
  });

  show(read());
  send();
  window.addEventListener("online", send);
  window.setInterval(send, 15000);
})();
