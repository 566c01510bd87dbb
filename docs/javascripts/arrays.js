// The arrays of a track as grids of numbers, one grid for each channel, and the legend of their colours.

import { element, number } from "./elements.js";

/** The grids of one track; their cells are filled, marked and asked for, but never computed. */
export class Arrays {
  constructor(track) {
    this.track = track;
    this.byName = new Map(track.arrays.map((array) => [array.name, array]));
    this.scales = scales(track.arrays);
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
    const roles = [...this.scales].map(([role, scale]) => roleOfLegend(role, scale));
    const padded = this.track.arrays.some((array) => array.padding?.length);
    const signs = [
      ["read", "read"],
      ["written", "written"],
      ...(padded ? [["padding", "padding"]] : []),
    ].map(([name, text]) => element("li", {}, element("span", { class: `sign ${name}` }), text));
    return element("ul", { class: "legend", "aria-label": "Legend" }, ...roles, ...signs);
  }

  #mark(name, indices, style) {
    for (const index of indices) this.cells.get(name)[index].classList.add(style);
  }

  #show(cell, name, value) {
    cell.textContent = number(value);
    cell.dataset.value = value;
    cell.classList.remove("empty");
    cell.classList.toggle("negative", value < 0);
    cell.style.setProperty("--strength", Math.abs(value) / (this.scales.get(this.role(name)).largest || 1));
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
    const grids = planes(array.shape, array.name).map(({ label, rows }) => {
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
export function writtenCells(steps) {
  return new Set(steps.flatMap(({ target: [name, indices] }) => indices.map((index) => `${name} ${index}`)));
}

/** Return each role's largest magnitude, and whether it goes below zero: one scale for one role. */
function scales(arrays) {
  const found = new Map();
  for (const { role, values } of arrays) {
    const scale = found.get(role) ?? { largest: 0, negative: false };
    for (const value of values) {
      scale.largest = Math.max(scale.largest, Math.abs(value));
      scale.negative ||= value < 0;
    }
    found.set(role, scale);
  }
  return found;
}

function roleOfLegend(role, { largest, negative }) {
  const bar = element("span", { class: negative ? "scale signed" : "scale" });
  const low = number(negative ? -largest : 0);
  const name = element("span", { class: "name" }, role);
  return element("li", { class: role }, name, " ", low, bar, number(largest));
}

/** Cut an array into planes of rows and columns; filters are [h, w, c, f], images [n, h, w, c] or [h, w, c]. */
function planes(shape, name) {
  if (shape.length === 1) return [plane("", 1, shape[0], (_, column) => column)];
  if (shape.length === 2) return [plane("", ...shape, (row, column) => row * shape[1] + column)];
  const filters = shape.length === 4 && name.includes("weight");
  const [n, h, w, c, f] = filters ? [1, ...shape] : [...(shape.length === 3 ? [1] : []), ...shape, 1];
  const found = [];
  for (let sample = 0; sample < n; sample++) {
    for (let filter = 0; filter < f; filter++) {
      for (let channel = 0; channel < c; channel++) {
        const names = [
          n > 1 && `sample ${sample}`,
          f > 1 && `filter ${filter}`,
          c > 1 && `channel ${channel}`,
        ];
        const flat = (row, column) => (((sample * h + row) * w + column) * c + channel) * f + filter;
        found.push(plane(names.filter(Boolean).join(", "), h, w, flat));
      }
    }
  }
  return found;
}

function plane(label, height, width, flat) {
  const count = (length) => Array.from({ length }, (_, index) => index);
  return { label, rows: count(height).map((row) => count(width).map((column) => flat(row, column))) };
}
