// Figure 1, live: a game of line_game.js with its controls.
"use strict";

const MOST_STATES = 400;
// Where G may begin instead: narrow and off the data, so that D can be sure.
const FAR_AWAY = { start: 3.5, weight: 0.1 };

class Figure1 {
  constructor(section, settings) {
    this.settings = settings;
    this.$ = (selector) => section.querySelector(selector);
    this.working = null;
    this.$(".play").addEventListener("click", () => (this.working ? this.stop() : this.play()));
    this.$(".once").addEventListener("click", () => { this.leaveMoments(); this.round(); this.keep(); });
    this.$(".alone").addEventListener("click", () => { this.leaveMoments(); this.work(this.stepsOfD(), () => Infinity); });
    this.$(".again").addEventListener("click", () => this.restart());
    for (const name of ["select.data", ".start"]) this.$(name).addEventListener("change", () => this.restart());
    for (const name of [".turns", ".objective"]) this.$(name).addEventListener("change", () => this.leaveMoments());
    this.$(".time").addEventListener("input", () => { this.stop(); this.show(this.states[Number(this.$(".time").value)]); });
    this.buttons = settings.moments.map((title, n) => {
      const button = Object.assign(document.createElement("button"), { type: "button" });
      button.textContent = `(${"abcd"[n]}) ${title}`;
      button.addEventListener("click", () => this.goTo(n));
      this.$(".moments").append(button);
      return button;
    });
    addEventListener("resize", () => this.draw());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    this.restart(1);
  }

  restart(seed) {
    this.leaveMoments();
    const { start_g, weight_g } = this.settings;
    const first = this.$(".start").value === "far" ? FAR_AWAY : { start: start_g, weight: weight_g };
    const data = this.$("select.data").value;
    this.seed = seed || Math.floor(Math.random() * 2 ** 31);
    this.game = new LineGame(this.settings, { data, seed: this.seed, ...first });
    this.states = [];
    this.apart = 1;
    this.keep();
  }

  round() {
    const [d, g] = this.$(".turns").value.split(" ").map(Number);
    this.game.round({ d, g }, this.$(".objective").value === "saturating");
  }

  // Keep the state for the slider; of many, every other, so that the whole game stays in reach.
  keep() {
    const state = this.game.state();
    const kept = { ...state, seen: this.game.seen(state) };
    this.states.push(kept);
    if (this.states.length > MOST_STATES) {
      this.states = this.states.filter((_, n) => n % 2 === 0 || n === this.states.length - 1);
      this.apart *= 2;
    }
    const slider = this.$(".time");
    slider.max = this.states.length - 1;
    slider.value = slider.max;
    this.show(kept);
    return kept;
  }

  // Do steps, so many of them a frame at most and none beyond its time, until there are no more or it is enough.
  work(steps, most, enough = () => false, done = () => {}) {
    this.stop();
    this.working = steps;
    this.$(".play").textContent = "Stop";
    const frame = () => {
      if (this.working !== steps) return;
      const until = performance.now() + 12;
      let over = false;
      for (let n = most(); n > 0 && !over && performance.now() < until; n--) over = steps.next().done || enough();
      if (!enough()) this.keep();
      if (!over) return requestAnimationFrame(frame);
      this.stop();
      done();
    };
    requestAnimationFrame(frame);
  }

  play() {
    this.leaveMoments();
    // Slow at first, where most is to be seen.
    this.work(this.rounds(), () => this.apart * Math.min(25, 1 + Math.floor(this.game.rounds / 40)));
  }

  stop() {
    this.working = null;
    this.$(".play").textContent = "Play";
    if (this.shown) this.describe();
  }

  *rounds() { while (true) yield this.round(); }

  // Gently, so that D comes near D*.
  *stepsOfD() { for (let n = 0; n < this.settings.alone; n++) yield this.game.trainD(this.settings.gently); }

