// A generator of all conditionals, live: an image on which a mask is painted, and how G completes what is visible.
"use strict";

const COMPLETIONS = 6;

class Painter {
  // examples: base64 of the pixels of images, a byte each, from black to white.
  constructor(section, network, show, examples) {
    this.network = network;
    this.show = show;
    this.$ = (selector) => section.querySelector(selector);
    this.pixels = show.rows * show.columns;
    this.examples = new Uint8Array(bytesOf(examples));
    this.number = 0;
    this.visible = new Uint8Array(this.pixels);
    this.condition = new Float32Array(2 * this.pixels);
    this.brush = [show.columns / 2, show.rows / 2];
    this.tile = new ImageData(show.columns, show.rows);
    this.stamp = Object.assign(document.createElement("canvas"), { width: show.columns, height: show.rows });
    this.noise = Array.from({ length: COMPLETIONS + 1 }, () => network.draw());
    this.bind();
    this.takeImage();
    this.hide();
    const redraw = () => this.change();
    addEventListener("resize", redraw);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  }

  takeImage() {
    const { black, white } = this.show;
    const bytes = this.examples.subarray(this.number * this.pixels, (this.number + 1) * this.pixels);
    this.image = Float32Array.from(bytes, (byte) => black + (byte / 255) * (white - black));
  }

  // Hide what the list says.
  hide() {
    const { rows, columns } = this.show;
    const hidden = {
      bottom: (row) => row >= rows / 2,
      top: (row) => row < rows / 2,
      left: (row, column) => column < columns / 2,
      right: (row, column) => column >= columns / 2,
      pixels: () => Math.random() < 0.5,
      all: () => true,
      nothing: () => false,
    }[this.$("#hide").value];
    this.visible.forEach((_, i) => { this.visible[i] = hidden(Math.floor(i / columns), i % columns) ? 0 : 1; });
    this.change();
  }

  // Hide, or uncover, the pixels under the brush on its way to a place.
  paintTo(x, y, from = [x, y]) {
    const { rows, columns } = this.show;
    const radius = Math.max(1, columns / 12);
    const steps = Math.ceil(Math.hypot(x - from[0], y - from[1])) || 1;
    const value = this.$("#uncover").checked ? 1 : 0;
    for (let step = 1; step <= steps; step++) {
      const at = [x, y].map((end, axis) => from[axis] + ((end - from[axis]) * step) / steps);
      for (let i = 0; i < this.pixels; i++) {
        const [column, row] = [(i % columns) + 0.5, Math.floor(i / columns) + 0.5];
        if (Math.hypot(column - at[0], row - at[1]) <= radius) this.visible[i] = value;
      }
    }
    this.brush = [Math.min(columns, Math.max(0, x)), Math.min(rows, Math.max(0, y))];
    this.change();
  }

  // Draw all at most once a frame, however many events there were.
  change() {
    this.version = (this.version || 0) + 1;
    const mine = this.version;
    requestAnimationFrame(() => { if (mine === this.version) this.draw(); });
  }

  bind() {
    const canvas = this.$("#hidden");
    const { rows, columns } = this.show;
    let last = null;
    dragged(canvas, (event, first) => {
      const box = canvas.getBoundingClientRect();
      const at = [((event.clientX - box.left) / box.width) * columns, ((event.clientY - box.top) / box.height) * rows];
      this.paintTo(...at, first ? at : last);
      last = at;
    });
    canvas.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!step) return;
      event.preventDefault();
      this.paintTo(this.brush[0] + step[0], this.brush[1] + step[1]);
    });
    this.$("#hide").addEventListener("change", () => this.hide());
    this.$("#next-image").addEventListener("click", () => {
      this.number = (this.number + 1) % (this.examples.length / this.pixels);
      this.takeImage();
      this.change();
    });
    this.$("#new-completions").addEventListener("click", () => {
      this.noise = this.noise.map(() => this.network.draw());
      this.change();
    });
  }

  // The image as G completes it with z; what is visible is the image's own.
  completed(z) {
    for (let i = 0; i < this.pixels; i++) {
      this.condition[i] = this.visible[i] ? this.image[i] : 0;
      this.condition[this.pixels + i] = this.visible[i];
    }
    this.network.give(this.condition);
    const made = Float32Array.from(this.network.outputOf(z), (value, i) => (this.visible[i] ? this.image[i] : value));
    this.network.choose(0);
    return made;
  }

  stamped(values) {
    this.stamp.getContext("2d").putImageData(paint(values, this.show, this.tile), 0, 0);
    return this.stamp;
  }

  draw() {
    const { rows, columns, black, white } = this.show;
    const ratio = rows / columns;
    const seen = this.image.map((value, i) => (this.visible[i] ? value : (black + white) / 2));
    const left = fitted(this.$("#hidden"), ratio);
    left.context.drawImage(this.stamped(seen), 0, 0, left.width, left.height);
    const scale = left.width / columns;
    left.context.strokeStyle = colour("--frame");
    left.context.lineWidth = 2;
    left.context.beginPath();
    left.context.arc(this.brush[0] * scale, this.brush[1] * scale, Math.max(1, columns / 12) * scale, 0, 2 * Math.PI);
    left.context.stroke();
    const right = fitted(this.$("#completed"), ratio);
    right.context.drawImage(this.stamped(this.completed(this.noise[0])), 0, 0, right.width, right.height);
    const mine = this.version;
    const row = Object.assign(document.createElement("canvas"), { width: COMPLETIONS * columns, height: rows });
    fewAFrame(COMPLETIONS, () => mine !== this.version, (number) => {
      row.getContext("2d").drawImage(this.stamped(this.completed(this.noise[number + 1])), number * columns, 0);
    }, () => {
      const below = fitted(this.$("#completions"), ratio / COMPLETIONS);
      below.context.drawImage(row, 0, 0, below.width, below.height);
    });
  }
}
