// The forward pass of G and D, from the integers that adversarial/report/embedded.py writes.
"use strict";

function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes.buffer;
}

// Little-endian, signed, of two or three bytes; a float32 represents each of them exactly.
function integers(bytes, each) {
  const found = new Float32Array(bytes.length / each);
  if (each === 2) {
    for (let i = 0, at = 0; i < found.length; i++, at += 2) found[i] = (bytes[at] << 16 | bytes[at + 1] << 24) >> 16;
    return found;
  }
  for (let i = 0, at = 0; i < found.length; i++, at += 3) {
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
  // described: the layers, bytes_each, conditions, and floats: scales, then biases, of each layer; weights: base64 of
  // integers. A layer has a block of [units, inputs] for each part of its input.
  constructor(described, weights) {
    const bytes = new Uint8Array(bytesOf(weights));
    const floats = new Float32Array(bytesOf(described.floats));
    const each = described.bytes_each;
    let w = 0;
    let f = 0;
    this.noise = described.noise;
    this.layers = described.layers.map((layer) => {
      const total = layer.blocks.reduce((sum, [units]) => sum + units, 0);
      const blocks = layer.blocks.map(([units, inputs]) => {
        const weights = integers(bytes.subarray(each * w, each * (w + units * inputs)), each);
        w += units * inputs;
        return { units, inputs, weights };
      });
      const made = {
        ...layer,
        blocks,
        scales: floats.subarray(f, f + total),
        biases: floats.subarray(f + total, f + 2 * total),
        linear: new Float32Array(total),
      };
      f += 2 * total;
      made.output = layer.activation === "maxout" ? new Float32Array(total / layer.num_pieces) : made.linear;
      return made;
    });
    this.conditions = described.conditions;
    const whole = this.layers[0].blocks.reduce((sum, { inputs }) => sum + inputs, 0);
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
      affine(layer, state);
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
  const { blocks, scales, biases, linear } = layer;
  let unit = 0;
  let start = 0;
  for (const { units, inputs, weights } of blocks) {
    const even = inputs - (inputs % 4);
    const part = input.subarray(start, start + inputs);
    for (let row = 0; row < units * inputs; row += inputs, unit++) {
      // Four independent sums, so that the processor can overlap their additions.
      let a = 0, b = 0, c = 0, d = 0;
      for (let i = 0; i < even; i += 4) {
        a += weights[row + i] * part[i];
        b += weights[row + i + 1] * part[i + 1];
        c += weights[row + i + 2] * part[i + 2];
        d += weights[row + i + 3] * part[i + 3];
      }
      for (let i = even; i < inputs; i++) a += weights[row + i] * part[i];
      linear[unit] = (a + b + c + d) * scales[unit] + biases[unit];
    }
    start += inputs;
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
