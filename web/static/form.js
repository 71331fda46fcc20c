// The form of a case, better with a script: it saves by itself a moment after typing, counts
// characters as the server does, and uploads files with progress. Without it the buttons do it all.
import "./focus.js";

const form = document.querySelector("[data-form]");
const status = form.querySelector("[data-status]");
const words = form.dataset;
const PAUSE = 1500, AGAIN = 10000;

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_all, name) => values[name]);

// -- counting ---------------------------------------------------------------------------------

// As workflows/form.py counts: composed, a line end is one character, then code points.
const length = (text) => [...text.replace(/\r\n?/g, "\n").normalize("NFC")].length;

function count(box) {
  const most = Number(box.dataset.most);
  const hint = form.querySelector(`[data-count-of="${CSS.escape(box.id)}"]`);
  const number = length(box.value);
  hint.textContent = number > most
    ? fill(words.over, { number: number - most })
    : fill(words.count, { number, most });
  hint.classList.toggle("error", number > most);
}

const boxes = [...form.querySelectorAll("textarea[data-most]")];
boxes.forEach((box) => {
  count(box);
  box.addEventListener("input", () => count(box));
});

// -- saving -----------------------------------------------------------------------------------

let timer = 0, saving = null, changed = false, leaving = false;

function tell(text, wrong = false) {
  status.textContent = text;
  status.classList.toggle("error", wrong);
}

function typed() {
  const sent = new FormData(form);
  for (const name of [...sent.keys()]) {
    if (/^(file|link|keep)\.|^(go|add|remove)$/.test(name)) sent.delete(name);
  }
  return sent;
}

async function save() {
  if (saving) return saving;
  saving = (async () => {
    changed = false;
    tell(words.saving);
    let answer;
    try {
      answer = await fetch(form.action, {
        method: "POST", body: typed(), headers: { accept: "application/json" },
      });
      if (answer.status === 401) return later(words.signedOut);
      if (!answer.ok) return later((await answer.json()).error.message);
    } catch {
      return later(words.offline);
    }
    shown(await answer.json());
    return true;
  })();
  try {
    return await saving;
  } finally {
    saving = null;
    if (changed) soon();
  }
}

function later(message) {
  changed = true;
  tell(message, true);
  clearTimeout(timer);
  timer = setTimeout(save, AGAIN);
  return false;
}

function soon() {
  changed = true;
  clearTimeout(timer);
  timer = setTimeout(save, PAUSE);
}

function shown(done) {
  for (const [key, version] of Object.entries(done.versions)) {
    const seen = form.elements[`seen.${key}`];
    if (seen && !(key in done.overtaken)) seen.value = version;
  }
  for (const field of form.querySelectorAll("[data-answer]")) {
    const message = done.problems[field.dataset.answer] ?? done.overtaken[field.dataset.answer];
    mark(field, message ?? "");
  }
  missing(done.missing);
  const wrong = Object.keys(done.problems).length + Object.keys(done.overtaken).length > 0;
  if (wrong) tell(words.notSaved, true);
  else if (done.saved_at) tell(fill(words.savedAt, { time: done.saved_at }));
}

function mark(field, message) {
  let line = field.querySelector("[data-told]");
  if (!line && message) {
    line = document.createElement("p");
    line.dataset.told = "";
    line.className = "error";
    field.append(line);
  }
  if (line) line.textContent = message;
}

function missing(sections) {
  for (const [section, number] of Object.entries(sections)) {
    const mark_ = document.querySelector(`[data-missing-of="${CSS.escape(section)}"]`);
    if (!mark_) continue;
    mark_.textContent = number
      ? fill(mark_.dataset.missing, { number }) : `✓ ${mark_.dataset.done}`;
  }
}

const choosing = form.querySelector("[name=choosing]") !== null;
if (!choosing) {
  form.addEventListener("input", (event) => {
    if (event.target.name?.startsWith("answer.")) soon();
  });
  form.addEventListener("focusout", () => changed && !saving && save());
}
form.addEventListener("submit", () => { leaving = true; });
window.addEventListener("beforeunload", (event) => {
  if (changed && !leaving) event.preventDefault();
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden" && changed) save();
});

// -- files ------------------------------------------------------------------------------------

function upload(input) {
  const place = input.closest("[data-evidence]"), key = place.dataset.evidence;
  const file = input.files[0];
  if (!file) return;
  if (file.size > Number(input.dataset.most)) {
    mark(place, words.tooLarge);
    input.value = "";
    return;
  }
  const bar = place.querySelector("[data-progress]");
  const sent = new FormData();
  sent.append(input.name, file);
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.setRequestHeader("accept", "application/json");
  request.responseType = "json";
  bar.hidden = false;
  const progress = (share) => {
    bar.querySelector("progress").value = share;
    bar.querySelector("[role=status]").textContent =
      fill(words.upload, { number: Math.round(share), name: file.name });
  };
  progress(0);
  request.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) progress((100 * event.loaded) / event.total);
  });
  request.addEventListener("load", async () => {
    bar.hidden = true;
    input.value = "";
    const done = request.response;
    if (request.status === 401) return mark(place, words.signedOut);
    if (request.status >= 400) return mark(place, done?.error?.message ?? words.offline);
    if (done.problems[key]) return mark(place, done.problems[key]);
    missing(done.missing);
    await renew(key);
  });
  request.addEventListener("error", () => {
    bar.hidden = true;
    mark(place, words.offline);
  });
  request.send(sent);
}

// The list of files as the server shows it.
async function renew(key) {
  const answer = await fetch(location.pathname);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const which = `[data-evidence="${CSS.escape(key)}"]`;
  const fresh = page.querySelector(which);
  document.querySelector(which).replaceWith(fresh);
  watch(fresh);
  fresh.focus();
}

function watch(place) {
  place.querySelectorAll("input[type=file]").forEach((input) => {
    input.addEventListener("change", () => upload(input));
  });
}

form.querySelectorAll("[data-evidence]").forEach(watch);
