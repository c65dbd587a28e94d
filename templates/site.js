// Pages work without this file; it only adds.
"use strict";

// The left and right arrow keys move along a chart's points, Home and End to its ends.
for (const chart of document.querySelectorAll("svg.trend")) {
  const points = [...chart.querySelectorAll("a.point")];
  chart.addEventListener("keydown", (event) => {
    const at = points.indexOf(event.target.closest("a.point"));
    if (at < 0) return;
    const ofSeries = points.filter((point) => point.dataset.series === points[at].dataset.series);
    const place = ofSeries.indexOf(points[at]);
    const to = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: ofSeries.length - 1 }[event.key];
    if (to === undefined || !ofSeries[to]) return;
    event.preventDefault();
    points[at].setAttribute("tabindex", "-1");
    ofSeries[to].setAttribute("tabindex", "0");
    ofSeries[to].focus();
  });
}

// Show the text of the point under the pointer or the focus below the chart.
for (const figure of document.querySelectorAll("figure.trend-figure")) {
  const pointText = figure.querySelector(".point-text");
  if (!pointText) continue;
  const show = (event) => {
    const point = event.target.closest("a.point");
    if (point) pointText.textContent = point.getAttribute("aria-label");
  };
  figure.addEventListener("pointerover", show);
  figure.addEventListener("focusin", show);
}

// In a form with data-at-once, a changed choice submits the form, except one with data-waits.
for (const form of document.querySelectorAll("form[data-at-once]")) {
  for (const choice of form.querySelectorAll("select:not([data-waits]), input[type=checkbox]")) choice.addEventListener("change", () => form.requestSubmit());
}

for (const part of document.querySelectorAll("[data-scripts-only]")) part.hidden = false;

// A chosen file of references is put into the text area, so that the form needs no upload.
for (const file of document.querySelectorAll("input[data-fills]")) {
  file.addEventListener("change", async () => {
    if (file.files[0]) document.getElementById(file.dataset.fills).value = await file.files[0].text();
  });
}

// In a scan, keys move between papers and decide on the one in focus.
const scanned = [...document.querySelectorAll("article.scan-paper")];
if (document.querySelector("main.scan")) {
  if (scanned[0] && !location.hash) scanned[0].focus({ preventScroll: true });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
    if (event.key === "u") {
      document.querySelector(".scan-undo button")?.click();
      return;
    }
    const at = scanned.findIndex((paper) => paper.contains(document.activeElement));
    const action = { 1: "keep", 2: "skip", 3: "undecided" }[event.key];
    if (action) return scanned[Math.max(at, 0)]?.querySelector(`button[value=${action}]`).click();
    const to = { j: at + 1, ArrowDown: at + 1, ArrowRight: at + 1, k: at - 1, ArrowUp: at - 1, ArrowLeft: at - 1 }[event.key];
    if (to === undefined || !scanned[to]) return;
    event.preventDefault();
    scanned[to].focus();
  });
}
