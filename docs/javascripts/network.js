// The forward pass of every layer that cnn has, for one sample at inference. This is the only part of
// the site that cnn does not compute; a test compares every layer's output with cnn's.
//
// An activation is {shape, data}: channels last, as in cnn, without n.

/** The trained network: its layers as network.json lists them, with their arrays once the weights are there. */
export class Network {
  /** @param description what network.json holds */
  constructor(description) {
    Object.assign(this, description); // class_names, normalisation, input_shape, layers, bytes, …
  }

  /** Take the weights from weights.bin; without them, only shapes and regions are known. */
  useWeights(buffer) {
    this.arrays = this.layers.map((layer) => arraysOf(layer, buffer));
  }

  /** Turn bytes into the numbers that the network sees. */
  input(pixels) {
    const { mean, standard_deviation } = this.normalisation;
    const data = Float32Array.from(pixels, (byte) => (byte - mean) / standard_deviation);
    return { shape: this.input_shape, data, pixels };
  }

  /** Return every layer's output for an input, the first layer first. */
  forward(input) {
    const activations = [];
    let x = input;
    this.layers.forEach((layer, index) => {
      x = LAYERS[layer.layer](x, layer, this.arrays[index]);
      activations.push(x);
    });
    return activations;
  }

  /** Return the shape of a layer's input. */
  inputShape(index) {
    return index === 0 ? this.input_shape : this.layers[index - 1].output_shape;
  }

  /**
   * Return the part of the input that one number of a layer's output depends on.
   *
   * @param index the layer's index
   * @param cell its row and column, or null for a number in a row of numbers: all of the input
   * @returns [first row, last row, first column, last column], both ends included
   */
  region(index, cell) {
    const [h, w] = this.input_shape;
    if (cell === null) return [0, h - 1, 0, w - 1];
    const ends = [cell[0], cell[0], cell[1], cell[1]];
    for (let earlier = index; earlier >= 0; earlier--) {
      const layer = this.layers[earlier];
      const size = layer.kernel_size ?? layer.pool_size;
      if (!size) continue;
      const shape = this.inputShape(earlier);
      const pads = padsOf(layer.padding, shape, size, layer.stride);
      for (const axis of [0, 1]) {
        const first = ends[2 * axis] * layer.stride[axis] - pads[axis][0];
        const last = ends[2 * axis + 1] * layer.stride[axis] - pads[axis][0] + size[axis] - 1;
        ends[2 * axis] = Math.max(0, first);
        ends[2 * axis + 1] = Math.min(shape[axis] - 1, last);
      }
    }
    return ends;
  }
}

/** Layers that leave every number as it is: Dropout drops in training only, Flatten changes the shape. */
export const UNCHANGED = new Set(["Dropout", "Flatten"]);

const LAYERS = {
  Conv2D: (x, layer, { weight, bias }) => convolve(x, layer, weight, bias),
  MaxPool2D: (x, layer) => pool(x, layer, -Infinity, Math.max, (largest) => largest),
  AveragePool2D: (x, layer) => pool(x, layer, 0, (sum, value) => sum + value, (sum, count) => sum / count),
  GlobalAveragePool2D: globalAverage,
  BatchNorm: normalise,
  Dropout: (x) => x,
  Flatten: (x, layer) => ({ shape: layer.output_shape, data: x.data }),
  Dense: (x, layer, { weight, bias }) => dense(x, layer, weight, bias),
  ReLU: (x) => each(x, (value) => (value > 0 ? value : 0)),
  LeakyReLU: (x, { slope }) => each(x, (value) => Math.max(value, slope * value)),
  Sigmoid: (x) => each(x, (value) => 0.5 * (1 + Math.tanh(0.5 * value))),
  Tanh: (x) => each(x, Math.tanh),
  GELU: (x) => each(x, gelu),
  Softmax: softmax,
  Rescale: (x, { factor, offset }) => each(x, (value) => factor * value + offset),
  Standardise: standardise,
};

/** The names of all layers that can be computed. */
export const LAYER_NAMES = Object.keys(LAYERS);

/**
 * Return a layer's arrays: those with a scale, which has a number for each output, are kept as signed bytes. The
 * file is little-endian, as is every machine that runs a browser.
 */
function arraysOf(layer, weights) {
  const entries = Object.entries(layer.arrays).map(([name, { offset, shape, scale }]) => {
    if (!scale) return [name, new Float32Array(weights.slice(offset, offset + 4 * size(shape)))];
    const bytes = new Int8Array(weights, offset, size(shape));
    return [name, Float32Array.from(bytes, (byte, index) => byte * scale[index % scale.length])];
  });
  return Object.fromEntries(entries);
}

function size(shape) {
  return shape.reduce((product, length) => product * length, 1);
}

function empty(shape) {
  return { shape, data: new Float32Array(size(shape)) };
}

function each(x, curve) {
  return { shape: x.shape, data: x.data.map(curve) };
}

function gelu(value) {
  return 0.5 * value * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (value + 0.044715 * value ** 3)));
}

