// <step-player layer="convolution" way="forward">: plays a recorded trace of cnn, one cell at a time.

import { Arrays } from "./arrays.js";
import { CodePanel } from "./code-panel.js";
import { Widget, element, longest } from "./elements.js";
import { plain, written } from "./expression.js";

const SECONDS_PER_STEP = 0.9;
const ARRAYS_BESIDE_CODE = 5; // more of them take the whole width, and the code follows below
const LINES_OF_SHORT_CODE = 7;
const ICONS = {
  first: "M18 5l-7 7 7 7M7 5v14",
  back: "M15 5l-7 7 7 7",
  play: "M8 5v14l11-7z",
  pause: "M8 5v14M16 5v14",
  forward: "M9 5l7 7-7 7",
  last: "M6 5l7 7-7 7M17 5v14",
};
let made = 0; // players so far: tabs and panels need ids of their own

class StepPlayer extends Widget {
  #timer = null;

  get file() {
    return `built/traces/${this.getAttribute("layer")}.json`;
  }

  disconnectedCallback() {
    this.#pause();
  }

  draw({ layer, cases }) {
    this.way = this.getAttribute("way");
    this.cases = cases.filter((one) => one[this.way]?.length);
    this.id ||= `step-player-${++made}`;
    this.tabs = element("div", { role: "tablist", "aria-label": "What is computed", keydown: this.#tabKeys });
    this.stage = element("div", {
      class: "stage",
      tabindex: "0",
      role: "group",
      "aria-label": `${layer}, ${this.way}: arrow keys step, space plays`,
    });
    this.expression = element("span");
    this.sentence = element("span");
    this.arithmetic = element("p", { class: "expression" }, this.expression);
    this.caption = element("p", { class: "caption", "aria-live": "polite" }, this.sentence);
    this.code = new CodePanel();
    this.legend = element("div");
    this.foot = element("div", { class: "foot" }, this.arithmetic, this.caption, this.#controls());
    const show = element("div", { class: "show" }, this.stage, this.foot);
    this.panel = element("div", { class: "panel", id: `${this.id}-panel` }, show, this.code.node);
    const head = element("div", { class: "head" }, this.#caseChoice(), this.tabs);
    this.replaceChildren(head, this.panel, this.legend);
    this.onkeydown = this.#keys;
    this.#chooseCase(0);
  }

  #caseChoice() {
    const [only] = this.cases;
    if (this.cases.length === 1) return element("p", { class: "case" }, only.title);
    const options = this.cases.map(({ title }, index) => element("option", { value: index }, title));
    const choose = (event) => this.#chooseCase(Number(event.target.value));
    return element("label", { class: "case" }, "Example ", element("select", { change: choose }, ...options));
  }

  #controls() {
    const button = (icon, label, click) => {
      const node = element("button", { type: "button", class: icon, "aria-label": label, title: label, click });
      node.innerHTML = svg(icon);
      return node;
    };
    this.playButton = button("play", "Play", () => (this.playing ? this.#pause() : this.#play()));
    this.scrub = element("input", {
      type: "range",
      min: "1",
      "aria-label": "Step",
      input: () => this.#step(Number(this.scrub.value)),
    });
    this.count = element("span", { class: "count" });
    return element(
      "div",
      { class: "controls", role: "group", "aria-label": "Player" },
      button("first", "First step", () => this.#step(1)),
      button("back", "Step back", () => this.#step(this.step - 1)),
      this.playButton,
      button("forward", "Step forward", () => this.#step(this.step + 1)),
      button("last", "Last step", () => this.#step(this.track.steps.length)),
      this.scrub,
      this.count,
    );
  }

  #chooseCase(index) {
    this.#pause();
    this.tracks = this.cases[index][this.way];
    this.dataset.case = this.cases[index].name;
    this.dataset.tracks = this.tracks.length;
    this.all = this.tracks.map((track) => new Arrays(track));
    this.stage.replaceChildren(...this.all.map(({ grids }) => grids));
    const lines = Math.max(...this.tracks.map(({ code }) => code.lines.length));
    this.code.node.classList.toggle("short", lines <= LINES_OF_SHORT_CODE);
    this.tabs.hidden = this.tracks.length === 1;
    this.tabs.replaceChildren(
      ...this.tracks.map(({ title }, track) =>
        element(
          "button",
          {
            type: "button",
            role: "tab",
            id: `${this.id}-tab-${track}`,
            "aria-controls": this.panel.id,
            click: () => {
              this.#pause();
              this.#chooseTrack(track);
            },
          },
          title,
        ),
      ),
    );
    this.#chooseTrack(0);
  }

  #chooseTrack(index) {
    this.track = this.tracks[index];
    this.dataset.track = index + 1;
    this.dataset.steps = this.track.steps.length;
    [...this.tabs.children].forEach((tab, other) => {
      tab.setAttribute("aria-selected", other === index);
      tab.tabIndex = other === index ? 0 : -1;
    });
    if (this.tracks.length > 1) {
      this.panel.setAttribute("role", "tabpanel");
      this.panel.setAttribute("aria-labelledby", this.tabs.children[index].id);
    } else {
      this.panel.removeAttribute("role");
      this.panel.removeAttribute("aria-labelledby");
    }
    this.arrays = this.all[index];
    this.all.forEach((arrays, other) => arrays.grids.classList.toggle("current", other === index));
    this.legend.replaceChildren(this.arrays.legend());
    this.arithmetic.dataset.longest = longest(this.track.steps.map(({ expression }) => plain(expression)));
    this.caption.dataset.longest = longest(this.track.steps.map(({ text }) => text));
    this.panel.classList.toggle("beside", this.track.arrays.length <= ARRAYS_BESIDE_CODE);
    this.code.show(this.track.code);
    this.scrub.max = this.track.steps.length;
    this.#reserveHeight();
    this.#show(1);
  }

  /** Keep the controls where they are: the longest text is not always the one with the most lines. */
  #reserveHeight() {
    const parts = [this.arithmetic, this.caption];
    for (const part of parts) part.style.minHeight = "";
    const heights = this.track.steps.map((step) => {
      this.#write(step);
      return parts.map((part) => part.offsetHeight);
    });
    parts.forEach((part, index) => {
      part.style.minHeight = `${Math.max(...heights.map((row) => row[index]))}px`;
    });
  }

  /** Go to a step as the reader asked: the player stops playing. */
  #step(step) {
    this.#pause();
    this.#show(Math.min(Math.max(step, 1), this.track.steps.length));
    this.#reveal();
  }

  /** Bring the cell that is written between the header and the controls, if these are on the screen. */
  #reveal() {
    const { top, bottom, height } = this.foot.getBoundingClientRect();
    if (bottom < 0 || top > innerHeight) return;
    this.style.setProperty("--foot", `${height}px`);
    this.stage.querySelector(".current .written").scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  #show(step) {
    this.step = step;
    this.dataset.step = step;
    const now = this.track.steps[step - 1];
    this.arrays.fill(step);
    this.arrays.mark(now);
    this.code.light(now.line);
    this.#write(now);
    this.scrub.value = step;
    this.scrub.setAttribute("aria-valuetext", `Step ${step} of ${this.track.steps.length}`);
    this.count.textContent = `${step} / ${this.track.steps.length}`;
  }

  #write({ expression, text }) {
    this.expression.replaceChildren(...written(expression, this.arrays));
    this.sentence.textContent = text;
  }

  get playing() {
    return this.#timer !== null;
  }

  #play() {
    if (!this.#next()) this.#chooseTrack(0); // at the very end: once more from the start
    this.caption.setAttribute("aria-live", "off"); // a sentence each second would never be read to its end
    this.#timer = setInterval(() => this.#next() || this.#pause(), 1000 * SECONDS_PER_STEP);
    this.#showPlaying();
  }

  #pause() {
    clearInterval(this.#timer);
    this.#timer = null;
    this.caption?.setAttribute("aria-live", "polite");
    this.#showPlaying();
  }

  /** Go one step on, after a track's last step into the next track; return false at the very end. */
  #next() {
    const track = this.tracks.indexOf(this.track) + 1;
    if (this.step < this.track.steps.length) this.#show(this.step + 1);
    else if (track < this.tracks.length) this.#chooseTrack(track);
    else return false;
    this.#reveal();
    return true;
  }

  #showPlaying() {
    this.dataset.playing = this.playing;
    if (!this.playButton) return;
    const label = this.playing ? "Pause" : "Play";
    this.playButton.innerHTML = svg(label.toLowerCase());
    this.playButton.setAttribute("aria-label", label);
    this.playButton.title = label;
  }

  #keys = (event) => {
    const onButton = event.target.closest(".controls button");
    if (event.target !== this.stage && !onButton) return; // tabs, choices and the code keep their own keys
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = {
      ArrowRight: () => this.#step(this.step + 1),
      ArrowLeft: () => this.#step(this.step - 1),
      Home: () => this.#step(1),
      End: () => this.#step(this.track.steps.length),
      " ": () => (this.playing ? this.#pause() : this.#play()),
    }[event.key];
    if (!act || (event.key === " " && onButton)) return; // space already presses a button
    event.preventDefault();
    act();
  };

  #tabKeys = (event) => {
    const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!move) return;
    event.preventDefault();
    const { length } = this.tracks;
    const tab = this.tabs.children[(Number(this.dataset.track) - 1 + move + length) % length];
    tab.click();
    tab.focus();
  };
}

function svg(icon) {
  return `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${ICONS[icon]}"/></svg>`;
}

customElements.define("step-player", StepPlayer);
