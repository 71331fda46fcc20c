// What went wrong is read first: the summary of a page that came back gets the focus.
document.querySelector("[data-focus]")?.focus();
