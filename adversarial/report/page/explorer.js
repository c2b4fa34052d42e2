// The live generator: a map of a plane of z space to drag over, the image at the handle with D's opinion of it, and all
// coordinates of z. Under a thumb, a swipe up or down scrolls the page wherever it begins, but on the handle of the map.
"use strict";

const MAP_SIDE = 9;
const CELL = 12;

class Explorer {
  constructor(section, network, judge, show) {
    this.network = network;
    this.judge = judge;
    this.show = show;
    this.$ = (selector) => section.querySelector(selector);
    this.tile = new ImageData(show.columns, show.rows);
    this.stamp = Object.assign(document.createElement("canvas"), { width: show.columns, height: show.rows });
    this.map = Object.assign(document.createElement("canvas"), {
      width: MAP_SIDE * show.columns, height: MAP_SIDE * show.rows,
    });
    this.held = new Array(network.inputs).fill(false);
    this.z = network.draw();
    this.at = [0.5, 0.5];
    this.onPlane = true;
    this.echoes = Array.from(section.querySelectorAll(".echo"));
    this.ends = [network.draw(), network.draw()];
    this.bindConditions(section);
    this.bindPlane();
    this.bindCoordinates();
    this.bindLine();
    this.newPlane();
    this.showLine();
    const redraw = () => { this.drawMap(); this.drawImage(); this.drawStrip(); this.showLine(); };
    addEventListener("resize", redraw);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  }

  // The condition: every image of the page is then drawn anew, with the z that it had.

  bindConditions(section) {
    for (const choice of section.querySelectorAll("[name=condition]")) {
      choice.addEventListener("change", () => {
        for (const player of [this.network, this.judge]) if (player) player.choose(Number(choice.value));
        this.startMap();
        this.showLine();
        this.setZ(this.z, this.onPlane);
      });
    }
  }

  // The plane: z as a function of the handle's position, from (0, 0) at the top left to (1, 1) at the bottom right.

  newPlane() {
    const mode = this.$("#plane").value;
    this.corners = Array.from({ length: mode === "corners" ? 4 : 2 }, () => this.network.draw());
    this.base = Float32Array.from(this.z);
    this.$("#axes").hidden = mode !== "coordinates";
    if (mode === "coordinates") this.readAxes();
    this.moveTo(...(mode === "coordinates" ? this.placeOfCoordinates() : [0.5, 0.5]));
    this.startMap();
  }

  readAxes() {
    this.axes = ["#axis-x", "#axis-y"].map((id) => {
      const field = this.$(id);
      const number = Math.min(this.network.inputs - 1, Math.max(0, Math.round(Number(field.value) || 0)));
      field.value = number;
      return number;
    });
  }

  placeOfCoordinates() {
    const reach = this.network.reach;
    return this.axes.map((axis) => Math.min(1, Math.max(0, (this.base[axis] + reach) / (2 * reach))));
  }

