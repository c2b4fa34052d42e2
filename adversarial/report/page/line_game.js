// The game of Figure 1, trained here: a generator and a discriminator on the line, each of one layer of tanh units, with
// the settings, first weights and updates of adversarial/game/one_dimensional.py.
"use strict";

// A stream of numbers in [0, 1) by Mulberry32, so that a seed gives one game.
function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

// A number to a number: out + the sum over units of v tanh(w x + b); out is the last of `values`.
class Player {
  constructor(units) {
    this.units = units;
    this.values = new Float64Array(3 * units + 1);
    this.gradient = new Float64Array(3 * units + 1);
    this.hidden = new Float64Array(units);
  }

  at(x) {
    const { units, values, hidden } = this;
    let sum = values[3 * units];
    for (let i = 0; i < units; i++) {
      hidden[i] = Math.tanh(values[i] * x + values[units + i]);
      sum += values[2 * units + i] * hidden[i];
    }
    return sum;
  }

  // After at(x): add `by` times the derivative by each parameter to the gradient; return the derivative by x.
  learn(x, by) {
    const { units, values, gradient, hidden } = this;
    let slope = 0;
    for (let i = 0; i < units; i++) {
      const through = values[2 * units + i] * (1 - hidden[i] * hidden[i]);
      slope += through * values[i];
      gradient[i] += by * through * x;
      gradient[units + i] += by * through;
      gradient[2 * units + i] += by * hidden[i];
    }
    gradient[3 * units] += by;
    return slope;
  }

  step(rate) {
    for (let i = 0; i < this.values.length; i++) this.values[i] -= rate * this.gradient[i];
    this.gradient.fill(0);
  }
}

const LINE_BOUND = Math.sqrt(3);
const LOG_4 = Math.log(4);
const sigmoid = (a) => 1 / (1 + Math.exp(-a));
const softplus = (a) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a)));
const normalDensity = (x, mean, deviation) =>
  Math.exp(-(((x - mean) / deviation) ** 2) / 2) / (deviation * Math.sqrt(2 * Math.PI));

// Data densities by name: equally likely normal distributions, each a mean and a standard deviation.
const LINE_DATA = { one: [[0, 1]], two: [[-2, 0.5], [2, 0.5]] };

class LineGame {
  // options: data ("one" or "two"), start (where G begins), weight (how wide), seed.
  constructor(settings, options) {
    this.settings = settings;
    this.modes = LINE_DATA[options.data];
    this.random = randomNumbers(options.seed);
    this.updates = 0;
    this.rounds = 0;
    const place = (i, units) => ((i + 0.25 + 0.5 * this.random()) / units) * 2 - 1;
    const G = (this.G = new Player(settings.units_g));
    for (let i = 0; i < G.units; i++) {
      const angle = (place(i, G.units) * Math.PI) / 2;
      const steep = settings.steep_g / ((LINE_BOUND * Math.cos(angle) * Math.PI) / G.units);
      G.values[i] = steep;
      G.values[G.units + i] = -steep * LINE_BOUND * Math.sin(angle);
      G.values[2 * G.units + i] = options.weight * (0.5 + this.random());
    }
    G.values[3 * G.units] = options.start;
    const D = (this.D = new Player(settings.units_d));
    for (let i = 0; i < D.units; i++) {
      D.values[i] = settings.steep_d;
      D.values[D.units + i] = -settings.steep_d * settings.reach_d * place(i, D.units);
      D.values[2 * D.units + i] = settings.weight_d * (2 * this.random() - 1);
    }
    for (let n = 0; n < settings.first_d; n++) this.trainD(settings.gently);
    this.updates = 0;
  }

  noise() { return LINE_BOUND * (2 * this.random() - 1); }

  example() {
    const [mean, deviation] = this.modes[Math.floor(this.random() * this.modes.length)];
    const normal = Math.sqrt(-2 * Math.log(1 - this.random())) * Math.cos(2 * Math.PI * this.random());
    return mean + deviation * normal;
  }

  density(x) {
    return this.modes.reduce((sum, [mean, deviation]) => sum + normalDensity(x, mean, deviation), 0) / this.modes.length;
  }

