// The figures of an exercise, fetched anew as time goes by; without this, one reloads the page.
const part = document.querySelector("[data-refresh]");
const every = Number(part?.dataset.refresh || 0) * 1000;

async function renew() {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById(part.id);
    if (fresh) part.replaceChildren(...fresh.childNodes);
  } catch {
    // Offline for a moment: the next turn comes.
  }
}

if (every) setInterval(renew, every);
