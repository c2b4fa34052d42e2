// Projector mode: large type and one thing a screen, a section or one of its cards and charts; arrow keys and swipes to the
// side turn over, Escape ends it.
"use strict";

function bindProjector(button) {
  const root = document.documentElement;
  const partsOf = (section) => Array.from(section.querySelectorAll(":scope > .card, :scope .charts > figure"));
  const slides = [{ section: document.querySelector("header"), part: 0 }];
  for (const section of document.querySelectorAll("main > section")) {
    // What is no part of many, such as the words above them, goes with the first.
    for (let part = 0; part < Math.max(1, partsOf(section).length); part++) slides.push({ section, part });
  }
  const numberOf = (section) => slides.findIndex((slide) => slide.section === section);
  let at = 0;
  const show = (number) => {
    at = Math.min(slides.length - 1, Math.max(0, number));
    const { section, part } = slides[at];
    for (const slide of slides) slide.section.classList.toggle("slide", slide.section === section);
    section.classList.toggle("further", part > 0);
    partsOf(section).forEach((each, n) => each.classList.toggle("shown", n === part));
    scrollTo({ top: 0, behavior: "instant" });
    // Canvases of a section that was hidden had no width.
    dispatchEvent(new Event("resize"));
  };
  const set = (on) => {
    root.classList.toggle("projector", on);
    button.setAttribute("aria-pressed", String(on));
    if (on) return show(Math.max(0, numberOf(document.querySelector("section:target"))));
    dispatchEvent(new Event("resize"));
    if (at > 0) slides[at].section.scrollIntoView({ behavior: "instant" });
  };
  button.addEventListener("click", () => set(!root.classList.contains("projector")));
  addEventListener("keydown", (event) => {
    if (!root.classList.contains("projector") || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Escape") return set(false);
    const turn = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 }[event.key];
    // Arrow keys belong to a control that has the focus.
    const busy = event.target.closest("input, select, textarea, [role=slider], [role=application], canvas");
    if (!turn || (busy && event.key.startsWith("Arrow"))) return;
    event.preventDefault();
    show(at + turn);
  });
  // A swipe to the side, unless it begins where a drag to the side has a meaning of its own.
  let from = null;
  addEventListener("touchstart", (event) => {
    const own = event.target.closest("input, select, #map, #strip, #line, .u-over, .scroll, pre");
    from = own || event.touches.length > 1 ? null : [event.touches[0].clientX, event.touches[0].clientY];
  }, { passive: true });
  addEventListener("touchend", (event) => {
    if (from === null || !root.classList.contains("projector")) return;
    const [across, down] = [event.changedTouches[0].clientX - from[0], event.changedTouches[0].clientY - from[1]];
    from = null;
    if (Math.abs(across) > 60 && Math.abs(across) > 2 * Math.abs(down)) show(at - Math.sign(across));
  }, { passive: true });
  document.querySelectorAll("nav a").forEach((link) => link.addEventListener("click", () => {
    if (root.classList.contains("projector")) show(numberOf(document.querySelector(link.getAttribute("href"))));
  }));
  return { slides };
}
