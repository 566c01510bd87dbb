// The source that a trace was recorded from, with the line of the current step highlighted.

import { element } from "./elements.js";

export class CodePanel {
  constructor() {
    this.name = element("p", { class: "object" });
    this.lines = element("code");
    // No <pre>: Material adds its copy button to each `pre > code` that it finds.
    this.scroller = element("div", { class: "code", tabindex: "0", role: "group" }, this.lines);
    this.node = element("div", { class: "source" }, this.name, this.scroller);
  }

  show({ object, lines }) {
    const indent = Math.min(...lines.filter((line) => line.trim()).map((line) => line.search(/\S/)));
    this.name.textContent = object;
    this.scroller.setAttribute("aria-label", `Source of ${object}`);
    this.lines.replaceChildren(
      ...lines.map((line) => {
        const depth = Math.max(line.search(/\S/) - indent, 0);
        return element("span", { class: "line", style: `--depth: ${depth}` }, ...breakable(line.slice(indent)), "\n");
      }),
    );
  }

  /** Highlight one line, and bring it into the panel's view without moving the page. */
  light(index) {
    for (const line of this.lines.children) {
      line.classList.remove("lit");
      line.removeAttribute("aria-current");
    }
    const line = this.lines.children[index];
    line.classList.add("lit");
    line.setAttribute("aria-current", "step");
    this.scroller.scrollTop = line.offsetTop - (this.scroller.clientHeight - line.offsetHeight) / 2;
  }
}

/** Let a long line of code break after dots, commas and opening brackets too. */
function breakable(code) {
  return code.split(/(?<=[.,(\[])/).flatMap((part, index) => (index ? [element("wbr"), part] : [part]));
}
