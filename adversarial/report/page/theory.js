// Proposition 1 and Theorem 1 on a finite set.
"use strict";

const POINTS = 5;
const sumOver = (each) => Array.from({ length: POINTS }, (_, n) => each(n)).reduce((sum, part) => sum + part, 0);
// 0 log 0 is 0.
const times = (p, value) => (p === 0 ? 0 : p * Math.log(value));

const valueOf = (data, model, d) => sumOver((n) => times(data[n], d[n]) + times(model[n], 1 - d[n]));
const bestOf = (data, model) => data.map((p, n) => (p + model[n] === 0 ? 0.5 : p / (p + model[n])));
const jensenShannon = (p, q) =>
  sumOver((n) => times(p[n], (2 * p[n]) / (p[n] + q[n])) + times(q[n], (2 * q[n]) / (p[n] + q[n]))) / 2;

class Theory {
  constructor(section) {
    this.$ = (selector) => section.querySelector(selector);
    this.data = [0.1, 0.2, 0.4, 0.2, 0.1];
    this.model = [0.4, 0.3, 0.15, 0.1, 0.05];
    this.d = new Array(POINTS).fill(0.5);
    this.sliders = {};
    for (const [name, said] of [["data", "p_data"], ["model", "p_g"], ["d", "D"]]) {
      this.sliders[name] = this.d.map((_, n) => this.slider(name, said, n));
    }
    this.$("button.best").addEventListener("click", () => { this.d = bestOf(this.data, this.model); this.show(); });
    this.$("button.equal").addEventListener("click", () => { this.model = this.data.slice(); this.show(); });
    this.$("button.again").addEventListener("click", () => {
      for (const name of ["data", "model"]) {
        const raw = this.d.map(() => -Math.log(1 - Math.random()));
        const whole = raw.reduce((sum, each) => sum + each, 0);
        this[name] = raw.map((each) => each / whole);
      }
      this.show();
    });
    addEventListener("resize", () => this.draw());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    this.show();
  }

  slider(name, said, n) {
    const label = document.createElement("label");
    const made = Object.assign(document.createElement("input"), { type: "range", min: 0, max: 1, step: 0.01 });
    made.setAttribute("aria-label", `${said} at point ${n + 1}`);
    const told = document.createElement("span");
    label.append(`${n + 1} `, made, told);
    this.$(`fieldset.${name}`).append(label);
    made.addEventListener("input", () => this.set(name, n, Number(made.value)));
    return { made, told };
  }

  set(name, n, value) {
    if (name === "d") {
      // D is between 0 and 1; at either end V may be minus infinity.
      this.d[n] = Math.min(0.999, Math.max(0.001, value));
    } else {
      const rest = 1 - this[name][n];
      this[name] = this[name].map((p, other) => {
        if (other === n) return value;
        return rest > 1e-9 ? (p * (1 - value)) / rest : (1 - value) / (POINTS - 1);
      });
    }
    this.show();
  }

  show() {
    for (const [name, sliders] of Object.entries(this.sliders)) {
      sliders.forEach(({ made, told }, n) => {
        made.value = this[name][n];
        told.textContent = this[name][n].toFixed(2);
      });
    }
    const best = bestOf(this.data, this.model);
    const jsd = jensenShannon(this.data, this.model);
    const figures = {
      "dd.value": valueOf(this.data, this.model, this.d), "dd.best": valueOf(this.data, this.model, best),
      "dd.theorem": 2 * jsd - Math.log(4), "dd.jsd": jsd,
    };
    for (const [place, value] of Object.entries(figures)) this.$(place).textContent = value.toFixed(3).replace("-", "−");
    const list = (values) => values.map((each) => each.toFixed(2)).join(", ");
    this.$("canvas").setAttribute("aria-label", `On five points: p_data ${list(this.data)}; p_g ${list(this.model)}; `
      + `D ${list(this.d)}; D* ${list(best)}`);
    this.draw();
  }

  draw() {
    const canvas = this.$("canvas");
    const { context, width, height } = fitted(canvas, shapeOf(canvas, 0.32, 0.7));
    const best = bestOf(this.data, this.model);
    const floor = height - 10 - textSize();
    const wide = width / POINTS;
    const up = (value) => floor - value * (floor - 6 - textSize());
    context.font = `${textSize()}px system-ui, sans-serif`;
    for (const [level, said] of [[0, "0"], [0.5, "½"], [1, "1"]]) {
      context.fillStyle = colour("--line");
      context.fillRect(0, up(level), width, 1);
      context.fillStyle = colour("--quiet");
      context.fillText(said, 2, up(level) - 3);
    }
    for (let n = 0; n < POINTS; n++) {
      for (const [values, fill, at] of [[this.data, "--ink", 0.26], [this.model, "--green", 0.5]]) {
        context.fillStyle = colour(fill);
        context.fillRect((n + at) * wide, up(values[n]), wide * 0.22, floor - up(values[n]));
      }
      context.fillStyle = colour("--quiet");
      context.textAlign = "center";
      context.fillText(`point ${n + 1}`, (n + 0.5) * wide, height - 6);
    }
    for (const [values, stroke, dash, thick] of [[best, "--pink", [], 6], [this.d, "--blue", [], 3]]) {
      context.strokeStyle = colour(stroke);
      context.lineWidth = thick;
      context.setLineDash(dash);
      for (let n = 0; n < POINTS; n++) {
        context.beginPath();
        context.moveTo((n + 0.16) * wide, up(values[n]));
        context.lineTo((n + 0.84) * wide, up(values[n]));
        context.stroke();
      }
    }
  }
}
