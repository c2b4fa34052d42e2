// Draw each section that has data; the HTML of one without data says why.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const part = (id) => document.getElementById(id);
const networkOf = (player) => data[player] && new Network(data[player], part(`weights-${player}`).textContent.trim());

if (data.generator) {
  window.generator = networkOf("generator");
  window.discriminator = networkOf("discriminator");
  window.explorer = new Explorer(part("live"), generator, discriminator, data.show);
  if (data.paint) window.painter = new Painter(part("paint"), generator, data.show, data.paint);
}
if (data.curves) showCurves(part("curves"), data.curves);
if (data.epochs) showEpochs(part("epochs"), data.epochs);
for (const id of ["figure2", "figure3"]) {
  if (data[id]) new Sheet(part(id).querySelector("canvas"), data[id]);
}
for (const id of ["widths", "by-epoch"]) {
  if (data[id]) chart(part(id).querySelector(".chart"), data[id], part(id).querySelector("h3").textContent);
}
window.figure1 = new Figure1(part("figure1"), data.game);
window.theory = new Theory(part("theory"));
window.projector = bindProjector(part("projector"));
