// What Material's own markup leaves out for those who use a keyboard or a screen reader.

/** Let the keyboard reach the formulas that are wider than their box, and only these. */
function reachFormulas() {
  for (const formula of document.querySelectorAll(".md-content math")) {
    if (formula.scrollWidth > formula.clientWidth) formula.setAttribute("tabindex", "0");
    else formula.removeAttribute("tabindex");
  }
}

document$.subscribe(() => {
  document.querySelector(".md-search")?.setAttribute("aria-label", "Search");
  reachFormulas();
});
addEventListener("resize", reachFormulas);
addEventListener("toggle", reachFormulas, { capture: true }); // a derivation is unfolded