  // The moments of Figure 1, each when it shows what it has to, as play() of one_dimensional.py has them. With other
  // data, turns or objectives than the figure's, those that do not come are left out.
  *towardsMoments() {
    const { far, near, updates } = this.settings;
    const last = () => this.game.rounds >= updates;
    const until = function* (holds) {
      while (!holds(this.game.seen(this.game.state()))) {
        if (last()) return false;
        for (let n = 0; n < 5; n++) yield this.round();
      }
      return true;
    }.bind(this);
    if (!(yield* until(({ distance }) => distance <= far))) return;
    this.moments.push(this.keep());
    yield* this.stepsOfD();
    this.moments.push(this.keep());
    const ordered = (arrows) => arrows.every(([, x], n) => !n || x > arrows[n - 1][1]);
    if (!(yield* until(({ distance, arrows }) => distance <= near && ordered(arrows)))) return;
    this.moments.push(this.keep());
    yield* until(last);
    this.moments.push(this.keep());
  }

  // Show a moment; the game is played up to it, from its beginning if it went another way since.
  goTo(number) {
    if (!this.guide) {
      this.restart(this.seed);
      this.guide = this.towardsMoments();
    }
    const found = () => this.moments.length > number;
    const tell = () => {
      const moment = this.moments[number];
      if (!moment) {
        const { rounds, seen } = this.shown;
        this.said(`(${"abcd"[number]}) does not come in this game: after ${rounds.toLocaleString("en")} rounds the `
          + `distance is ${seen.distance.toFixed(3)}.`);
        return;
      }
      const later = this.states.findIndex((state) => state.updates > moment.updates);
      this.$(".time").value = later < 0 ? this.states.length - 1 : later - 1;
      this.show(moment);
      this.said(`(${"abcd"[number]}) ${this.settings.moments[number]}, after ${moment.rounds.toLocaleString("en")} rounds.`);
    };
    if (found()) {
      this.stop();
      return tell();
    }
    this.said("");
    this.work(this.guide, () => Infinity, found, tell);
  }

  // From here on the game is no longer that of the moments.
  leaveMoments() {
    this.stop();
    this.guide = null;
    this.moments = [];
    this.said("");
    this.mark();
  }

  said(text) { this.$(".said").textContent = text; }

  // Which of the moments is shown.
  mark() {
    this.buttons.forEach((button, n) => button.setAttribute("aria-pressed", Boolean(this.shown) && this.moments[n] === this.shown));
  }

  show(state) {
    this.shown = state;
    const { value, distance, pulls } = state.seen;
    this.$(".rounds").textContent = state.rounds.toLocaleString("en");
    this.$(".value").textContent = value.toFixed(3).replace("-", "−");
    this.$(".distance").textContent = distance.toFixed(3);
    this.$(".pull").textContent = pulls[0].toFixed(3);
    this.$(".pull-saturating").textContent = pulls[1].toFixed(3);
    this.$(".time").setAttribute("aria-valuetext", `round ${state.rounds}`);
    if (!this.working) this.describe();
    this.mark();
    this.draw();
  }

  // The text alternative of the pictures.
  describe() {
    const { rounds, seen } = this.shown;
    const mean = seen.arrows.reduce((sum, [, x]) => sum + x, 0) / seen.arrows.length;
    this.$(".plot").setAttribute("aria-label", `The game on the line after ${rounds} rounds: samples lie around `
      + `${mean.toFixed(1)}, the distance of their density from the data's is ${seen.distance.toFixed(3)}, `
      + `and D is ${seen.verdict[seen.verdict.length / 2].toFixed(2)} at 0`);
    this.$(".history").setAttribute("aria-label", `V(D, G) by round: now ${seen.value.toFixed(3)} nats, `
      + `beside minus log 4, ${(-LOG_4).toFixed(3)}`);
  }

  draw() {
    this.drawGame();
    this.drawHistory();
  }

