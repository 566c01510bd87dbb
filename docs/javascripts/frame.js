// What Material leaves out for those who use a keyboard or a screen reader, or print a page.

/** Let the keyboard reach formulas, tables and code that are wider than their box, and only these. */
function reachWide() {
  for (const box of document.querySelectorAll(".md-content :is(math, .md-typeset__scrollwrap, .highlight code)")) {
    if (box.scrollWidth > box.clientWidth) box.setAttribute("tabindex", "0");
    else box.removeAttribute("tabindex");
  }
}

document$.subscribe(() => {
  document.querySelector(".md-search")?.setAttribute("aria-label", "Search");
  for (const box of document.querySelectorAll(".md-code__nav, .md-nav--secondary .md-nav")) {
    box.role = "none"; // no landmark: the box of one button, and a part of the table of contents
    box.removeAttribute("aria-label");
  }
  reachWide();
});
addEventListener("resize", reachWide);
addEventListener("toggle", reachWide, { capture: true }); // a derivation or a docstring is unfolded

// Paper is white: a page of the dark theme prints in the light one.
let scheme;
addEventListener("beforeprint", () => {
  scheme = document.body.dataset.mdColorScheme;
  document.body.dataset.mdColorScheme = "default";
});
addEventListener("afterprint", () => {
  document.body.dataset.mdColorScheme = scheme;
});
