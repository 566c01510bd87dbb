// <curve-slider curve="leaky-relu">: curves that depend on one number, at the recorded values of that number.

import { Widget, element, number } from "./elements.js";

const WIDTHS = [280, 780]; // of the picture, as wide as the widget if it can: its numbers keep their size
const HEIGHT = 320; // as in widgets.css
const MARGIN = { left: 56, right: 16, top: 12, bottom: 50 };

class CurveSlider extends Widget {
  get file() {
    return `built/curves/${this.getAttribute("curve")}.json`;
  }

  draw(curve) {
    this.curve = curve;
    const { values } = curve.parameter;
    this.slider = element("input", {
      type: "range",
      min: "0",
      max: values.length - 1,
      value: Math.floor(values.length / 2),
      input: () => this.#show(Number(this.slider.value)),
    });
    this.output = element("output");
    const label = element("label", {}, `${curve.parameter.name} `, this.slider, this.output);
    const { paddingLeft, paddingRight } = getComputedStyle(this);
    const picture = this.#picture(this.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight));
    const plot = element("div", { class: "plot" }, picture);
    this.replaceChildren(
      element("p", { class: "title" }, curve.title),
      plot,
      element("div", { class: "controls" }, label),
      this.#legend(),
    );
    this.#show(Math.floor(values.length / 2));
  }

  #show(index) {
    const value = number(this.curve.parameter.values[index]);
    this.dataset.index = index;
    this.output.textContent = value;
    this.slider.setAttribute("aria-valuetext", value);
    this.curve.lines.forEach(({ y }, line) => this.paths[line].setAttribute("d", this.#path(y[index])));
  }

  #path(y) {
    let command = "M";
    return this.curve.x
      .map((x, index) => {
        if (y[index] === null) {
          command = "M"; // a gap: nothing was recorded here
          return "";
        }
        const point = `${command}${this.across(x).toFixed(1)} ${this.up(y[index]).toFixed(1)}`;
        command = "L";
        return point;
      })
      .join("");
  }

  #picture(room) {
    const { x, lines, title } = this.curve;
    const wide = Math.min(Math.max(room, WIDTHS[0]), WIDTHS[1]);
    const heights = lines.flatMap(({ y }) => y.flat()).filter((value) => value !== null);
    const xTicks = ticks(Math.min(...x), Math.max(...x));
    const yTicks = ticks(Math.min(...heights), Math.max(...heights));
    this.across = scale([Math.min(...x), Math.max(...x)], [MARGIN.left, wide - MARGIN.right]);
    this.up = scale([yTicks[0], yTicks.at(-1)], [HEIGHT - MARGIN.bottom, MARGIN.top]);
    const names = lines.map(({ name }) => name).join(", ");
    const picture = svg("svg", { viewBox: `0 0 ${wide} ${HEIGHT}`, role: "img", "aria-label": `${title}: ${names}` });
    const [left, right, top, bottom] = [MARGIN.left, wide - MARGIN.right, MARGIN.top, HEIGHT - MARGIN.bottom];
    for (const value of yTicks) {
      const y = this.up(value);
      picture.append(svg("line", { class: value ? "grid" : "zero", x1: left, x2: right, y1: y, y2: y }));
      picture.append(svg("text", { x: left - 8, y: y + 5, "text-anchor": "end" }, number(value)));
    }
    for (const value of xTicks.filter((tick) => tick >= x[0] && tick <= x.at(-1))) {
      const across = this.across(value);
      picture.append(svg("line", { class: value ? "grid" : "zero", x1: across, x2: across, y1: top, y2: bottom }));
      picture.append(svg("text", { x: across, y: bottom + 24, "text-anchor": "middle" }, number(value)));
    }
    const name = { x: (left + right) / 2, y: HEIGHT - 6, "text-anchor": "middle" };
    picture.append(svg("text", name, this.curve.x_label ?? "x"));
    this.paths = lines.map(({ role }) => svg("path", { class: `line ${role}` }));
    picture.append(...this.paths);
    return picture;
  }

  #legend() {
    const entries = this.curve.lines.map(({ name, role }) => {
      const sample = svg("svg", { viewBox: "0 0 36 8", class: "sample", "aria-hidden": "true" });
      sample.append(svg("path", { class: `line ${role}`, d: "M0 4H36" }));
      return element("li", {}, element("span", {}, sample, name));
    });
    return element("ul", { class: "legend", "aria-label": "Legend" }, ...entries);
  }
}

/** Return round numbers from at or below the lowest to at or above the highest. */
function ticks(lowest, highest) {
  const rough = (highest - lowest || 1) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const first = Math.floor(lowest / step + 1e-9);
  const last = Math.ceil(highest / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}

function scale([low, high], [from, to]) {
  return (value) => from + ((value - low) / (high - low)) * (to - from);
}

function svg(name, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

customElements.define("curve-slider", CurveSlider);
