// Images on canvases: one image from its values, and sheets of many images from one PNG.
"use strict";

// Pixels of an image from a row of a design matrix (channel by channel); show.black and show.white are values.
function paint(values, show, image) {
  const { data } = image;
  const pixels = image.width * image.height;
  const factor = 255 / (show.white - show.black);
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      const value = values[show.channels === 3 ? channel * pixels + pixel : pixel];
      data[4 * pixel + channel] = (value - show.black) * factor;
    }
    data[4 * pixel + 3] = 255;
  }
  return image;
}

// A canvas as sharp as the screen, at the size that the layout gives it; returns its context in CSS pixels.
function fitted(canvas, ratio) {
  const width = canvas.clientWidth;
  const height = ratio ? width * ratio : canvas.clientHeight;
  const dense = window.devicePixelRatio || 1;
  const [across, down] = [Math.round(width * dense), Math.round(height * dense)];
  const context = canvas.getContext("2d");
  // Where the size is the same, the page is not laid out again.
  if (canvas.width === across && canvas.height === down && context.reset) {
    context.reset();
  } else {
    canvas.style.height = `${height}px`;
    canvas.width = across;
    canvas.height = down;
  }
  context.scale(dense, dense);
  context.imageSmoothingEnabled = false;
  return { context, width, height };
}

// The height of a picture over its width, on wide screens and narrow ones; on a projector half the screen's at most.
function shapeOf(element, wide, narrow) {
  const ratio = element.clientWidth > 600 ? wide : narrow;
  const projected = document.documentElement.classList.contains("projector");
  return projected ? Math.min(ratio, (0.5 * innerHeight) / element.clientWidth) : ratio;
}

// Of small print on a canvas, in CSS pixels; larger in projector mode.
function textSize() {
  return 0.75 * parseFloat(getComputedStyle(document.documentElement).fontSize);
}

// How much larger than on a page, so that lines are as thick as the text beside them.
function textScale() {
  return textSize() / 12;
}

// Call follow(event, first) while a pointer drags over a canvas, done at the end. A finger taps or drags sideways: the
// browser keeps what goes up or down, to scroll.
function dragged(canvas, follow, done = () => {}) {
  let from = null;
  let following = false;
  canvas.addEventListener("pointerdown", (event) => {
    from = [event.clientX, event.clientY];
    following = event.pointerType !== "touch";
    canvas.setPointerCapture(event.pointerId);
    if (following) follow(event, true);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (from === null) return;
    const first = !following;
    following = following || Math.hypot(event.clientX - from[0], event.clientY - from[1]) > 8;
    if (following) follow(event, first);
  });
  canvas.addEventListener("pointerup", (event) => {
    if (from === null) return;
    if (!following) follow(event, true);
    from = null;
    done();
  });
  canvas.addEventListener("pointercancel", () => { from = null; });
}

// Make so many images, those that 12 ms suffice for in a frame, and draw them; nothing more once it is over.
function fewAFrame(count, over, make, draw) {
  let next = 0;
  const some = () => {
    if (over()) return;
    const until = performance.now() + 12;
    while (next < count && performance.now() < until) make(next++);
    draw();
    if (next < count) requestAnimationFrame(some);
  };
  requestAnimationFrame(some);
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// A sheet: {picture, columns, rows, framed}; `picture` is a PNG of the images side by side, without gaps.
class Sheet {
  constructor(canvas, sheet) {
    this.canvas = canvas;
    this.sheet = sheet;
    this.framed = new Set(sheet.framed || []);
    this.picture = new Image();
    this.ready = new Promise((resolve) => {
      this.picture.onload = () => { this.draw(); resolve(); };
    });
    this.picture.src = sheet.picture;
    addEventListener("resize", () => this.draw());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  draw(picture = this.picture) {
    if (!picture.complete || !picture.naturalWidth) return;
    this.picture = picture;
    const { columns, rows } = this.sheet;
    const tile = { width: picture.naturalWidth / columns, height: picture.naturalHeight / rows };
    const gap = this.canvas.clientWidth > 600 ? 4 : 2;
    const frame = gap > 2 ? 3 : 2;
    const side = (this.canvas.clientWidth - (columns - 1) * gap - 2 * frame) / columns;
    const tall = (side * tile.height) / tile.width;
    const { context } = fitted(this.canvas, (rows * tall + (rows - 1) * gap + 2 * frame) / this.canvas.clientWidth);
    for (let number = 0; number < rows * columns; number++) {
      const column = number % columns;
      const row = Math.floor(number / columns);
      const x = frame + column * (side + gap);
      const y = frame + row * (tall + gap);
      if (this.framed.has(number)) {
        context.fillStyle = colour("--frame");
        context.fillRect(x - frame, y - frame, side + 2 * frame, tall + 2 * frame);
      }
      context.drawImage(picture, column * tile.width, row * tile.height, tile.width, tile.height, x, y, side, tall);
    }
  }
}

// The samples of each saved epoch: one sheet and a slider.
function showEpochs(section, epochs) {
  const canvas = section.querySelector("canvas");
  const slider = section.querySelector("input");
  const label = section.querySelector("output");
  const play = section.querySelector("button");
  const pictures = epochs.frames.map((frame) => Object.assign(new Image(), { src: frame.picture }));
  const sheet = new Sheet(canvas, { ...epochs, picture: epochs.frames[epochs.frames.length - 1].picture });
  let timer = null;
  slider.max = epochs.frames.length - 1;
  slider.value = slider.max;
  const show = () => {
    const number = Number(slider.value);
    const epoch = epochs.frames[number].epoch;
    label.textContent = epoch === 0 ? "before training" : `after epoch ${epoch.toLocaleString("en")}`;
    canvas.setAttribute("aria-label", `${epochs.columns * epochs.rows} samples ${label.textContent}`);
    pictures[number].decode().then(() => sheet.draw(pictures[number]), () => {});
  };
  const stop = () => {
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
  };
  slider.addEventListener("input", () => { stop(); show(); });
  play.addEventListener("click", () => {
    if (timer !== null) return stop();
    if (slider.value === slider.max) slider.value = 0;
    show();
    play.textContent = "Stop";
    timer = setInterval(() => {
      slider.value = Number(slider.value) + 1;
      show();
      if (slider.value === slider.max) stop();
    }, 400);
  });
  show();
}
