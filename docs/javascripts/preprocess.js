// A drawing brought to the form of MNIST's digits, as pipeline/photograph/form.py does it with a digit: 20 pixels
// long on its longer side and centred by mass in 28 × 28. The canvas has no shadows, no noise and a thick
// pen, so that the steps of the other modules of pipeline/photograph/ are left out.

export const SIDE = 28;
const DIGIT_SIDE = 20;
const MARGIN = 2; // pixels of the result around the digit, where strokes fade out
const SOFT_EDGE = 0.2; // of full ink

/**
 * @param ink how much ink each pixel holds, 0 to 1, row by row
 * @param width the pixels of a row
 * @returns 28 × 28 bytes, light strokes on black, or null if nothing is drawn
 */
export function toMnist(ink, width) {
  const box = boxOf(ink, width);
  return box && centred(scaled(ink, width, box));
}

/** Return how wide a drawing is, in heights, and which share of its box is ink. */
export function shapeOf(ink, width) {
  const { rows, columns, count } = boxOf(ink, width);
  const [down, across] = [rows[1] - rows[0], columns[1] - columns[0]];
  return { width: across / down, filled: count / (down * across) };
}

/** Return how many pixels are ink, and where the ink begins and ends: rows and columns, the ends excluded. */
function boxOf(ink, width) {
  let [count, top, bottom, left, right] = [0, Infinity, 0, Infinity, 0];
  ink.forEach((amount, pixel) => {
    if (amount <= SOFT_EDGE) return;
    const row = Math.floor(pixel / width);
    const column = pixel % width;
    count++;
    top = Math.min(top, row);
    bottom = Math.max(bottom, row + 1);
    left = Math.min(left, column);
    right = Math.max(right, column + 1);
  });
  return count ? { rows: [top, bottom], columns: [left, right], count } : null;
}

/** Scale the ink such that the box is 20 pixels long, with a margin all round. */
function scaled(ink, width, { rows, columns }) {
  const longer = Math.max(rows[1] - rows[0], columns[1] - columns[0]);
  const down = weightsAlong(rows, longer);
  const across = weightsAlong(columns, longer);
  const height = ink.length / width;
  const half = down.map((weights) => {
    const row = new Float64Array(width);
    for (const [pixel, weight] of weights) {
      if (pixel < 0 || pixel >= height) continue; // beyond the canvas there is no ink
      for (let column = 0; column < width; column++) row[column] += weight * ink[pixel * width + column];
    }
    return row;
  });
  return half.map((row) =>
    across.map((weights) => {
      let sum = 0;
      for (const [pixel, weight] of weights) sum += weight * (row[pixel] ?? 0);
      return Math.min(1, Math.max(0, sum));
    }),
  );
}

/**
 * Return for each pixel of the result which pixels of the canvas it is made of, as [pixel, weight]: a bicubic
 * curve, as wide as the result's pixels are on the canvas, as in Pillow.
 */
function weightsAlong([first, end], longer) {
  const length = end - first;
  const count = Math.max(1, Math.round((length * DIGIT_SIDE) / longer));
  const pitch = length / count; // pixels of the canvas in one of the result
  const width = Math.max(1, pitch);
  return Array.from({ length: count + 2 * MARGIN }, (_, index) => {
    const middle = first + (index - MARGIN + 0.5) * pitch;
    const pixels = [];
    for (let pixel = Math.floor(middle - 2 * width); pixel <= middle + 2 * width; pixel++) {
      pixels.push([pixel, bicubic((pixel + 0.5 - middle) / width)]);
    }
    const total = pixels.reduce((sum, [, weight]) => sum + weight, 0);
    return pixels.map(([pixel, weight]) => [pixel, weight / total]);
  });
}

function bicubic(distance) {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

/** Return the ink as bytes, with its centre of mass in the middle of 28 × 28 pixels. */
function centred(ink) {
  let [sum, down, across, largest] = [0, 0, 0, 0];
  ink.forEach((line, row) =>
    line.forEach((amount, column) => {
      sum += amount;
      down += amount * row;
      across += amount * column;
      largest = Math.max(largest, amount);
    }),
  );
  const top = Math.round(down / sum) - SIDE / 2;
  const left = Math.round(across / sum) - SIDE / 2;
  return Uint8Array.from({ length: SIDE * SIDE }, (_, pixel) => {
    const amount = ink[top + Math.floor(pixel / SIDE)]?.[left + (pixel % SIDE)] ?? 0;
    return Math.round((255 * amount) / largest);
  });
}
