// The forward pass of G and D, from the integers that adversarial/report/page_network.py writes.
"use strict";

function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes.buffer;
}

// So many little-endian, signed integers of one, two or three bytes, from a place in a buffer.
function integers(buffer, start, count, each) {
  if (each === 1) return new Int8Array(buffer, start, count);
  const bytes = new Uint8Array(buffer, start, count * each);
  const found = each === 2 ? new Int16Array(count) : new Int32Array(count);
  if (each === 2) {
    for (let i = 0, at = 0; i < count; i++, at += 2) found[i] = bytes[at] | bytes[at + 1] << 8;
    return found;
  }
  for (let i = 0, at = 0; i < count; i++, at += 3) {
    found[i] = (bytes[at] << 8 | bytes[at + 1] << 16 | bytes[at + 2] << 24) >> 8;
  }
  return found;
}

const ACTIVATE = {
  "linear": (x) => x,
  "rectified": (x, layer) => (x > 0 ? x : layer.slope * x),
  "sigmoid": (x) => 1 / (1 + Math.exp(-x)),
  "tanh": (x) => Math.tanh(x),
  "softplus": (x) => (x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x))),
  "hard sigmoid": (x) => Math.min(1, Math.max(0, x)),
};

class Network {
  // described: the layers, conditions, and floats: scales, then biases, of each layer; weights: base64 of integers. A
  // layer has a block of [units, inputs] for each part of its input, input by input.
  constructor(described, weights) {
    const buffer = bytesOf(weights);
    const floats = new Float32Array(bytesOf(described.floats));
    let w = 0;
    let f = 0;
    this.noise = described.noise;
    this.layers = described.layers.map((layer) => {
      const total = layer.blocks.reduce((sum, [units]) => sum + units, 0);
      const blocks = layer.blocks.map(([units, inputs]) => {
        const found = integers(buffer, w, units * inputs, layer.bytes_each);
        w += units * inputs * layer.bytes_each;
        return { units, inputs, weights: found };
      });
      const made = {
        ...layer,
        blocks,
        scales: floats.subarray(f, f + total),
        biases: floats.subarray(f + total, f + total + layer.values),
        sums: new Float64Array(total),
        linear: new Float32Array(layer.values),
      };
      f += total + layer.values;
      made.output = layer.activation === "maxout" ? new Float32Array(layer.values / layer.num_pieces) : made.linear;
      return made;
    });
    this.conditions = described.conditions;
    const whole = this.layers[0].deconvolution
      ? placesOf(this.layers[0].deconvolution) * this.layers[0].blocks[0].inputs
      : this.layers[0].blocks.reduce((sum, { inputs }) => sum + inputs, 0);
    this.inputs = whole - (this.conditions.length ? this.conditions[0].length : 0);
    this.whole = new Float32Array(whole);
    this.choose(0);
  }

  // The condition under which outputs are, by its number.
  choose(number) {
    if (this.conditions.length) this.give(this.conditions[number]);
  }

  // The condition itself, the last part of the input.
  give(condition) {
    this.whole.set(condition, this.inputs);
  }

  // The output, in an array that the next call overwrites: G(z), or [D(x)].
  outputOf(input) {
    let state = this.whole;
    state.set(input);
    for (const layer of this.layers) {
      (layer.deconvolution ? deconvolved : affine)(layer, state);
      state = activated(layer);
    }
    return state;
  }

  // A sample of z from the distribution that the generator was trained with.
  draw() {
    const z = new Float32Array(this.inputs);
    if (this.noise === "uniform") {
      for (let i = 0; i < z.length; i++) z[i] = Math.sqrt(3) * (2 * Math.random() - 1);
      return z;
    }
    for (let i = 0; i < z.length; i++) {
      z[i] = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
    }
    if (this.noise === "spherical") {
      const norm = Math.hypot(...z);
      for (let i = 0; i < z.length; i++) z[i] /= norm;
    }
    return z;
  }

