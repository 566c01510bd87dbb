// <predict-value layer="convolution">: asks for one number of a recorded trace before it is shown.

import { Arrays } from "./arrays.js";
import { Widget, element, longest, number } from "./elements.js";
import { plain, written } from "./expression.js";

const TOLERANCE = 0.0051; // two decimals are enough for a number that has more
const STRIDE = 5; // from one question to the next: neighbours are too alike
const NO_NUMBER = "Type a number, such as −1.5.";
const HINT = "The numbers that it is made of are marked now.";

class PredictValue extends Widget {
  get file() {
    return `built/traces/${this.getAttribute("layer")}.json`;
  }

  draw({ layer, cases }) {
    this.questions = cases.flatMap(({ title, forward }) => forward.flatMap((track) => questions(title, track)));
    this.asked = Math.floor(this.questions.length / 3);
    this.heading = element("p", { class: "case" });
    this.stage = element("div", { class: "stage", tabindex: "0", role: "group", "aria-label": `${layer}: arrays` });
    this.field = element("input", {
      type: "text",
      inputmode: "decimal",
      autocomplete: "off",
      size: "8",
      input: () => this.field.removeAttribute("aria-invalid"),
    });
    this.answer = element("span", { role: "status" });
    this.expression = element("span");
    this.arithmetic = element("p", { class: "expression" }, this.expression);
    this.legend = element("div");
    const button = (text, click) => element("button", { type: "button", click }, text);
    const form = element(
      "form",
      { class: "controls", submit: this.#check },
      element("label", {}, "The marked number is ", this.field),
      element("button", {}, "Check"),
      button("Show it", () => this.#reveal(`It is ${number(this.value)}.`)),
      button("Another", () => this.#ask(this.asked + STRIDE)),
    );
    const said = element("p", { class: "answer", "data-longest": longest([HINT, NO_NUMBER]) }, this.answer);
    const foot = element("div", { class: "foot" }, form, said, this.arithmetic);
    const show = element("div", { class: "show" }, this.stage, this.legend, foot);
    this.replaceChildren(this.heading, show);
    this.#ask(this.asked);
  }

  get value() {
    const { array, index } = this.question;
    return array.values[index];
  }

  #ask(which) {
    this.asked = which % this.questions.length;
    this.question = this.questions[this.asked];
    const { title, track, step, array, index } = this.question;
    this.heading.textContent = title;
    this.arrays = new Arrays(track);
    this.arrays.grids.classList.add("current");
    this.stage.replaceChildren(this.arrays.grids);
    this.legend.replaceChildren(this.arrays.legend());
    this.arithmetic.dataset.longest = plain(track.steps[step].expression);
    this.arrays.fill(step);
    this.arrays.mark({ target: [array.name, [index]], cells: [] });
    this.arrays.ask(array.name, index);
    this.field.value = "";
    this.#say("", "");
    this.expression.replaceChildren();
  }

  #check = (event) => {
    event.preventDefault();
    const answer = parse(this.field.value);
    if (Number.isNaN(answer)) {
      this.field.setAttribute("aria-invalid", "true");
      this.#say("wrong", NO_NUMBER);
    } else if (isRight(answer, this.value)) {
      this.#reveal(`Right: ${number(this.value)}.`);
    } else {
      this.arrays.mark(this.question.track.steps[this.question.step]);
      this.#say("wrong", `Not ${number(answer)}. ${HINT}`);
    }
  };

  #reveal(text) {
    const { track, step } = this.question;
    this.arrays.fill(step + 1);
    this.arrays.mark(track.steps[step]);
    this.expression.replaceChildren(...written(track.steps[step].expression, this.arrays));
    this.#say("right", text);
  }

  #say(state, text) {
    this.dataset.state = state;
    this.answer.textContent = text;
  }
}

/** Return the steps of a track as questions: each writes one number that was hidden before. */
function questions(title, track) {
  const arrays = new Map(track.arrays.map((array) => [array.name, array]));
  return track.steps.map(({ target: [name, [index]] }, step) => {
    return { title, track, step, array: arrays.get(name), index };
  });
}

/** Read "−1,5", "-1.5" and "3/4"; return NaN for anything that is not a number. */
function parse(text) {
  const parts = text.trim().replace("−", "-").replaceAll(",", ".").split("/");
  if (parts.some((part) => part.trim() === "")) return NaN;
  return parts.map(Number).reduce((one, other) => one / other);
}

function isRight(answer, value) {
  return Math.abs(answer - value) <= (Number.isInteger(value) ? 0 : TOLERANCE);
}

customElements.define("predict-value", PredictValue);
