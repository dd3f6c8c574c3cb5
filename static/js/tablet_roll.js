/* The roll on a tablet: taps are kept on the device until they are saved, each with its time; undo, the rest at once, search.
   Without this file the form is sent as a whole. */
(() => {
  "use strict";
  const form = document.getElementById("tablet-roll");
  if (!form || !form.querySelector(".tablet-bar")) return;
  const store = `roll-${form.dataset.user}-${form.dataset.lesson}`;
  const lastSave = `${store}-saved`;
  const rows = new Map([...form.querySelectorAll("[data-person]")].map((row) => [row.dataset.person, row]));
  const state = form.querySelector("[data-roll-state]");
  const undo = form.querySelector("[data-roll-undo]");
  const rest = form.querySelector("[data-roll-rest]");
  const search = form.querySelector("[data-roll-search]");
  const reasonBox = form.querySelector("[data-roll-reason]");
  const answer = form.querySelector("[data-roll-answer]");
  const ahead = Number(form.dataset.now) - Date.now();
  const portalNow = () => new Date(Date.now() + ahead).toISOString();

  const read = (name, otherwise, where = localStorage) => {
    try {
      return JSON.parse(where.getItem(name)) || otherwise;
    } catch {
      return otherwise;
    }
  };
  const keep = (name, value, where = localStorage) => {
    try {
      if (value) where.setItem(name, JSON.stringify(value));
      else where.removeItem(name);
    } catch {
      /* A device that keeps nothing still saves at once. */
    }
  };

  /* marks: person -> {status, at}; waits: Save was pressed and there was no network; reason as typed then. */
  let draft = read(store, { marks: {}, waits: false, reason: "" });
  Object.keys(draft.marks).forEach((person) => { if (!rows.has(person)) delete draft.marks[person]; });
  let steps = [];

  const chosen = (row) => (row.querySelector("input:checked") || { value: "" }).value;
  const choose = (row, status) => {
    row.querySelectorAll("input").forEach((radio) => { radio.checked = radio.value === status; });
  };
  const show = () => {
    rows.forEach((row, person) => row.classList.toggle("is-changed", person in draft.marks));
    const number = Object.keys(draft.marks).length;
    state.classList.toggle("is-waiting", draft.waits && number > 0);
    state.textContent = number ? `${draft.waits ? form.dataset.textWaiting : form.dataset.textUnsaved} · ${number}` : form.dataset.textSaved;
    undo.disabled = !steps.length && !read(lastSave, null, sessionStorage);
    keep(store, number ? draft : null);
  };
  /* One step is what one tap changed: [person, the status before, the draft before]. */
  const change = (people, status) => {
    const at = portalNow();
    steps.push(people.map(([person, before]) => [person, before, draft.marks[person]]));
    people.forEach(([person]) => {
      choose(rows.get(person), status);
      draft.marks[person] = { status, at };
    });
    draft.waits = false;
    show();
  };

  const before = new Map();
  rows.forEach((row, person) => {
    const kept = draft.marks[person];
    if (kept) choose(row, kept.status);
    /* An approved leave is chosen beforehand: it is saved with the rest. */
    else if (!row.dataset.stored && chosen(row)) draft.marks[person] = { status: chosen(row), at: portalNow() };
    before.set(person, chosen(row));
    row.addEventListener("change", (event) => {
      change([[person, before.get(person)]], event.target.value);
      before.set(person, event.target.value);
    });
  });

  rest.hidden = undo.hidden = search.hidden = false;
  rest.addEventListener("click", () => {
    const people = [...rows].filter(([, row]) => !chosen(row)).map(([person]) => [person, ""]);
    if (!people.length) return;
    change(people, "present");
    people.forEach(([person]) => before.set(person, "present"));
  });
  undo.addEventListener("click", () => {
    const step = steps.pop();
    if (step) {
      step.forEach(([person, status, kept]) => {
        choose(rows.get(person), status);
        before.set(person, status);
        if (kept) draft.marks[person] = kept;
        else delete draft.marks[person];
      });
    } else {
      /* What was saved stands in the record: undoing it means to enter again what was there before. */
      const at = portalNow();
      (read(lastSave, [], sessionStorage)).forEach(([person, status]) => {
        if (!rows.has(person) || !status) return;
        choose(rows.get(person), status);
        before.set(person, status);
        draft.marks[person] = { status, at };
      });
      keep(lastSave, null, sessionStorage);
    }
    draft.waits = false;
    show();
  });
  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLowerCase();
    rows.forEach((row) => { row.hidden = !row.dataset.name.toLowerCase().includes(wanted); });
  });

  const say = (tone, words) => {
    answer.replaceChildren();
    if (!words) return;
    const note = document.createElement("div");
    note.className = `note note-${tone}`;
    const text = document.createElement("div");
    text.className = "note-text";
    text.textContent = words;
    note.append(text);
    answer.append(note);
  };

  let sending = false;
  const save = async () => {
    const people = Object.entries(draft.marks);
    if (sending || !people.length) return;
    sending = true;
    const marks = people.map(([person, { status, at }]) => ({ person: Number(person), status, at }));
    try {
      const response = await fetch(form.dataset.url, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
        body: JSON.stringify({ reason: draft.reason, marks }),
      });
      if (response.redirected) {
        say("warning", form.dataset.textLogin);
      } else if (response.ok) {
        const changed = people.map(([person]) => [person, rows.get(person).dataset.stored]).filter(([, status]) => status);
        keep(lastSave, changed.length ? changed : null, sessionStorage);
        keep(store, null);
        window.location.reload();
        return;
      } else {
        draft.waits = false;
        const refusal = response.status === 409 || response.status === 503 ? await response.json() : { words: form.dataset.textFailed };
        if (refusal.code === "reason_missing") {
          reasonBox.hidden = false;
          form.elements.reason.focus();
        }
        say("danger", refusal.words);
      }
    } catch {
      draft.waits = true;
    }
    sending = false;
    show();
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    draft.reason = form.elements.reason.value;
    say("", "");
    save();
  });
  const resend = () => { if (draft.waits && navigator.onLine) save(); };
  window.addEventListener("online", resend);
  window.setInterval(resend, 15000);
  if (draft.reason) form.elements.reason.value = draft.reason;
  show();
  resend();
})();
