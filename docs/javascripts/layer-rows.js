// One row for each layer of the network, with all its feature maps as small pictures.

import { element } from "./elements.js";
import { UNCHANGED } from "./network.js";
import { paint, planeOf } from "./pictures.js";

const KEYS = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity };

/** Return what the rows show: the input and every layer; layers of a kind that occurs twice are numbered. */
export function stepsOf(network) {
  const kinds = network.layers.map(({ layer }) => layer);
  const layers = kinds.map((kind, index) => {
    const several = kinds.filter((other) => other === kind).length > 1;
    const number = kinds.slice(0, index + 1).filter((other) => other === kind).length;
    const shape = network.layers[index].output_shape;
    return { index, name: several ? `${kind} ${number}` : kind, shape, unchanged: UNCHANGED.has(kind) };
  });
  const lastWeights = network.layers.findLastIndex(({ arrays }) => "weight" in arrays);
  for (const step of layers) step.role = step.index >= lastWeights ? "output" : "input";
  const shape = network.input_shape;
  const name = shape[2] === 3 ? "input: red, green, blue" : "input";
  return [{ index: -1, name, shape, unchanged: false, role: "input" }, ...layers];
}

/** The rows; `chosen(step, channel, button, event)` is told which map is pointed at, focused or clicked. */
export class LayerRows {
  constructor(steps, chosen) {
    this.chosen = chosen;
    this.rows = steps.map((step) => this.#row(step));
    this.node = element("div", { class: "layers" }, ...this.rows.map(({ node }) => node));
  }

  /** Draw all maps. */
  show(activations, palette) {
    for (const { step, canvases } of this.rows) {
      const activation = activations.get(step.index);
      canvases.forEach((canvas, channel) => paint(canvas, planeOf(activation, channel), palette[step.role]));
    }
  }

  #row(step) {
    const shape = step.shape.map((length) => length.toLocaleString("en")).join("×");
    const facts = element("span", { class: "shape" }, shape);
    const label = element("p", { class: "name" }, step.name, " ", facts);
    if (step.unchanged) {
      const same = element("p", { class: "same" }, "the same numbers");
      return { step, canvases: [], node: element("div", { class: "layer" }, label, same) };
    }
    const image = step.shape.length === 3;
    const size = planeOf({ shape: step.shape }, 0);
    const blank = () => element("canvas", { width: size.columns, height: size.rows }); // as large as what comes
    const canvases = Array.from({ length: image ? step.shape[2] : 1 }, blank);
    const buttons = canvases.map((canvas, channel) => this.#button(step, channel, canvas));
    const maps = element(
      "div",
      {
        class: image ? "maps" : "maps numbers",
        role: "group",
        "aria-label": `${step.name}, ${image ? "maps" : "numbers"}`,
        keydown: (event) => moveFocus(event, buttons),
        style: `--columns: ${size.columns}`,
      },
      ...buttons,
    );
    return { step, canvases, node: element("div", { class: "layer" }, label, maps) };
  }

  #button(step, channel, canvas) {
    const image = step.shape.length === 3;
    const tell = (event) => this.chosen(step, channel, canvas, event);
    return element(
      "button",
      {
        type: "button",
        tabindex: channel === 0 ? "0" : "-1", // one stop in each row, arrow keys within it
        "aria-label": image ? `${step.name}, map ${channel + 1}` : `${step.name}, all numbers`,
        pointermove: tell,
        focus: tell,
        click: tell,
      },
      canvas,
    );
  }
}

function moveFocus(event, buttons) {
  if (!(event.key in KEYS)) return;
  event.preventDefault();
  const from = buttons.indexOf(event.target);
  const to = Math.max(0, Math.min(buttons.length - 1, from + KEYS[event.key]));
  buttons[from].tabIndex = -1;
  buttons[to].tabIndex = 0;
  buttons[to].focus();
}

/** Return the row and column of a picture's number under the pointer, or null where there is none. */
export function cellUnder(canvas, event) {
  const box = canvas.getBoundingClientRect();
  const row = Math.floor(((event.clientY - box.top) / box.height) * canvas.height);
  const column = Math.floor(((event.clientX - box.left) / box.width) * canvas.width);
  return row >= 0 && row < canvas.height && column >= 0 && column < canvas.width ? [row, column] : null;
}
