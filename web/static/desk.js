// Small comforts of the desk. Everything works without them.

// What was refused, or found wrong, is read first.
document.querySelector("[data-focus]")?.focus();

// How long a step can still be taken back.
for (const form of document.querySelectorAll("form.undo[data-seconds]")) {
  const place = form.querySelector("[data-left]");
  const end = performance.now() + Number(form.dataset.seconds) * 1000;
  const tick = () => {
    const left = Math.ceil((end - performance.now()) / 1000);
    if (left <= 0) {
      form.remove();
      return;
    }
    place.textContent = `(${place.dataset.left.replace("{seconds}", left)})`;
    setTimeout(tick, 1000);
  };
  tick();
}

// Single keys: never while somebody types or a menu is open, and they can be switched off.
const help = document.querySelector("[data-keys]");
if (help) {
  const NAME = "keurmerk-keys";
  const lines = [...document.querySelectorAll("[data-line]")];
  const label = document.createElement("label");
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = localStorage.getItem(NAME) !== "off";
  box.addEventListener("change", () => localStorage.setItem(NAME, box.checked ? "on" : "off"));
  const row = document.createElement("p");
  row.className = "option";
  box.id = "keys-on";
  label.htmlFor = box.id;
  label.textContent = help.dataset.keys;
  row.append(box, label);
  help.append(row);

  const typing = (target) =>
    target.isContentEditable ||
    target.matches("textarea, select, input:not([type=checkbox]):not([type=radio])");
  const step = (by) => {
    const here = lines.findIndex((one) => one.closest("tr").contains(document.activeElement));
    const next = here < 0 ? (by > 0 ? 0 : lines.length - 1) : here + by;
    lines[Math.min(Math.max(next, 0), lines.length - 1)]?.focus();
  };
  document.addEventListener("keydown", (event) => {
    const plain = !(event.ctrlKey || event.metaKey || event.altKey || event.isComposing);
    if (!plain || !box.checked || event.defaultPrevented || typing(event.target)) return;
    const act = {
      j: () => step(1),
      k: () => step(-1),
      x: () => document.activeElement.closest("tr")?.querySelector("[type=checkbox]")?.click(),
      "/": () => {
        const search = document.querySelector("input[type=search]");
        search.closest("details").open = true;
        search.focus();
      },
      "?": () => {
        help.open = !help.open;
        help.querySelector("summary").focus();
      },
    }[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  });
}
