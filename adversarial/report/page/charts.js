// Curves with zoom (drag across; double-click to reset) and the values under the pointer.
"use strict";

const LINES = ["--blue", "--orange", "--green", "--pink"];
const DASHES = [[], [7, 4], [2, 3], [9, 3, 2, 3]];

const figure = (value) => {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) return value.toExponential(2);
  return value.toLocaleString("en", { maximumSignificantDigits: 4 });
};

// spec: {x, x_label, y_label, series: [{label, values, low, high}], x_log, level: {label, low, high}}
function chart(holder, spec) {
  const draw = () => {
    holder.replaceChildren();
    const text = colour("--quiet");
    const axis = (label, more) => ({
      label, labelSize: 20, labelGap: 0, size: 28, stroke: text, grid: { stroke: colour("--grid"), width: 1 },
      ticks: { show: false }, font: "12px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif", ...more,
    });
    const data = [spec.x];
    const series = [{ label: spec.x_label, value: (_, value) => figure(value) }];
    const bands = [];
    const add = (label, values, options) => {
      data.push(values);
      series.push({ label, spanGaps: false, value: (_, value) => figure(value), ...options });
    };
    spec.series.forEach((line, number) => {
      const stroke = colour(LINES[number % LINES.length]);
      const few = spec.x.length <= 30;
      add(line.label, line.values, {
        stroke, width: 2, dash: DASHES[number % DASHES.length], points: { show: few, size: 6, fill: stroke },
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
    const numbers = { values: (plot, ticks) => ticks.map((tick) => (tick === null ? "" : figure(tick))) };
    // A logarithmic axis is labelled at 1, 2 and 5 of each power of ten.
    const first = (tick) => Number(tick.toExponential()[0]);
    const widths = {
      filter: (plot, ticks) => ticks.map((tick) => ([1, 2, 5].includes(first(tick)) ? tick : null)),
      values: (plot, ticks) => ticks.map((tick) => (tick === null ? "" : figure(tick))),
    };
    const plot = new uPlot({
      width: holder.clientWidth,
      height: Math.max(230, Math.min(320, holder.clientWidth * 0.55)),
      scales: { x: { time: false, distr: spec.x_log ? 3 : 1 } },
      axes: [axis(spec.x_label, spec.x_log ? widths : whole), axis(spec.y_label, { size: 62, ...numbers })],
      cursor: { drag: { x: true, y: false }, focus: { prox: 24 } },
      legend: { live: true },
      series, bands,
    }, data, holder);
    return plot;
  };
  let plot = draw();
  let width = holder.clientWidth;
  const again = () => { plot.destroy(); plot = draw(); };
  addEventListener("resize", () => {
    if (holder.clientWidth !== width) { width = holder.clientWidth; again(); }
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
    chart(holder, { x: curves.epochs, x_label: "epochs", ...group });
  }
  const select = section.querySelector("select");
  for (const name of Object.keys(curves.channels)) select.append(new Option(name, name));
  select.value = curves.first;
  const spec = () => ({
    x: curves.epochs, x_label: "epochs", y_label: select.value.split("_").slice(-2).join(" "),
    series: [{ label: select.value, values: curves.channels[select.value].values }],
  });
  const showDoc = () => { section.querySelector("#channel-doc").textContent = curves.channels[select.value].doc; };
  const any = chart(section.querySelector("#any-channel"), spec());
  showDoc();
  select.addEventListener("change", () => { any.replace(spec()); showDoc(); });
}
