// Numbers as pictures: from the theme's colour of negative numbers, through zero, to a role's colour. Coloured
// images have their own colours.

const COLUMNS = 32; // of a row of numbers that is laid out as a picture
const STEPS = 127;

/** The colours of each role, as the page's style sheet has them at this moment. */
export class Palette {
  constructor(node) {
    const style = getComputedStyle(node);
    const colour = (name) => rgb(style.getPropertyValue(name));
    const [negative, zero] = [colour("--negative"), colour("--zero")];
    for (const role of ["input", "parameter", "output"]) {
      this[role] = scale(negative, zero, colour(`--role-${role}`));
    }
  }
}

/** One channel of an activation, or a row of numbers laid out in lines, as a picture's rows and columns. */
export function planeOf({ shape, data }, channel) {
  if (shape.length === 1) {
    const columns = Math.min(shape[0], COLUMNS);
    return { rows: Math.ceil(shape[0] / columns), columns, data, first: 0, step: 1 };
  }
  const [rows, columns, step] = shape;
  return { rows, columns, data, first: channel, step };
}

/** Return the number at a row and column, or NaN if there is none. */
export function valueAt({ columns, data, first, step }, [row, column]) {
  return data[first + (row * columns + column) * step] ?? NaN;
}

/** Return the row and column of the number that is farthest from zero. */
export function strongest(plane) {
  let found = [0, 0];
  for (const cell of cells(plane)) {
    if (Math.abs(valueAt(plane, cell)) > Math.abs(valueAt(plane, found))) found = cell;
  }
  return found;
}

/** Return the largest distance of a plane's numbers from zero. */
export function reach({ data, first, step }) {
  let largest = 0;
  for (let index = first; index < data.length; index += step) {
    largest = Math.max(largest, Math.abs(data[index]));
  }
  return largest;
}

/** Draw a plane, one pixel for each number; the scale's ends are its own unless others are given. */
export function paint(canvas, plane, colours, end = reach(plane)) {
  if (canvas.width !== plane.columns) canvas.width = plane.columns;
  if (canvas.height !== plane.rows) canvas.height = plane.rows;
  const context = canvas.getContext("2d");
  const picture = context.createImageData(plane.columns, plane.rows);
  const pixels = new Uint32Array(picture.data.buffer);
  const { data, first, step } = plane;
  const factor = STEPS / (end || 1);
  for (let index = first, pixel = 0; index < data.length; index += step, pixel++) {
    pixels[pixel] = colours[Math.round(data[index] * factor) + STEPS];
  }
  context.putImageData(picture, 0, 0);
}

/** Draw what the network is given: a coloured image as it is, a grey one in the scale's colours. */
export function paintInput(canvas, input, colours) {
  const [rows, columns, channels] = input.shape;
  if (channels !== 3) return paint(canvas, planeOf(input, 0), colours);
  canvas.width = columns;
  canvas.height = rows;
  canvas.getContext("2d").putImageData(imageOf(input.pixels, input.shape), 0, 0);
}

/** Return bytes as an image: red, green and blue of each pixel, or how much light there is on black. */
export function imageOf(bytes, [rows, columns, channels]) {
  const picture = new ImageData(columns, rows);
  for (let pixel = 0; pixel < rows * columns; pixel++) {
    const own = bytes.subarray(channels * pixel, channels * (pixel + 1));
    picture.data.set(channels === 3 ? [...own, 255] : [255, 255, 255, own[0]], 4 * pixel);
  }
  return picture;
}

function* cells({ rows, columns }) {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) yield [row, column];
  }
}

/** Return the scale's colours, from −1 to 1, as pixels. */
function scale(negative, zero, positive) {
  const bytes = new Uint8ClampedArray(4 * (2 * STEPS + 1));
  for (let step = -STEPS; step <= STEPS; step++) {
    const end = step < 0 ? negative : positive;
    const share = Math.abs(step) / STEPS;
    const colour = zero.map((from, part) => from + share * (end[part] - from));
    bytes.set([...colour, 255], 4 * (step + STEPS));
  }
  return new Uint32Array(bytes.buffer);
}

/** Return red, green and blue of any colour that a style sheet can name. */
function rgb(colour) {
  const context = document.createElement("canvas").getContext("2d");
  context.fillStyle = colour.trim();
  context.fillRect(0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}
