// Curves with zoom (drag across; double-click to reset). The values under the pointer, the thumb or the keyboard's place
// are told below them; at rest, the last ones.
"use strict";

const LINES = ["--blue", "--orange", "--green", "--pink"];
const DASHES = [[], [7, 4], [2, 3], [9, 3, 2, 3]];

const figure = (value, digits = 4) => {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) return value.toExponential(digits - 2);
  return value.toLocaleString("en", { maximumSignificantDigits: digits });
};

// The marks of an axis, with so many digits that no two look alike.
function marked(ticks) {
  const shown = ticks.filter((tick) => tick !== null);
  const alike = (digits) => new Set(shown.map((tick) => figure(tick, digits))).size < shown.length;
  let digits = 4;
  while (digits < 12 && alike(digits)) digits++;
  return ticks.map((tick) => (tick === null ? "" : figure(tick, digits)));
}

// spec: {x, x_label, y_label, series: [{label, values, low, high}], x_log, level: {label, low, high}}
function chart(holder, spec, title) {
  let shown = null;
  const draw = () => {
    const box = Object.assign(document.createElement("div"), { className: "plot", tabIndex: 0 });
    const reading = Object.assign(document.createElement("p"), { className: "reading" });
    holder.replaceChildren(box, reading);
    const text = colour("--quiet");
    const font = `${textSize()}px system-ui, sans-serif`;
    const axis = (label, more) => ({
      label, labelSize: 1.7 * textSize(), labelGap: 0, size: 2.4 * textSize(), stroke: text,
      grid: { stroke: colour("--grid"), width: 1 }, ticks: { show: false }, font, labelFont: font, ...more,
    });
    const data = [spec.x];
    const series = [{ label: spec.x_label }];
    const bands = [];
    const add = (label, values, options) => {
      data.push(values);
      series.push({ label, spanGaps: false, ...options });
    };
    spec.series.forEach((line, number) => {
      const stroke = colour(LINES[number % LINES.length]);
      const few = spec.x.length <= 30;
      add(line.label, line.values, {
        stroke, width: 2 * textScale(), dash: DASHES[number % DASHES.length], points: { show: few, size: 6, fill: stroke },
      });
      if (line.low) {
        const top = data.length;
        const edge = { stroke: "transparent", points: { show: false } };
        add("one standard error above", line.high, edge);
        add("one standard error below", line.low, edge);
        bands.push({ series: [top, top + 1], fill: `${stroke}33` });
      }
    });
    if (spec.level) {
      const top = data.length;
      const flat = (value) => spec.x.map(() => value);
      const edge = { stroke: colour("--orange"), width: 1, dash: [4, 4], points: { show: false } };
      add(`${spec.level.label}, upper`, flat(spec.level.high), edge);
      add(`${spec.level.label}, lower`, flat(spec.level.low), edge);
      bands.push({ series: [top, top + 1], fill: `${colour("--orange")}33` });
    }
    const whole = { values: (plot, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? tick.toLocaleString("en") : "")) };
    const numbers = { values: (plot, ticks) => marked(ticks) };
    // A logarithmic axis is labelled at 1, 2 and 5 of each power of ten.
    const first = (tick) => Number(tick.toExponential()[0]);
    const widths = {
      filter: (plot, ticks) => ticks.map((tick) => ([1, 2, 5].includes(first(tick)) ? tick : null)),
      values: (plot, ticks) => ticks.map((tick) => (tick === null ? "" : figure(tick))),
    };
    const plot = new uPlot({
      width: holder.clientWidth,
      height: Math.max(230, Math.min(27 * textSize(), holder.clientWidth * shapeOf(holder, 0.55, 0.55))),
      scales: { x: { time: false, distr: spec.x_log ? 3 : 1 } },
      axes: [axis(spec.x_label, spec.x_log ? widths : whole), axis(spec.y_label, { size: 5.2 * textSize(), ...numbers })],
      cursor: { drag: { x: true, y: false }, focus: { prox: 24 } },
      legend: { show: false },
      hooks: { setCursor: [(plot) => tell(plot.cursor.idx ?? last)] },
      series, bands,
    }, data, box);
    const last = spec.x.length - 1;
    const said = (number) => [[spec.x_label, spec.x[number]], ...spec.series.map((line) => [line.label, line.values[number]])];
    const tell = (number) => {
      shown = number;
      const parts = said(number).map(([label, value], place) => {
        const part = document.createElement("span");
        part.append(`${label} `, Object.assign(document.createElement("b"), { textContent: figure(value) }));
        if (place) part.style.setProperty("--mark", colour(LINES[(place - 1) % LINES.length]));
        return part;
      });
      reading.replaceChildren(...parts);
      box.setAttribute("aria-valuenow", number);
      box.setAttribute("aria-valuetext", said(number).map(([label, value]) => `${label} ${figure(value)}`).join(", "));
    };
    const name = `${title}: ${spec.y_label} against ${spec.x_label}`;
    for (const [key, value] of Object.entries({ role: "slider", "aria-label": name, "aria-valuemin": 0, "aria-valuemax": last })) {
      box.setAttribute(key, value);
    }
    const canvas = box.querySelector("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", name);
    const goTo = (number) => {
      const at = Math.min(last, Math.max(0, number));
      plot.setCursor({ left: plot.valToPos(spec.x[at], "x"), top: 0 });
      tell(at);
    };
    box.addEventListener("keydown", (event) => {
      const far = Math.max(1, Math.round(last / 10));
      const moved = { ArrowLeft: shown - 1, ArrowRight: shown + 1, ArrowDown: shown - 1, ArrowUp: shown + 1,
        PageDown: shown - far, PageUp: shown + far, Home: 0, End: last }[event.key];
      if (moved === undefined) return;
      event.preventDefault();
      goTo(moved);
    });
    const touched = (event) => {
      if (event.pointerType === "mouse") return;
      const place = plot.over.getBoundingClientRect();
      plot.setCursor({ left: event.clientX - place.left, top: event.clientY - place.top });
    };
    for (const kind of ["pointermove", "pointerup"]) plot.over.addEventListener(kind, touched);
    tell(last);
    return plot;
  };
  let plot = draw();
  let width = holder.clientWidth;
  const again = () => { plot.destroy(); plot = draw(); };
  addEventListener("resize", () => {
    if (holder.clientWidth && holder.clientWidth !== width) { width = holder.clientWidth; again(); }
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  return { replace: (changed) => { spec = changed; again(); } };
}

function showCurves(section, curves) {
  const grid = section.querySelector(".charts");
  for (const group of curves.groups) {
    const figureBox = document.createElement("figure");
    const title = Object.assign(document.createElement("h3"), { textContent: group.title });
    const holder = Object.assign(document.createElement("div"), { className: "chart" });
    const note = Object.assign(document.createElement("figcaption"), { textContent: group.note });
    figureBox.append(title, holder, note);
    grid.append(figureBox);
    chart(holder, { x: curves.epochs, x_label: "epochs", ...group }, group.title);
  }
  const select = section.querySelector("select");
  for (const name of Object.keys(curves.channels)) select.append(new Option(name, name));
  select.value = curves.first;
  const spec = () => ({
    x: curves.epochs, x_label: "epochs", y_label: select.value.split("_").slice(-2).join(" "),
    series: [{ label: select.value, values: curves.channels[select.value].values }],
  });
  const showDoc = () => { section.querySelector("#channel-doc").textContent = curves.channels[select.value].doc; };
  const any = chart(section.querySelector("#any-channel"), spec(), "Any channel");
  showDoc();
  select.addEventListener("change", () => { any.replace(spec()); showDoc(); });
}
