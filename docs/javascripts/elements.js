// What all widgets share: the site's files, fetched once, and a short way to make elements.

const ROOT = new URL("../", import.meta.url); // this module lies in <root>/javascripts/
const files = new Map();

/** Fetch a JSON file of the site once, even if several widgets ask for it. */
export function load(path) {
  return once(path, (response) => response.json());
}

/** Fetch a file of the site as bytes, also once; `progress` is told how many of them are there. */
export function loadBytes(path, progress) {
  return once(path, ({ body }) => {
    let count = 0;
    const transform = (part, stream) => {
      progress((count += part.length));
      stream.enqueue(part);
    };
    return new Response(body.pipeThrough(new TransformStream({ transform }))).arrayBuffer();
  });
}

function once(path, read) {
  if (!files.has(path)) {
    const file = fetchFile(new URL(path, ROOT)).then(read);
    file.catch(() => files.delete(path)); // so that the next widget tries again
    files.set(path, file);
  }
  return files.get(path);
}

async function fetchFile(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.pathname} answered ${response.status}`);
  return response;
}

/** Make an element: functions become listeners, everything else attributes (false leaves one out). */
export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(key, value);
    else if (key === "style") node.style.cssText = value; // a Content-Security-Policy may forbid the attribute
    else if (value !== false) node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

/** Write a number as people read it: at most three decimals, and a true minus sign. */
export function number(value) {
  const small = value !== 0 && Math.abs(value) < 0.001;
  return String(Number(small ? value.toPrecision(1) : value.toFixed(3))).replaceAll("-", "−");
}

/** Return the longest of some texts: what keeps the room for all of them. */
export function longest(texts) {
  return texts.reduce((one, other) => (other.length > one.length ? other : one), "");
}

/** Return the element that the page's address names, if the reader has not scrolled away from it. */
function reached() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const margin = target && parseFloat(getComputedStyle(target).scrollMarginTop);
  return target && Math.abs(target.getBoundingClientRect().top - margin) < 2 ? target : null;
}

/** A custom element that draws one JSON file, and shows one sentence when the file cannot be loaded. */
export class Widget extends HTMLElement {
  async connectedCallback() {
    try {
      const data = await load(this.file);
      if (!this.isConnected) return; // the reader has left the page meanwhile
      const target = reached();
      this.draw(data);
      target?.scrollIntoView();
    } catch (error) {
      this.replaceChildren(
        element("p", { class: "failure" }, `This widget could not be drawn: ${error.message}.`),
      );
    }
  }
}