  // A coordinate of z is shown from -reach to reach: all of the uniform distribution, nearly all of the others.
  get reach() {
    if (this.noise === "spherical") return 3 / Math.sqrt(this.inputs);
    return this.noise === "uniform" ? Math.sqrt(3) : 3;
  }
}

function affine(layer, input) {
  const { scales, biases, sums, linear } = layer;
  weigh(layer, input, 0);
  for (let unit = 0; unit < sums.length; unit++) linear[unit] = sums[unit] * scales[unit] + biases[unit];
}

// The sums of each unit's integers times the inputs from a place on.
function weigh(layer, input, start) {
  layer.sums.fill(0);
  let unit = 0;
  for (const { units, inputs, weights } of layer.blocks) {
    addColumns(layer.sums.subarray(unit, unit + units), weights, input.subarray(start, start + inputs));
    unit += units;
    start += inputs;
  }
}

// Add to the sums of units each input times its weights. Inputs of 0, as half of those from a rectifier are, are passed
// over; four are added at once, so that the sums are read and written less.
function addColumns(sums, weights, input) {
  const units = sums.length;
  const live = [];
  for (let i = 0; i < input.length; i++) if (input[i] !== 0) live.push(i);
  let at = 0;
  for (; at + 4 <= live.length; at += 4) {
    const [p, q, r, s] = [live[at] * units, live[at + 1] * units, live[at + 2] * units, live[at + 3] * units];
    const [a, b, c, d] = [input[live[at]], input[live[at + 1]], input[live[at + 2]], input[live[at + 3]]];
    for (let unit = 0; unit < units; unit++) {
      sums[unit] += a * weights[p + unit] + b * weights[q + unit] + c * weights[r + unit] + d * weights[s + unit];
    }
  }
  for (; at < live.length; at++) {
    const first = live[at] * units;
    for (let unit = 0; unit < units; unit++) sums[unit] += input[live[at]] * weights[first + unit];
  }
}

function placesOf({ places: [rows, columns] }) {
  return rows * columns;
}

// A deconvolution: the channels at each place of the input, (row, column, channel), become a patch of the output, of
// which what goes beyond the edge is cut off; where patches meet, they add.
function deconvolved(layer, input) {
  const { scales, sums, linear, deconvolution } = layer;
  const { places, shape, kernel, stride, pad, channels, channels_first } = deconvolution;
  const [rows, columns] = shape;
  const inputs = layer.blocks[0].inputs;
  const [perChannel, perPixel] = channels_first ? [rows * columns, 1] : [1, channels];
  linear.set(layer.biases);
  for (let place = 0; place < placesOf(deconvolution); place++) {
    weigh(layer, input, place * inputs);
    const top = Math.floor(place / places[1]) * stride[0] - pad;
    const left = (place % places[1]) * stride[1] - pad;
    for (let unit = 0; unit < sums.length; unit++) {
      const column = left + (unit % kernel[1]);
      const row = top + (Math.floor(unit / kernel[1]) % kernel[0]);
      if (row < 0 || row >= rows || column < 0 || column >= columns) continue;
      const channel = Math.floor(unit / (kernel[0] * kernel[1]));
      linear[channel * perChannel + (row * columns + column) * perPixel] += sums[unit] * scales[unit];
    }
  }
}

function activated(layer) {
  const { linear, output, num_pieces } = layer;
  if (layer.activation === "maxout") {
    for (let unit = 0; unit < output.length; unit++) {
      let largest = layer.floor ? 0 : -Infinity;
      for (let piece = 0; piece < num_pieces; piece++) largest = Math.max(largest, linear[unit * num_pieces + piece]);
      output[unit] = largest;
    }
    return output;
  }
  const activate = ACTIVATE[layer.activation];
  for (let unit = 0; unit < linear.length; unit++) output[unit] = activate(linear[unit], layer);
  return output;
}
