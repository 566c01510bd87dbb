// The arrays of a track as grids of numbers, one grid for each channel, and the legend of their colours.
// lessons/kit/outlines.py writes the same elements, empty, into the page: they keep the room until these are drawn.

import { element, number } from "./elements.js";

const WEAKEST = 0.2; // share of the full colour in the smallest number: it is told from zero at a glance

/** The grids of one track; their cells are filled, marked and asked for, but never computed. */
export class Arrays {
  constructor(track) {
    this.track = track;
    this.byName = new Map(track.arrays.map((array) => [array.name, array]));
    this.ranges = new Map(track.arrays.map(({ name, values }) => [name, range(values)]));
    this.cells = new Map();
    this.grids = element("div", { class: "arrays" }, ...track.arrays.map((array) => this.#figure(array)));
  }

  role(name) {
    return this.byName.get(name).role;
  }

  /** Show every array; one that is filled step by step shows only what the first `count` steps wrote. */
  fill(count) {
    const written = writtenCells(this.track.steps.slice(0, count));
    for (const [name, cells] of this.cells) {
      const { hidden, values } = this.byName.get(name);
      cells.forEach((cell, index) => {
        if (hidden && !written.has(`${name} ${index}`)) this.#empty(cell);
        else this.#show(cell, name, values[index]);
      });
    }
  }

  /** Mark the cells that a step writes, and those that it reads. */
  mark({ target, cells }) {
    for (const cell of [...this.cells.values()].flat()) cell.classList.remove("read", "written");
    for (const [name, indices] of cells) this.#mark(name, indices, "read");
    this.#mark(...target, "written");
  }

  /** Put a question mark into one cell. */
  ask(name, index) {
    this.#empty(this.cells.get(name)[index]);
    this.cells.get(name)[index].textContent = "?";
  }

  legend() {
    const { arrays } = this.track;
    const roles = [...new Set(arrays.map(({ role }) => role))].map((role) => {
      const names = arrays.filter((array) => array.role === role).map(({ name }) => name);
      const ranges = names.map((name) => rangeOfLegend(name, this.ranges.get(name)));
      return element("li", { class: role }, element("span", { class: "name" }, role), ...ranges);
    });
    const padded = arrays.some(({ padding }) => padding.length);
    const signs = ["read", "written", ...(padded ? ["padding"] : [])].map((name) =>
      element("span", {}, element("span", { class: `sign ${name}` }), name),
    );
    return element("ul", { class: "legend", "aria-label": "Legend" }, ...roles, element("li", {}, ...signs));
  }

  #mark(name, indices, style) {
    for (const index of indices) this.cells.get(name)[index].classList.add(style);
  }

  #show(cell, name, value) {
    cell.textContent = number(value);
    cell.dataset.value = value;
    cell.classList.remove("empty");
    cell.classList.toggle("negative", value < 0);
    cell.style.setProperty("--strength", strength(value, this.ranges.get(name)));
  }

  #empty(cell) {
    cell.textContent = "";
    delete cell.dataset.value;
    cell.classList.remove("negative");
    cell.classList.add("empty");
  }

  #figure(array) {
    const cells = [];
    const padding = new Set(array.padding);
    const width = Math.max(...array.values.map((value) => number(value).length));
    const grids = array.planes.map(({ label, rows }) => {
      const table = element("div", { role: "table", "aria-label": [array.label, label].join(" ").trim() });
      for (const row of rows) {
        const nodes = row.map((index) => {
          const style = padding.has(index) ? "cell padding" : "cell";
          cells[index] = element("span", { role: "cell", class: style, "data-index": index });
          return cells[index];
        });
        table.append(element("div", { role: "row" }, ...nodes));
      }
      return element("div", {}, table, ...(label ? [element("p", { class: "plane" }, label)] : []));
    });
    this.cells.set(array.name, cells);
    const shape = element("span", { class: "shape" }, `[${array.shape.join(", ")}]`);
    const caption = element("figcaption", {}, element("span", { class: "name" }, array.label), " ", shape);
    return element(
      "figure",
      {
        class: `array ${array.role}${array.shape.length <= 2 ? " wraps" : ""}`,
        "data-array": array.name,
        style: `--characters: ${width}`,
      },
      caption,
      element("div", { class: "planes" }, ...grids),
    );
  }
}

/** Return a set of "name index" for the cells that the steps write. */
function writtenCells(steps) {
  return new Set(steps.flatMap(({ target: [name, indices] }) => indices.map((index) => `${name} ${index}`)));
}

/** Return an array's smallest and largest number; zero lies between them. */
function range(values) {
  return [Math.min(0, ...values), Math.max(0, ...values)];
}

/** Return how much of its colour a number has: none for zero, all for the largest of its array. */
function strength(value, [low, high]) {
  return value && WEAKEST + ((1 - WEAKEST) * Math.abs(value)) / Math.max(-low, high);
}

function rangeOfLegend(name, range) {
  const [low, high] = range;
  const part = (sign, value) => {
    const node = element("span", { class: sign });
    node.style.setProperty("--strength", strength(value, range));
    return node;
  };
  const parts = [...(low ? [part("negative", low)] : []), element("span"), ...(high ? [part("positive", high)] : [])];
  return element(
    "span",
    { class: "range" },
    `${name} ${number(low)}`,
    element("span", { class: "scale" }, ...parts),
    number(high),
  );
}
