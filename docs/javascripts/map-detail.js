// One feature map, large: the number that is looked at, the region of the input that it depends on, and the
// filter that made the map.

import { element, number } from "./elements.js";
import { cellUnder } from "./layer-rows.js";
import { paint, paintInput, planeOf, reach, strongest, valueAt } from "./pictures.js";

const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export class MapDetail {
  constructor(network) {
    this.network = network;
    this.title = element("p", { class: "title" });
    this.picture = marked();
    this.map = marked();
    Object.assign(this.map.node, { tabIndex: 0, onkeydown: this.#move, onpointermove: this.#point });
    this.map.node.setAttribute("role", "group");
    this.tiles = element("div", { class: "tiles" });
    this.scales = { map: colourScale(), picture: colourScale(), filter: colourScale() };
    this.looksAt = element("figcaption");
    this.value = element("figcaption");
    this.filter = element("figcaption");
    this.node = element(
      "div",
      { class: "detail", hidden: "" },
      this.title,
      element("figure", {}, this.map.node, this.scales.map.node, this.value),
      element("figure", {}, this.picture.node, this.scales.picture.node, this.looksAt),
      element("figure", { class: "filter" }, this.tiles, this.scales.filter.node, this.filter),
    );
  }

  /** Show a map and one of its numbers: that of the cell, or without a cell the number farthest from zero. */
  show(step, channel, activations, palette, cell = null) {
    if (palette !== this.palette) this.filterShown = null;
    Object.assign(this, { step, channel, palette });
    this.node.hidden = false;
    this.value.setAttribute("aria-live", "off"); // while somebody draws it changes all the time
    const image = step.shape.length === 3;
    this.title.textContent = image ? `${step.name}, map ${channel + 1} of ${step.shape[2]}` : step.name;
    this.map.node.setAttribute("aria-label", `${this.title.textContent}: arrow keys choose a number`);
    this.plane = planeOf(activations.get(step.index), channel);
    paint(this.map.canvas, this.plane, palette[step.role]);
    this.scales.map.show(step.role, reach(this.plane));
    const input = activations.get(-1);
    paintInput(this.picture.canvas, input, palette.input);
    this.scales.picture.show("input", input.shape[2] === 3 ? 0 : reach(planeOf(input, 0)));
    this.#look(cell ?? strongest(this.plane));
  }

  /** Draw the same map again, with other activations or colours. */
  refresh(activations, palette) {
    if (this.step) this.show(this.step, this.channel, activations, palette, this.cell);
  }

  #look(cell) {
    const value = valueAt(this.plane, cell);
    if (Number.isNaN(value)) return;
    this.cell = cell;
    const image = this.step.shape.length === 3;
    const [row, column] = cell;
    this.map.mark(row, row, column, column, this.plane);
    const region = this.network.region(this.step.index, image ? cell : null);
    const [h, w] = this.network.input_shape;
    this.picture.mark(...region, { rows: h, columns: w });
    const where = image ? `row ${row}, column ${column}` : `number ${row * this.plane.columns + column}`;
    this.value.textContent = `${where}: ${number(value)}`;
    const [top, bottom, left, right] = region;
    const seen = `looks at rows ${top}–${bottom}, columns ${left}–${right}`;
    this.looksAt.textContent = this.step.index < 0 ? "the input" : seen;
    this.#showFilter(image ? this.channel : row * this.plane.columns + column);
  }

  /** Show the filter of the map, or the weights of the number that is looked at. */
  #showFilter(unit) {
    const wanted = [this.step.index, unit].join();
    if (this.filterShown === wanted) return;
    this.filterShown = wanted;
    const { tiles, text } = filterOf(this.network, this.step.index, unit);
    this.filter.textContent = text;
    const end = Math.max(0, ...tiles.map(reach)); // one scale for all of them
    this.scales.filter.show("parameter", end);
    const canvases = tiles.map((tile) => {
      const canvas = element("canvas");
      paint(canvas, tile, this.palette.parameter, end);
      return canvas;
    });
    this.tiles.replaceChildren(...canvases);
  }

  #move = (event) => {
    const [down, across] = MOVES[event.key] ?? [0, 0];
    if (!down && !across) return;
    event.preventDefault();
    const { rows, columns } = this.plane;
    const [row, column] = [this.cell[0] + down, this.cell[1] + across];
    this.value.setAttribute("aria-live", "polite");
    if (row >= 0 && row < rows && column >= 0 && column < columns) this.#look([row, column]);
  };

  #point = (event) => {
    const cell = cellUnder(this.map.canvas, event);
    if (cell) this.#look(cell);
  };
}

/** Make a picture with a frame that can be laid around some of its pixels. */
function marked() {
  const canvas = element("canvas");
  const frame = element("span", { class: "frame" });
  const mark = (top, bottom, left, right, { rows, columns }) => {
    frame.style.inset = [top / rows, 1 - (right + 1) / columns, 1 - (bottom + 1) / rows, left / columns]
      .map((share) => `${100 * share}%`)
      .join(" ");
  };
  return { canvas, mark, node: element("div", { class: "marked" }, canvas, frame) };
}

/** Make a legend of a scale of colours, which is not there if all is zero. */
function colourScale() {
  const ends = [element("span"), element("span")];
  const node = element("p", {}, ends[0], element("span", { class: "scale" }), ends[1]);
  const show = (role, end) => {
    node.className = `ends ${role}`;
    node.hidden = end === 0;
    [-end, end].forEach((value, index) => (ends[index].textContent = number(value)));
  };
  return { node, show };
}

/** Return the weights that lead to a channel, as planes, and a sentence about them. */
function filterOf(network, index, channel) {
  const none = (text) => ({ tiles: [], text });
  let owner = index;
  while (owner >= 0 && !("weight" in network.layers[owner].arrays)) {
    if (network.layers[owner].layer === "Flatten") return none("");
    owner--;
  }
  if (owner < 0) return none("");
  const { layer, arrays } = network.layers[owner];
  const [n] = arrays.weight.shape.slice(-1);
  const weight = network.arrays[owner].weight.filter((_, index) => index % n === channel);
  const shape = layer === "Conv2D" ? arrays.weight.shape.slice(0, 3) : shapeBefore(network, owner);
  const tiles = Array.from({ length: shape[2] ?? 1 }, (_, k) => planeOf({ shape, data: weight }, k));
  if (layer === "Dense") {
    return { tiles, text: `the ${weight.length.toLocaleString("en")} weights of this number` };
  }
  const each = shape[2] > 1 ? `, for each of ${shape[2]} channels` : "";
  return { tiles, text: `its filter: ${shape[0]}×${shape[1]}${each}` };
}

/** Return the shape of a dense layer's input, as it was before it was flattened. */
function shapeBefore(network, index) {
  let before = index;
  while (before > 0 && ["Flatten", "Dropout"].includes(network.layers[before - 1].layer)) before--;
  return network.inputShape(before);
}
