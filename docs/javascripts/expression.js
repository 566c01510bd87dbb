// The arithmetic of a step, written out in the colours of the arrays that the numbers come from.

import { element } from "./elements.js";

/** Return an expression as plain text. */
export function plain(expression) {
  return expression.map((token) => (typeof token === "string" ? token : token.text)).join("");
}

/** Return the nodes of an expression: text, and numbers that carry the role of their array. */
export function written(expression, arrays) {
  return expression.map((token) =>
    typeof token === "string"
      ? token
      : element("span", { class: `term ${arrays.role(token.cell[0])}` }, token.text),
  );
}
