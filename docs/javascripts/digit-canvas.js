// <digit-canvas>: draw a digit, and see what the trained network makes of it, layer by layer. With the attribute
// images-only, for a network that reads other images than MNIST's digits, test images are there but no square to draw in.

import { element, load, loadBytes } from "./elements.js";
import { LayerRows, cellUnder, stepsOf } from "./layer-rows.js";
import { MapDetail } from "./map-detail.js";
import { Network } from "./network.js";
import { Palette, imageOf } from "./pictures.js";
import { SIDE, toMnist } from "./preprocess.js";

const PAPER = 10 * SIDE; // pixels of the square to draw in, or to show a test image in
const PEN = 22; // a digit that fills the square gets strokes as wide as MNIST's

class DigitCanvas extends HTMLElement {
  #asked = 0; // how often so far; an answer that comes late is not shown
  #answered = 0; // the question whose answer is shown

  async connectedCallback() {
    this.themes = new MutationObserver(() => {
      this.palette = null;
      this.#paint();
    });
    this.themes.observe(document.body, { attributeFilter: ["data-md-color-scheme"] });
    try {
      const [description, { digits, recorded }, bytes] = await Promise.all([
        load("generated/network/network.json"),
        load("generated/network/digits.json"),
        loadBytes("generated/network/recorded.bin"),
      ]);
      if (!this.isConnected) return;
      this.digits = digits;
      this.network = new Network(description);
      this.#build();
      this.#showRecorded(digits[0], recorded, new Int8Array(bytes));
    } catch (error) {
      this.append(element("p", { class: "failure" }, `The network could not be loaded: ${error.message}.`));
    }
  }

  disconnectedCallback() {
    this.themes.disconnect();
  }

  #build() {
    const imagesOnly = this.hasAttribute("images-only");
    const drawing = {
      "aria-label": "A square to draw in with mouse, finger or pen; test images can be chosen below",
      pointerdown: (event) => this.#startStroke(event),
      pointermove: (event) => this.#goOn(event),
      pointerup: () => this.#endStroke(),
      pointercancel: () => this.#endStroke(),
    };
    const showing = { "aria-label": "The chosen test image; others can be chosen below" };
    const behaviour = imagesOnly ? showing : drawing;
    this.paper = element("canvas", { width: PAPER, height: PAPER, role: "img", ...behaviour });
    this.pen = this.paper.getContext("2d", { willReadFrequently: true });
    this.status = element("p", { class: "answer", role: "status" });
    this.detail = new MapDetail(this.network);
    this.large = new MapDetail(this.network);
    this.steps = stepsOf(this.network);
    this.rows = new LayerRows(this.steps, (...chosen) => this.#chosen(...chosen));
    const aside = element("aside", { "aria-label": "The chosen map" }, this.detail.node);
    const clear = element("button", { type: "button", class: "clear", click: () => this.#clear() }, "Clear");
    this.replaceChildren(
      element(
        "div",
        { class: "top" },
        element("div", { class: "draw" }, this.paper, ...(imagesOnly ? [] : [element("p", {}, "Draw here. ", clear)])),
        element("div", { class: "result" }, this.status, this.#bars()),
      ),
      this.#readyDigits(),
      legend(),
      element("div", { class: "inside" }, this.rows.node, aside),
      this.#dialog(),
    );
  }

  #bars() {
    this.bars = this.network.class_names.map((name) => {
      const bar = element("span", { class: "bar" });
      const share = element("span", { class: "share" });
      return { bar, share, node: element("li", {}, element("span", {}, name), bar, share) };
    });
    const items = this.bars.map(({ node }) => node);
    return element("ol", { class: "bars", "aria-label": "Probabilities" }, ...items);
  }

  #readyDigits() {
    const group = (text, digits) => {
      const buttons = digits.map((digit) => this.#readyDigit(digit));
      const attributes = { class: "ready", role: "group", "aria-label": text };
      return element("div", attributes, element("span", {}, text), ...buttons);
    };
    const easy = this.digits.filter((digit) => !digit.hard);
    const hard = this.digits.filter((digit) => digit.hard);
    const groups = [group("Test images", easy)];
    if (hard.length) groups.push(group("Hard test images: what would you say?", hard));
    return element("div", {}, ...groups);
  }

  #readyDigit(digit) {
    const [height, width] = this.network.input_shape;
    const canvas = element("canvas", { width, height });
    drawBytes(canvas, bytesOf(digit), this.network.input_shape);
    const name = digit.hard ? "" : `: ${this.network.class_names[digit.label]}`;
    return element(
      "button",
      { type: "button", "aria-label": `test image ${digit.image}${name}`, click: () => this.#choose(digit) },
      canvas,
    );
  }

  #dialog() {
    const close = element("button", { type: "button", click: () => this.dialog.close() }, "Close");
    this.dialog = element(
      "dialog",
      {
        "aria-label": "An enlarged map",
        click: (event) => event.target === this.dialog && this.dialog.close(), // on what is around it
      },
      this.large.node,
      close,
    );
    return this.dialog;
  }

  // What is drawn.

  #startStroke(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.paper.setPointerCapture(event.pointerId);
    if (!this.drawn) this.#clear();
    this.drawn = true;
    this.last = this.#position(event);
    this.#line(event);
  }

