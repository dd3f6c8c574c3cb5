/* Behaviour that every page shares. Each page works without this file; it only makes things smoother. */
(() => {
  "use strict";
  const body = document.body;
  const language = document.documentElement.lang || "zh-Hans";
  const live = document.getElementById("live");

  /* Tell people who cannot see the page what changed; the same words are not said twice. */
  let lastSaid = "";
  const say = (text) => {
    if (!live || !text || text === lastSaid) return;
    lastSaid = text;
    live.textContent = text;
  };

  const showError = (text) => {
    const messages = document.getElementById("messages");
    if (!messages) return;
    messages.querySelectorAll("[data-script-note]").forEach((old) => old.remove());
    const note = document.createElement("div");
    note.className = "note note-danger";
    note.dataset.scriptNote = "";
    note.setAttribute("role", "alert");
    const mark = document.createElement("i");
    mark.className = "bi bi-x-octagon-fill";
    mark.setAttribute("aria-hidden", "true");
    const words = document.createElement("div");
    words.className = "note-text";
    words.textContent = text;
    const close = document.createElement("button");
    close.type = "button";
    close.className = "note-close";
    close.setAttribute("aria-label", body.dataset.closeText);
    close.innerHTML = '<i class="bi bi-x-lg" aria-hidden="true"></i>';
    close.addEventListener("click", () => note.remove());
    note.append(mark, words, close);
    messages.append(note);
    note.scrollIntoView({ block: "center" });
  };

  /* Menus are <details>: close on a click elsewhere and on Escape. */
  document.addEventListener("click", (event) => {
    document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  });

  /* The sheet with all pages on a phone; without this file the link leads to the same list in the footer. */
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open-dialog]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset.openDialog);
      if (dialog && dialog.showModal) {
        event.preventDefault();
        dialog.showModal();
      }
      return;
    }
    if (event.target instanceof HTMLDialogElement && event.target.classList.contains("sheet")) event.target.close();
  });

  /* A second press of the button sends nothing: the first one is on its way. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.hasAttribute("hx-post")) return;
    const question = (event.submitter && event.submitter.dataset.confirm) || form.dataset.confirm;
    if (question && !window.confirm(question)) {
      event.preventDefault();
      return;
    }
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    if (event.submitter) event.submitter.setAttribute("aria-busy", "true");
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => {
      delete form.dataset.sent;
      form.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
    });
  });

  /* A button with data-copy="<id>" copies the text of that field; without this file one selects it by hand. */
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const field = document.getElementById(button.dataset.copy);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      /* No clipboard for pages that came without TLS: the old way copies what is selected. */
      if (!document.execCommand("copy")) return;
    }
    button.querySelector("span").textContent = button.dataset.copied;
    say(button.dataset.copied);
  });

  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-autosubmit]");
    if (form) form.requestSubmit();
  });

  /* Times with data-relative also say how far off they are, in the words of the page's language. */
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const steps = [["day", 86400], ["hour", 3600], ["minute", 60]];
  const tellTimes = (root) => {
    root.querySelectorAll("time[data-relative]").forEach((time) => {
      const seconds = Math.round((Date.parse(time.dateTime) - Date.now()) / 1000);
      if (Number.isNaN(seconds)) return;
      const [unit, size] = steps.find(([, one]) => Math.abs(seconds) >= one) || ["minute", 60];
      let words = time.nextElementSibling;
      if (!words || !words.classList.contains("time-away")) {
        words = document.createElement("span");
        words.className = "time-away";
        time.after(words);
      }
      words.textContent = relative.format(Math.trunc(seconds / size), unit);
    });
  };
  window.setInterval(() => tellTimes(document), 30000);

  /* On a phone a table becomes cards: each cell carries its column's name, and keeps its meaning for screen readers. */
  const labelTables = (root) => {
    root.querySelectorAll("table.table-stack").forEach((table) => {
      const names = [...table.querySelectorAll("thead th")].map((head) => head.textContent.trim());
      table.setAttribute("role", "table");
      table.querySelectorAll("thead, tbody, tfoot").forEach((part) => part.setAttribute("role", "rowgroup"));
      table.querySelectorAll("tr").forEach((row) => {
        row.setAttribute("role", "row");
        [...row.cells].forEach((cell, index) => {
          const heads = cell.tagName === "TH";
          cell.setAttribute("role", heads ? (cell.scope === "row" ? "rowheader" : "columnheader") : "cell");
          if (!heads && !cell.dataset.label && names[index]) cell.dataset.label = names[index];
        });
      });
    });
  };

  /* Filters stand open where there is room for them. */
  const openFilters = (root) => {
    if (!window.matchMedia("(min-width: 768px)").matches) return;
    root.querySelectorAll("details[data-open-wide]").forEach((one) => { one.open = true; });
  };

  const enhance = (root) => {
    tellTimes(root);
    labelTables(root);
    openFilters(root);
    root.querySelectorAll("[data-copy][hidden]").forEach((button) => { button.hidden = false; });
    const focus = root.matches && root.matches("[data-autofocus]") ? root : root.querySelector("[data-autofocus]");
    if (focus) focus.focus();
  };
  enhance(document);

  /* htmx */
  body.addEventListener("htmx:load", (event) => {
    const fresh = event.detail.elt;
    if (fresh === body) return;
    enhance(fresh.parentElement && fresh.matches("table, tr, tbody") ? fresh.parentElement : fresh);
    const words = fresh.dataset.announce || (fresh.querySelector("[data-announce]") || { dataset: {} }).dataset.announce;
    say(words);
  });
  body.addEventListener("htmx:beforeSwap", (event) => {
    /* The session ended meanwhile: show the log-in page as a page, not inside a card. */
    const login = body.dataset.loginUrl;
    const address = event.detail.xhr.responseURL;
    if (login && address && new URL(address).pathname === login && window.location.pathname !== login) {
      event.detail.shouldSwap = false;
      window.location.assign(`${login}?next=${encodeURIComponent(window.location.pathname + window.location.search)}`);
      return;
    }
    /* A refusal comes as a fragment and is shown in place; a whole error page is not. */
    const answer = event.detail.serverResponse || "";
    if (event.detail.xhr.status >= 400 && answer.trim() && !/^\s*<!doctype/i.test(answer)) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });
  body.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    showError(status === 403 || status === 404 ? body.dataset.deniedText : body.dataset.errorText);
  });
  body.addEventListener("htmx:sendError", () => showError(body.dataset.offlineText));
})();
