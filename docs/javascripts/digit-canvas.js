// <digit-canvas>: draw a digit, and see what the trained network makes of it, layer by layer. With the attribute
// images-only, for a network that reads other images than MNIST's digits, test images are there but no square to draw in.

import { element, load, loadBytes } from "./elements.js";
import { LayerRows, cellUnder, stepsOf } from "./layer-rows.js";
import { MapDetail } from "./map-detail.js";
import { Network } from "./network.js";
import { Palette, imageOf } from "./pictures.js";
import { SIDE, shapeOf, toMnist } from "./preprocess.js";

const PAPER = 10 * SIDE; // pixels of the square to draw in, or to show a test image in
const PEN = 22; // a digit that fills the square gets strokes as wide as MNIST's

class DigitCanvas extends HTMLElement {
  #asked = 0; // how often so far; an answer that comes late is not shown
  #answered = 0; // the question whose answer is shown
  #pointer = null; // the one that draws; another finger or a palm changes nothing

  async connectedCallback() {
    this.themes = new MutationObserver(() => {
      this.palette = null;
      this.#paint();
    });
    this.themes.observe(document.body, { attributeFilter: ["data-md-color-scheme"] });
    try {
      const files = ["network.json", "digits.json"].map((name) => load(`generated/network/${name}`));
      const [description, digits] = await Promise.all(files);
      if (!this.isConnected) return;
      this.digits = digits;
      this.network = new Network(description);
      this.#build();
      this.#choose(digits[0]);
    } catch (error) {
      this.replaceChildren(element("p", { class: "failure" }, `The network could not be loaded: ${error.message}.`));
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
      pointerup: (event) => this.#endStroke(event),
      pointercancel: (event) => this.#endStroke(event),
    };
    const showing = { "aria-label": "The chosen test image; others can be chosen below" };
    const behaviour = imagesOnly ? showing : drawing;
    this.paper = element("canvas", { width: PAPER, height: PAPER, role: "img", ...behaviour });
    this.pen = this.paper.getContext("2d", { willReadFrequently: true });
    this.status = element("p", { class: "answer", role: "status" });
    this.progress = element("progress", { max: this.network.bytes, "aria-label": "Loading the network" });
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
        element("div", { class: "result" }, this.status, this.progress, this.#bars()),
      ),
      this.#readyDigits(),
      this.querySelector(".legend"), // the page's own
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
    if (event.button !== 0 || this.#pointer !== null) return;
    event.preventDefault();
    this.#pointer = event.pointerId;
    this.paper.setPointerCapture(event.pointerId);
    if (!this.drawn) this.#clear();
    this.drawn = true;
    this.last = this.#position(event);
    this.#line(event);
  }

  #goOn(event) {
    if (event.pointerId !== this.#pointer) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const part of events.length ? events : [event]) this.#line(part);
  }

  #endStroke(event) {
    if (event.pointerId !== this.#pointer) return;
    this.#pointer = null;
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
      if (pixels && this.drawn) {
        this.shape = shapeOf(ink, PAPER);
        await this.#answer(pixels, null);
      }
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
  }

  #choose(digit) {
    this.drawn = false;
    drawBytes(this.paper, bytesOf(digit), this.network.input_shape);
    if (!this.network.arrays) this.#show(digit.probabilities, digit); // as recorded, while the weights are loaded
    this.#answer(bytesOf(digit), digit);
  }

  // What the network makes of it.

  #load() {
    this.loading ??= this.#loadWeights();
    this.loading.catch(() => (this.loading = null)); // so that the next stroke tries again
    return this.loading;
  }

  async #loadWeights() {
    const show = (count) => (this.progress.value = count);
    show(0);
    this.progress.classList.add("loading");
    try {
      this.network.useWeights(await loadBytes("generated/network/weights.bin", show));
    } finally {
      this.progress.classList.remove("loading");
    }
  }

  async #answer(pixels, digit) {
    const question = ++this.#asked;
    if (!digit && !this.network.arrays) this.status.textContent = "Loading the network: draw on …";
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
    this.#answered = question;
    this.#show(activations.at(-1).data, digit);
  }

  #show(probabilities, digit) {
    Object.assign(this, { probabilities, digit });
    delete this.dataset.empty;
    this.#paint();
    if (this.#pointer === null) this.#say();
  }

  #paint() {
    if (!this.probabilities) return;
    const best = indexOfLargest(this.probabilities);
    this.bars.forEach(({ bar, share, node }, label) => {
      bar.style.setProperty("--share", this.probabilities[label]);
      share.textContent = percent(this.probabilities[label]);
      node.classList.toggle("best", label === best);
    });
    if (!this.activations) return;
    this.palette ??= new Palette(this);
    this.rows.show(this.activations, this.palette);
    const first = this.steps.find(({ index, unchanged }) => index >= 0 && !unchanged);
    if (!this.detail.step) this.detail.show(first, 0, this.activations, this.palette);
    else this.detail.refresh(this.activations, this.palette);
    if (this.dialog.open) this.large.refresh(this.activations, this.palette);
  }

  /** Say the answer if there is one, but not while somebody draws: screen readers would never be silent. */
  #say() {
    const best = indexOfLargest(this.probabilities);
    const answer = `${this.network.class_names[best]}, ${percent(this.probabilities[best])}`;
    if (this.digit) {
      const { image, label } = this.digit;
      const labelled = `Test image ${image} is labelled ${this.network.class_names[label]}.`;
      this.status.textContent = `The network says ${answer}. ${labelled}`;
    } else if (this.#answered === this.#asked) {
      const unsure = `Unsure: this looks like no digit that the network knows. Most likely ${answer}.`;
      this.status.textContent = this.#doubtful(this.probabilities[best]) ? unsure : `The network says ${answer}.`;
    }
  }

  /** Tell whether a drawing is no digit, as pipeline/reading.py tells, but from one look instead of several. */
  #doubtful(probability) {
    const limit = (name) => Number(this.getAttribute(name));
    const { width, filled } = this.shape;
    if (probability < limit("least-probability") || width > limit("widest")) return true;
    return filled > limit("fullest") && width > limit("narrow"); // a 1 fills its box
  }

  /** Show a map in the panel, or large if it was clicked. */
  #chosen(step, channel, canvas, event) {
    if (!this.activations) return;
    const cell = event.type === "pointermove" ? cellUnder(canvas, event) : null;
    this.detail.show(step, channel, this.activations, this.palette, cell);
    if (event.type !== "click") return;
    this.large.show(step, channel, this.activations, this.palette);
    this.dialog.showModal();
  }
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