  pointAt(x, y) {
    const mode = this.$("#plane").value;
    const z = Float32Array.from(this.base);
    if (mode === "coordinates") {
      const reach = this.network.reach;
      z[this.axes[0]] = (2 * x - 1) * reach;
      z[this.axes[1]] = (2 * y - 1) * reach;
    } else if (mode === "random") {
      for (let i = 0; i < z.length; i++) {
        z[i] = 1.5 * ((2 * x - 1) * this.corners[0][i] + (2 * y - 1) * this.corners[1][i]);
      }
    } else {
      const weights = [(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y];
      // Weights whose squares add to 1 preserve the variance of z, so that points between samples are as likely.
      const norm = Math.hypot(...weights);
      for (let i = 0; i < z.length; i++) {
        z[i] = 0;
        for (let corner = 0; corner < 4; corner++) z[i] += (weights[corner] / norm) * this.corners[corner][i];
      }
    }
    for (let i = 0; i < z.length; i++) if (this.held[i]) z[i] = this.z[i];
    return z;
  }

  moveTo(x, y) {
    this.at = [x, y].map((value) => Math.min(1, Math.max(0, value)));
    this.setZ(this.pointAt(...this.at), true);
  }

  // A z that comes from elsewhere than the plane takes the handle off it.
  setZ(z, onPlane = false) {
    this.z = z;
    this.onPlane = onPlane;
    this.later("image", () => { this.drawImage(); this.drawStrip(); this.drawMap(); this.drawMark(); });
  }

  // Redraw at most once a frame, however many events there were.
  later(what, work) {
    this.waiting = this.waiting || {};
    if (this.waiting[what]) return;
    this.waiting[what] = true;
    requestAnimationFrame(() => { this.waiting[what] = false; work(); });
  }

  // The map: G over the plane, a few images a frame so that dragging never waits.

  startMap() {
    const mine = (this.mapNumber || 0) + 1;
    this.mapNumber = mine;
    fewAFrame(MAP_SIDE * MAP_SIDE, () => mine !== this.mapNumber, (number) => {
      const [column, row] = [number % MAP_SIDE, Math.floor(number / MAP_SIDE)];
      const z = this.pointAt(column / (MAP_SIDE - 1), row / (MAP_SIDE - 1));
      this.map.getContext("2d").putImageData(this.imageData(z), column * this.show.columns, row * this.show.rows);
    }, () => this.drawMap());
  }

  drawMap() {
    const canvas = this.$("#map");
    const { context, width } = fitted(canvas, this.show.rows / this.show.columns);
    const height = (width * this.show.rows) / this.show.columns;
    context.drawImage(this.map, 0, 0, width, height);
    this.$("#off-plane").hidden = this.onPlane;
    if (!this.onPlane) return;
    const [x, y] = this.handle(width, height);
    const radius = Math.max(12, width / MAP_SIDE / 2);
    for (const [line, stroke] of [[6, "rgba(0, 0, 0, .65)"], [3, colour("--frame")]]) {
      context.lineWidth = line;
      context.strokeStyle = stroke;
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  // The handle moves from the centre of the first image to the centre of the last.
  handle(width, height) {
    const place = (at, length) => (length / MAP_SIDE) * (0.5 + at * (MAP_SIDE - 1));
    return [place(this.at[0], width), place(this.at[1], height)];
  }

  bindPlane() {
    const canvas = this.$("#map");
    const follow = (event) => {
      const box = canvas.getBoundingClientRect();
      const at = (value, length) => ((value / length) * MAP_SIDE - 0.5) / (MAP_SIDE - 1);
      this.moveTo(at(event.clientX - box.left, box.width), at(event.clientY - box.top, box.height));
    };
    dragged(canvas, follow);
    canvas.addEventListener("touchstart", (event) => {
      const box = canvas.getBoundingClientRect();
      const [x, y] = this.handle(box.width, box.height);
      const touch = event.touches[0];
      // The handle itself follows the thumb in every direction.
      if (this.onPlane && Math.hypot(touch.clientX - box.left - x, touch.clientY - box.top - y) < 28) event.preventDefault();
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!step) return;
      event.preventDefault();
      this.moveTo(this.at[0] + step[0] / 40, this.at[1] + step[1] / 40);
    });
    for (const id of ["#plane", "#axis-x", "#axis-y"]) this.$(id).addEventListener("change", () => this.newPlane());
    this.$("#new-plane").addEventListener("click", () => this.newPlane());
    this.$("#new-sample").addEventListener("click", () => {
      this.setZ(this.network.draw().map((value, i) => (this.held[i] ? this.z[i] : value)));
      if (this.$("#plane").value === "coordinates") this.newPlane();
    });
  }

  // The image.

  imageData(z) {
    return paint(this.network.outputOf(z), this.show, this.tile);
  }

  // The image, here and beside each other control that moves z, and D's opinion of it.
  drawImage() {
    const started = performance.now();
    const values = this.network.outputOf(this.z);
    this.stamp.getContext("2d").putImageData(paint(values, this.show, this.tile), 0, 0);
    let opinion = "";
    if (this.judge) {
      const data = this.judge.outputOf(values)[0];
      this.$("#opinion").value = data;
      opinion = `D says: ${(100 * data).toFixed(data < 0.1 ? 1 : 0)} % data`;
      this.$("#opinion-said").textContent = opinion;
    }
    for (const canvas of [this.$("#image"), ...this.echoes]) {
      const { context, width } = fitted(canvas, this.show.rows / this.show.columns);
      context.drawImage(this.stamp, 0, 0, width, (width * this.show.rows) / this.show.columns);
      canvas.setAttribute("aria-label", `The image that G makes of z. ${opinion}`);
    }
    this.$("#cost").textContent = `${(performance.now() - started).toFixed(1)} ms`;
  }

  // The coordinates of z: for each a bar to drag, and below it a square that holds (fixes) the coordinate.

  bindCoordinates() {
    const canvas = this.$("#strip");
    let held = null;
    const follow = (event, first) => {
      const box = canvas.getBoundingClientRect();
      const { perRow, cell, tall } = this.grid();
      const row = Math.floor((event.clientY - box.top) / tall);
      const i = row * perRow + Math.min(perRow - 1, Math.floor((event.clientX - box.left) / cell));
      if (i < 0 || i >= this.network.inputs) return;
      const down = (event.clientY - box.top - row * tall) / tall;
      if (first) held = down > 0.8 ? !this.held[i] : null;
      if (held !== null) {
        this.held[i] = held;
        this.later("strip", () => this.drawStrip());
      } else {
        this.setCoordinate(i, (1 - (2 * Math.min(0.8, Math.max(0, down))) / 0.8) * this.network.reach);
      }
    };
    dragged(canvas, follow, () => this.startMap());
    const number = this.$("#coordinate");
    const value = this.$("#value");
    const hold = this.$("#hold");
    number.max = this.network.inputs - 1;
    value.min = -this.network.reach;
    value.max = this.network.reach;
    number.addEventListener("input", () => this.showCoordinate());
    value.addEventListener("input", () => this.setCoordinate(this.chosen(), Number(value.value)));
    value.addEventListener("change", () => this.startMap());
    hold.addEventListener("change", () => {
      this.held[this.chosen()] = hold.checked;
      this.drawStrip();
      this.startMap();
    });
    this.$("#hold-all").addEventListener("click", () => this.holdEach(true));
    this.$("#hold-none").addEventListener("click", () => this.holdEach(false));
  }

  holdEach(held) {
    this.held.fill(held);
    this.drawStrip();
    this.startMap();
  }

  chosen() {
    return Math.min(this.network.inputs - 1, Math.max(0, Math.round(Number(this.$("#coordinate").value) || 0)));
  }

  setCoordinate(i, value) {
    const z = Float32Array.from(this.z);
    z[i] = value;
    this.base[i] = value;
    if (this.$("#coordinate").value !== String(i)) this.$("#coordinate").value = i;
    this.setZ(z);
  }

  showCoordinate() {
    const i = this.chosen();
    this.$("#value").value = this.z[i];
    this.$("#value-said").textContent = this.z[i].toFixed(2);
    this.$("#hold").checked = this.held[i];
  }

  grid() {
    const width = this.$("#strip").clientWidth || 1;
    const rows = Math.ceil((this.network.inputs * CELL) / width);
    const perRow = Math.ceil(this.network.inputs / rows);
    return { perRow, cell: Math.min(width / perRow, 40), tall: 76, rows };
  }

  drawStrip() {
    const canvas = this.$("#strip");
    const { perRow, cell, tall, rows } = this.grid();
    const { context } = fitted(canvas, (rows * tall) / canvas.clientWidth);
    const [bar, pinned, line] = ["--blue", "--orange", "--line"].map(colour);
    const chosen = this.chosen();
    const half = 0.38 * tall;
    for (let i = 0; i < this.network.inputs; i++) {
      const x = (i % perRow) * cell;
      const middle = Math.floor(i / perRow) * tall + half + 2;
      context.fillStyle = line;
      context.fillRect(x, middle, cell, 1);
      const length = (Math.max(-1, Math.min(1, this.z[i] / this.network.reach)) * half);
      context.fillStyle = this.held[i] ? pinned : bar;
      context.globalAlpha = i === chosen || this.held[i] ? 1 : 0.7;
      context.fillRect(x + 1, Math.min(middle, middle - length), cell - 2, Math.abs(length));
      context.globalAlpha = 1;
      const side = Math.min(8, cell - 4);
      context.strokeStyle = this.held[i] ? pinned : line;
      context.fillStyle = pinned;
      context.lineWidth = 1.5;
      context.beginPath();
      context.rect(x + (cell - side) / 2, middle + half + 3, side, side);
      context.stroke();
      if (this.held[i]) context.fill();
    }
    const count = this.held.filter(Boolean).length;
    this.$("#held-said").textContent = `${count} of ${this.network.inputs} held`;
    this.showCoordinate();
  }

  // The straight line between two samples.

  bindLine() {
    const slider = this.$("#between");
    const along = () => {
      const t = Number(slider.value);
      this.setZ(this.ends[0].map((value, i) => (1 - t) * value + t * this.ends[1][i]));
    };
    slider.addEventListener("input", along);
    slider.addEventListener("change", () => { if (this.$("#plane").value === "coordinates") this.newPlane(); });
    this.$("#new-ends").addEventListener("click", () => {
      this.ends = [this.network.draw(), this.network.draw()];
      this.showLine();
      along();
    });
    dragged(this.$("#line"), (event) => {
      const box = this.$("#line").getBoundingClientRect();
      const count = this.stops();
      slider.value = (((event.clientX - box.left) / box.width) * count - 0.5) / (count - 1);
      along();
    });
    for (const [end, id] of ["#from-here", "#to-here"].entries()) {
      this.$(id).addEventListener("click", () => {
        this.ends[end] = Float32Array.from(this.z);
        slider.value = end;
        this.showLine();
      });
    }
  }

  stops() { return this.$("#line").clientWidth > 600 ? 13 : 7; }

  // A few images a frame, as the map.
  showLine() {
    const count = this.stops();
    const { rows, columns } = this.show;
    const along = Object.assign(document.createElement("canvas"), { width: count * columns, height: rows });
    this.along = along;
    fewAFrame(count, () => along !== this.along, (number) => {
      const t = number / (count - 1);
      const z = this.ends[0].map((value, i) => (1 - t) * value + t * this.ends[1][i]);
      along.getContext("2d").putImageData(this.imageData(z), number * columns, 0);
    }, () => this.drawMark());
  }

  // The images along the line, with a frame where the slider is.
  drawMark() {
    const count = this.stops();
    const { context, width, height } = fitted(this.$("#line"), this.show.rows / this.show.columns / count);
    context.drawImage(this.along, 0, 0, width, height);
    const side = width / count;
    context.strokeStyle = colour("--frame");
    context.lineWidth = 3;
    context.strokeRect(Number(this.$("#between").value) * (count - 1) * side + 1.5, 1.5, side - 3, height - 3);
  }
}
