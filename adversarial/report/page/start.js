// Draw each section that has data; the HTML of one without data says why.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const part = (id) => document.getElementById(id);

if (data.generator) {
  const network = new Network(data.generator, part("weights").textContent.trim());
  window.generator = network;
  window.explorer = new Explorer(part("live"), network, data.show);
}
if (data.curves) showCurves(part("curves"), data.curves);
if (data.epochs) showEpochs(part("epochs"), data.epochs);
for (const id of ["figure2", "figure3"]) {
  if (data[id]) new Sheet(part(id).querySelector("canvas"), data[id]);
}
for (const id of ["widths", "by-epoch"]) {
  if (data[id]) chart(part(id).querySelector(".chart"), data[id]);
}
