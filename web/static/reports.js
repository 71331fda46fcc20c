// While a report is being made, looks every two seconds how far it is; when one is ready, the page
// is loaded anew. Without it there is a link that does the same.
const waiting = [...document.querySelectorAll("[data-report]")];

async function look() {
  const answer = await fetch("/digisnap/reports", { headers: { accept: "application/json" } });
  if (!answer.ok) return;
  const reports = await answer.json();
  for (const place of waiting) {
    const [counted, all, ready] = reports[place.dataset.report] ?? [0, 0, false];
    if (ready) {
      window.location.assign("/digisnap#archive");
      window.location.reload();
      return;
    }
    if (all) place.textContent = place.textContent.replace(/\d+(?=\D+\d+\D*$)/, String(counted));
  }
}

window.setInterval(look, 2000);