  drawGame() {
    const { x, data, model, verdict, best, arrows } = this.shown.seen;
    const { context, width, height } = fitted(this.$(".plot"), shapeOf(this.$(".plot"), 0.46, 0.9));
    const [above, z, line] = [height * 0.68, height - 24, height * 0.78];
    const reach = 4.5;
    const across = (each) => ((each + reach) / (2 * reach)) * width;
    const curve = (values, stroke, dash, thick) => {
      context.beginPath();
      values.forEach((each, n) => {
        const at = [across(x[n]), above - Math.min(1.15, each) * (above - 10) / 1.15];
        if (each !== null) values[n - 1] == null ? context.moveTo(...at) : context.lineTo(...at);
      });
      context.strokeStyle = stroke;
      context.lineWidth = thick * textScale();
      context.setLineDash(dash);
      context.stroke();
      context.setLineDash([]);
    };
    const [ink, quiet, grid] = ["--ink", "--quiet", "--line"].map(colour);
    context.font = `${textSize()}px system-ui, sans-serif`;
    for (const [level, said] of [[0, "0"], [0.5, "½"], [1, "1"]]) {
      const y = above - (level * (above - 10)) / 1.15;
      context.fillStyle = grid;
      context.fillRect(0, y, width, 1);
      context.fillStyle = quiet;
      context.fillText(said, 2, y - 3);
    }
    // Where neither density is to be seen, D* is anything.
    curve(best.map((each, n) => (data[n] + model[n] > 0.01 ? each : null)), colour("--pink"), [], 1.3);
    curve(data, ink, [2, 4], 2.4);
    curve(model, colour("--green"), [], 2.2);
    curve(verdict, colour("--blue"), [8, 5], 2.2);
    context.strokeStyle = quiet;
    context.fillStyle = quiet;
    context.lineWidth = 1;
    for (const y of [line, z]) context.fillRect(0, y, width, 1);
    context.fillText("x", 2, line - 4);
    context.fillText("z", 2, z - 4);
    for (const [from, to] of arrows) {
      const [a, b] = [across(from), across(to)];
      const turn = Math.atan2(line - z, b - a);
      context.beginPath();
      context.moveTo(a, z);
      context.lineTo(b, line);
      for (const side of [-0.4, 0.4]) {
        context.moveTo(b, line);
        context.lineTo(b - 7 * Math.cos(turn + side), line - 7 * Math.sin(turn + side));
      }
      context.stroke();
    }
  }

  drawHistory() {
    const canvas = this.$(".history");
    const { context, width, height } = fitted(canvas, shapeOf(canvas, 0.16, 0.3));
    const values = this.states.map((state) => state.seen.value);
    const [low, high] = [Math.min(-1.6, ...values), Math.max(-0.9, ...values)];
    const last = Math.max(1, this.states[this.states.length - 1].rounds);
    const up = (value) => height - 6 - ((value - low) / (high - low)) * (height - 12 - textSize());
    const quiet = colour("--quiet");
    context.font = `${textSize()}px system-ui, sans-serif`;
    context.fillStyle = quiet;
    context.fillText("V(D, G) by round, nats", 2, textSize());
    context.strokeStyle = quiet;
    context.setLineDash([3, 4]);
    context.strokeRect(-2, up(-LOG_4), width + 4, 0);
    context.setLineDash([]);
    context.textAlign = "right";
    context.fillText("−log 4", width - 2, up(-LOG_4) - 5);
    context.strokeStyle = colour("--orange");
    context.lineWidth = 1.8;
    context.beginPath();
    for (const state of this.states) context.lineTo((state.rounds / last) * width, up(state.seen.value));
    context.stroke();
    context.fillStyle = colour("--orange");
    context.beginPath();
    context.arc((this.shown.rounds / last) * (width - 8) + 4, up(this.shown.seen.value), 4, 0, 2 * Math.PI);
    context.fill();
  }
}
