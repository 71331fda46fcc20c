// Checks a draft while somebody writes: the text goes to the check a moment after the last key, and
// what it says replaces the list below. Without this module the button “Check” does the same.

const PAUSE = 500;
const box = document.querySelector("textarea[data-check]");
const remarks = document.querySelector("#remarks");
const examples = document.querySelector("[data-examples]");
const gaps = document.querySelector("[data-gaps]");
const difference = document.querySelector("[data-difference]");

/** An element with a text and what stands in it. */
function make(tag, values = {}, ...parts) {
  const found = Object.assign(document.createElement(tag), values);
  found.append(...parts);
  return found;
}

/** Puts the cursor at a line and column of the text, and shows it. */
function goTo(line, column) {
  const lines = box.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  const end = start + (lines[line - 1] ?? "").length;
  box.focus();
  box.setSelectionRange(Math.min(start + column - 1, end), end);
  const height = parseFloat(getComputedStyle(box).lineHeight);
  box.scrollTop = Math.max(0, (line - 5) * height);
}

function showRemarks(found) {
  const wrong = found.remarks.some((one) => one.severity === "error");
  const list = make("ul", { className: "plain remarks" });
  for (const one of found.remarks) {
    const place = make("code", {}, `${one.file}:${one.line}:${one.column}`);
    const here = one.file === `${box.dataset.name}.yaml`;
    const link = here ? make("a", { href: `#line-${one.line}` }, place) : place;
    if (here) Object.assign(link.dataset, { line: one.line, column: one.column });
    const kind = make("strong", { className: one.severity === "error" ? "bad" : "" },
      remarks.dataset[one.severity]);
    list.append(make("li", {}, link, " ", kind, ": ", make("span", { lang: "en" }, one.message)));
  }
  const sum = make("p", { className: wrong ? "bad" : "good" },
    wrong ? remarks.dataset.bad : remarks.dataset.good);
  remarks.querySelector("[data-live]").replaceChildren(sum, list);
  box.closest(".field").classList.toggle("wrong", wrong);
}

function showExamples(found) {
  if (!examples) return;
  const said = examples.dataset;
  const words = wordsOf(said.outcomes);
  const shown = found.examples.map((one) => {
    const sign = make("span", { className: one.as_expected ? "good" : "bad" },
      one.as_expected ? `✓ ${said.good}` : `✗ ${said.bad}`);
    const list = make("dl", { className: "pairs" });
    const whole = typeof one.expected === "string";
    if (whole) {
      list.append(make("dt", {}, said.expected), make("dd", {}, words[one.expected] ?? one.expected),
        make("dt", {}, said.found), make("dd", {}, words[one.outcome] ?? "–"));
    }
    for (const [name, outcome] of Object.entries(one.findings)) {
      const wanted = whole ? undefined : one.expected[name];
      list.append(make("dt", {}, make("code", {}, name)),
        make("dd", {}, `${said.found}: ${words[outcome]}` + (wanted ? `; ${said.expected}: ${words[wanted]}` : "")));
    }
    return make("details", { className: "card", open: !one.as_expected },
      make("summary", {}, sign, " ", make("span", { lang: "en" }, one.name)),
      make("p", { className: "bad", lang: "en" }, one.trouble), list);
  });
  examples.replaceChildren(...(shown.length ? shown : [make("p", { className: "soft" }, said.none)]));
}

/** What “key=word;key=word;” says. */
function wordsOf(text) {
  return Object.fromEntries(text.split(";").filter(Boolean).map((one) => one.split("=")));
}

function showGaps(found) {
  const said = gaps.dataset;
  const tongues = wordsOf(said.tongues), places = wordsOf(said.areas);
  const lines = found.gaps.map((one) => {
    const words = {
      tongue: tongues[one.language], instead: tongues[one.instead] ?? one.instead,
      areas: one.areas.map((code) => places[code] ?? code).join(", ") || said.nobody,
    };
    const sentence = said.gap.replace(/{(\w+)}/g, (_whole, name) => words[name]);
    return make("li", {}, make("code", {}, one.path),
      ` (${said.line.replace("{number}", one.line)}): ${sentence}`);
  });
  gaps.replaceChildren(lines.length ? make("ul", { className: "card plain" }, ...lines)
    : make("p", { className: "good" }, said.good));
}

if (box) {
  let timer, last;
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      last?.abort();
      last = new AbortController();
      try {
        const answer = await fetch(box.dataset.check, {
          method: "POST", signal: last.signal, headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ kind: box.dataset.kind, name: box.dataset.name, text: box.value }),
        });
        if (!answer.ok) return;
        const found = await answer.json();
        showRemarks(found);
        showExamples(found);
        showGaps(found);
        // The difference is made by the page: what it shows is not of this text any more.
        difference.replaceChildren(make("p", { className: "soft" }, difference.dataset.difference));
      } catch (error) {
        if (error.name !== "AbortError") throw error;
      }
    }, PAUSE);
  });
  remarks.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-line]");
    if (!link) return;
    event.preventDefault();
    goTo(Number(link.dataset.line), Number(link.dataset.column));
  });
}
