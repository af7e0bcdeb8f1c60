// Before the first paint: the theme that was chosen, if any.
const chosen = localStorage.getItem("pageglass.theme");
if (chosen) document.documentElement.dataset.theme = chosen;