/** Return the padding as [[top, bottom], [left, right]], worked out as in cnn/layers/padding.py. */
function padsOf(padding, shape, windowSize, stride) {
  if (padding === "valid") return [[0, 0], [0, 0]];
  if (padding === "same") {
    return [0, 1].map((axis) => {
      const steps = Math.ceil(shape[axis] / stride[axis]) - 1;
      const total = Math.max(steps * stride[axis] + windowSize[axis] - shape[axis], 0);
      return [Math.floor(total / 2), Math.ceil(total / 2)];
    });
  }
  return typeof padding === "number" ? [[padding, padding], [padding, padding]] : padding;
}

/**
 * Add to each output what each number of its window gives to all filters. The innermost loop runs along the
 * filters, which are neighbours in `weight` and in `y`; zeros, of which ReLU leaves many, are skipped.
 */
function convolve(x, layer, weight, bias) {
  const [h, w, c] = x.shape;
  const [hFilter, wFilter] = layer.kernel_size;
  const [down, across] = layer.stride;
  const [[top], [left]] = padsOf(layer.padding, x.shape, layer.kernel_size, layer.stride);
  const y = empty(layer.output_shape);
  const [hOut, wOut, n] = y.shape;
  const sums = new Float32Array(n);
  for (let p = 0; p < hOut; p++) {
    for (let q = 0; q < wOut; q++) {
      sums.set(bias);
      for (let i = 0; i < hFilter; i++) {
        const row = p * down + i - top;
        if (row < 0 || row >= h) continue;
        for (let j = 0; j < wFilter; j++) {
          const column = q * across + j - left;
          if (column < 0 || column >= w) continue;
          addProducts(sums, x.data, (row * w + column) * c, c, weight, (i * wFilter + j) * c * n);
        }
      }
      y.data.set(sums, (p * wOut + q) * n);
    }
  }
  return y;
}

/** Add `count` numbers of x to the sums, each multiplied by its row of the weights. */
function addProducts(sums, x, first, count, weight, firstWeight) {
  const n = sums.length;
  for (let k = 0; k < count; k++) {
    const value = x[first + k];
    if (value === 0) continue;
    const start = firstWeight + k * n;
    for (let f = 0; f < n; f++) sums[f] += value * weight[start + f];
  }
}

function dense(x, layer, weight, bias) {
  const y = { shape: layer.output_shape, data: bias.slice() };
  addProducts(y.data, x.data, 0, x.data.length, weight, 0);
  return y;
}

/** Join the numbers of each window into one, channel by channel; padding is left out. */
function pool(x, layer, start, join, finish) {
  const [h, w, c] = x.shape;
  const [down, across] = layer.stride;
  const [[top], [left]] = padsOf(layer.padding, x.shape, layer.pool_size, layer.stride);
  const y = empty(layer.output_shape);
  const [hOut, wOut] = y.shape;
  for (let p = 0; p < hOut; p++) {
    const [firstRow, endRow] = inside(p * down - top, layer.pool_size[0], h);
    for (let q = 0; q < wOut; q++) {
      const [firstColumn, endColumn] = inside(q * across - left, layer.pool_size[1], w);
      const count = (endRow - firstRow) * (endColumn - firstColumn);
      for (let k = 0; k < c; k++) {
        let joined = start;
        for (let row = firstRow; row < endRow; row++) {
          for (let column = firstColumn; column < endColumn; column++) {
            joined = join(joined, x.data[(row * w + column) * c + k]);
          }
        }
        y.data[(p * wOut + q) * c + k] = finish(joined, count);
      }
    }
  }
  return y;
}

/** Return where the part of a window that lies on the image begins and ends. */
function inside(first, length, limit) {
  return [Math.max(0, first), Math.min(limit, first + length)];
}

function globalAverage(x, layer) {
  const y = empty(layer.output_shape);
  const c = y.data.length;
  const sums = new Float64Array(c);
  x.data.forEach((value, index) => (sums[index % c] += value));
  y.data.set(sums.map((sum) => (sum * c) / x.data.length));
  return y;
}

/** Scale and shift each channel with the running mean and variance. */
function normalise(x, { epsilon }, { scale, shift, mean, variance }) {
  const factor = scale.map((value, k) => value / Math.sqrt(variance[k] + epsilon));
  const c = scale.length;
  const data = x.data.map((value, index) => {
    const k = index % c;
    return (value - mean[k]) * factor[k] + shift[k];
  });
  return { shape: x.shape, data };
}

/** The mean and the standard deviation are one number each, or one for each channel. */
function standardise(x, { mean, standard_deviation: deviation }) {
  const c = x.shape.at(-1);
  const data = x.data.map((value, index) => {
    const k = index % c;
    return (value - (mean[k] ?? mean)) / (deviation[k] ?? deviation);
  });
  return { shape: x.shape, data };
}

function softmax(x) {
  const y = empty(x.shape);
  const n = x.shape.at(-1);
  for (let first = 0; first < x.data.length; first += n) {
    const row = x.data.subarray(first, first + n);
    const largest = row.reduce((one, other) => Math.max(one, other));
    const powers = row.map((value) => Math.exp(value - largest));
    const sum = powers.reduce((total, power) => total + power);
    y.data.set(powers.map((power) => power / sum), first);
  }
  return y;
}