  #goOn(event) {
    if (!this.last) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const part of events.length ? events : [event]) this.#line(part);
  }

  #endStroke() {
    if (!this.last) return;
    this.last = null;
    this.#say();
  }

  #line(event) {
    const to = this.#position(event);
    Object.assign(this.pen, { lineWidth: PEN, lineCap: "round", lineJoin: "round", strokeStyle: "#fff" });
    this.pen.beginPath();
    this.pen.moveTo(...this.last);
    this.pen.lineTo(...to);
    this.pen.stroke();
    this.last = to;
    this.#soon(event.timeStamp);
  }

  #position(event) {
    const box = this.paper.getBoundingClientRect();
    const share = (at, from, length) => ((at - from) / length) * PAPER;
    return [share(event.clientX, box.left, box.width), share(event.clientY, box.top, box.height)];
  }

  /** Look at the drawing once before the next frame, after any number of strokes. */
  #soon(since) {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(async () => {
      this.waiting = false;
      const { data } = this.pen.getImageData(0, 0, PAPER, PAPER);
      const ink = Float32Array.from({ length: PAPER * PAPER }, (_, pixel) => data[4 * pixel + 3] / 255);
      const pixels = toMnist(ink, PAPER);
      if (pixels && this.drawn) await this.#answer(pixels, null);
      performance.clearMeasures("stroke to result");
      performance.measure("stroke to result", { start: since });
    });
  }

  #clear() {
    this.drawn = false;
    this.digit = null;
    this.#asked++;
    this.pen.clearRect(0, 0, PAPER, PAPER);
    this.dataset.empty = ""; // what is shown belongs to an earlier drawing
    this.status.textContent = "Draw, or choose a test image.";
    this.#load().catch(() => {}); // told when there is something to answer
  }

  #choose(digit) {
    this.drawn = false;
    drawBytes(this.paper, bytesOf(digit), this.network.input_shape);
    this.#answer(bytesOf(digit), digit);
  }

  // What the network makes of it.

  #load() {
    this.loading ??= loadBytes("generated/network/weights.bin").then((weights) => this.network.useWeights(weights));
    this.loading.catch(() => (this.loading = null)); // so that the next stroke tries again
    return this.loading;
  }

  async #answer(pixels, digit) {
    const question = ++this.#asked;
    if (!this.network.arrays) this.status.textContent = "Loading the network …";
    try {
      await this.#load();
    } catch (error) {
      this.status.textContent = `The network could not be loaded: ${error.message}.`;
      return;
    }
    if (question !== this.#asked) return;
    const input = this.network.input(pixels);
    const activations = this.network.forward(input);
    this.activations = new Map([[-1, input], ...activations.entries()]);
    this.digit = digit;
    this.#answered = question;
    this.probabilities = activations.at(-1).data;
    delete this.dataset.empty;
    this.#paint();
    if (!this.last) this.#say();
  }

  /** Show what was recorded for a digit, until the weights are loaded. */
  #showRecorded(digit, recorded, bytes) {
    const input = this.network.input(bytesOf(digit));
    this.activations = new Map([[-1, input]]);
    for (const { layer, offset, largest } of recorded) {
      const shape = this.network.layers[layer].output_shape;
      const count = shape.reduce((product, length) => product * length, 1);
      const data = Float32Array.from(bytes.subarray(offset, offset + count), (byte) => (byte / 127) * largest);
      this.activations.set(layer, { shape, data });
    }
    drawBytes(this.paper, bytesOf(digit), this.network.input_shape);
    this.digit = digit;
    this.probabilities = digit.probabilities;
    this.#paint();
    this.#say();
    const first = this.steps.find(({ index, unchanged }) => index >= 0 && !unchanged);
    this.detail.show(first, 0, this.activations, this.palette);
  }

  #paint() {
    if (!this.activations) return;
    this.palette ??= new Palette(this);
    const best = indexOfLargest(this.probabilities);
    this.bars.forEach(({ bar, share, node }, label) => {
      bar.style.setProperty("--share", this.probabilities[label]);
      share.textContent = percent(this.probabilities[label]);
      node.classList.toggle("best", label === best);
    });
    this.rows.show(this.activations, this.palette);
    this.detail.refresh(this.activations, this.palette);
    if (this.dialog.open) this.large.refresh(this.activations, this.palette);
  }

  /** Say the answer if there is one, but not while somebody draws: screen readers would never be silent. */
  #say() {
    if (this.#answered !== this.#asked) return;
    const best = indexOfLargest(this.probabilities);
    const answer = `${this.network.class_names[best]}, ${percent(this.probabilities[best])}`;
    this.status.textContent = `The network says ${answer}.`;
    if (!this.digit) return;
    const { image, label } = this.digit;
    this.status.textContent += ` Test image ${image} is labelled ${this.network.class_names[label]}.`;
  }

  /** Show a map in the panel, or large if it was clicked. */
  #chosen(step, channel, canvas, event) {
    const cell = event.type === "pointermove" ? cellUnder(canvas, event) : null;
    this.detail.show(step, channel, this.activations, this.palette, cell);
    if (event.type !== "click") return;
    this.large.show(step, channel, this.activations, this.palette);
    this.dialog.showModal();
    this.#load().then(() => this.#paint(), () => {}); // its filter
  }
}

function legend() {
  const scale = (role, text) => element("li", { class: role }, element("span", { class: "scale" }), text);
  const text =
    "Point at a map to see what it looks at, and click it to enlarge it. " +
    "The colours go from −m through 0 to m; m is the map’s largest number, without its sign:";
  const scales = [scale("input", "input and maps"), scale("parameter", "weights"), scale("output", "output")];
  return element("div", { class: "legend" }, element("p", {}, text), element("ul", {}, ...scales));
}

/** Draw an image as large as the canvas. */
function drawBytes(canvas, bytes, shape) {
  const [height, width] = shape;
  const small = element("canvas", { width, height });
  small.getContext("2d").putImageData(imageOf(bytes, shape), 0, 0);
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = width > canvas.width; // else its pixels are to be seen
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
}

function bytesOf({ pixels }) {
  return Uint8Array.from(atob(pixels), (character) => character.charCodeAt(0));
}

function indexOfLargest(values) {
  return values.reduce((best, value, index) => (value > values[best] ? index : best), 0);
}

function percent(share) {
  return `${(100 * share).toFixed(1)}%`;
}

customElements.define("digit-canvas", DigitCanvas);