  rate() {
    const { updates, gentle, gently, falling, fall } = this.settings;
    if (this.rounds < gentle) return gently;
    return fall ** (Math.min(1, Math.max(0, this.rounds / updates - 1 + falling)) / falling);
  }

  trainD(rate = this.rate()) {
    const { batch, rate_d } = this.settings;
    for (let n = 0; n < batch; n++) {
      const real = this.example();
      this.D.learn(real, (0.5 * (sigmoid(this.D.at(real)) - 1)) / batch);
      const fake = this.G.at(this.noise());
      this.D.learn(fake, (0.5 * sigmoid(this.D.at(fake))) / batch);
    }
    this.D.step(rate_d * rate);
    this.updates++;
  }

  // `saturating`: whether G minimises log(1 - D(G(z))), or else -log D(G(z)).
  trainG(saturating) {
    const { batch, rate_g } = this.settings;
    for (let n = 0; n < batch; n++) {
      const z = this.noise();
      const x = this.G.at(z);
      const verdict = sigmoid(this.D.at(x));
      const slope = this.D.learn(x, 0);
      this.G.learn(z, ((saturating ? -verdict : verdict - 1) * slope) / batch);
    }
    this.D.gradient.fill(0);
    this.G.step(rate_g * this.rate());
  }

  // One round of Algorithm 1; `turns` says how many updates of D, and of G, it has.
  round(turns, saturating) {
    for (let n = 0; n < turns.d; n++) this.trainD();
    for (let n = 0; n < turns.g; n++) this.trainG(saturating);
    this.rounds++;
  }

  state() { return { rounds: this.rounds, updates: this.updates, G: this.G.values.slice(), D: this.D.values.slice() }; }

  // What can be seen of a state: curves over the line, and figures.
  seen(state) {
    const G = new Player(this.G.units);
    const D = new Player(this.D.units);
    G.values.set(state.G);
    D.values.set(state.D);
    const reach = 5;
    const cells = 200;
    const wide = (2 * reach) / cells;
    const samples = 4000;
    const counts = new Float64Array(cells);
    let fakes = 0;
    let pulls = [0, 0];
    for (let n = 0; n < samples; n++) {
      const x = G.at(((n + 0.5) / samples) * 2 * LINE_BOUND - LINE_BOUND);
      const cell = Math.floor((x + reach) / wide);
      if (cell >= 0 && cell < cells) counts[cell] += 1 / samples;
      if (n % 20) continue;
      const logit = D.at(x);
      const slope = Math.abs(D.learn(x, 0));
      fakes -= softplus(logit) / (samples / 20);
      pulls = [pulls[0] + (sigmoid(-logit) * slope) / (samples / 20), pulls[1] + (sigmoid(logit) * slope) / (samples / 20)];
    }
    const x = Array.from({ length: cells }, (_, n) => (n + 0.5) * wide - reach);
    const data = x.map((each) => this.density(each));
    const verdict = x.map((each) => sigmoid(D.at(each)));
    const model = smoothed(counts, 2).map((share) => share / wide);
    const best = data.map((p, n) => p / (p + model[n]));
    const reals = x.reduce((sum, each, n) => sum - data[n] * wide * softplus(-D.at(each)), 0);
    let distance = 1 - counts.reduce((sum, each) => sum + each, 0);
    // In bins of .1, as in one_dimensional.py.
    for (let n = 0; n < cells; n += 2) distance += Math.abs(counts[n] + counts[n + 1] - (data[n] + data[n + 1]) * wide);
    const arrows = Array.from({ length: 17 }, (_, n) => ((n + 1) / 9 - 1) * LINE_BOUND).map((z) => [z, G.at(z)]);
    return { x, data, model, verdict, best, arrows, value: reals + fakes, distance: distance / 2, pulls };
  }
}

// Moved averages by a Gaussian of so many cells.
function smoothed(counts, width) {
  const reach = 3 * width;
  const weights = Array.from({ length: 2 * reach + 1 }, (_, n) => normalDensity(n - reach, 0, width));
  return Array.from(counts, (_, at) => weights.reduce((sum, w, n) => sum + w * (counts[at + n - reach] || 0), 0));
}
