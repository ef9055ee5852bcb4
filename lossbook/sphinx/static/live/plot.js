// Curves as SVG, in the colours of the page: styles come from live.css, so they follow light and dark.
import {el} from "./html.js";

const WIDEST = 640;
const HEIGHT = 270;
const LEFT = 58;
const RIGHT = 12;
const TOP = 12;
const BOTTOM = 40;

const svg = (name, attributes, ...children) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
};

// Round numbers across a range: steps of 1, 2 or 5 times a power of ten.
export const ticks = (low, high, about) => {
  const rough = (high - low) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({length: last - first + 1}, (_, i) => Number(((first + i) * step).toPrecision(12)));
};

const range = (numbers) => {
  const finite = numbers.filter((number) => number !== null);
  if (!finite.length) return [0, 1];
  const low = Math.min(...finite);
  const high = Math.max(...finite);
  if (low < high) return [low, high];
  const room = Math.abs(low) / 2 || 1;
  return [low - room, high + room];
};

const path = (x, y, across, up) => {
  let pen = "M";
  let d = "";
  x.forEach((value, i) => {
    if (value === null || y[i] === null) {
      pen = "M";
      return;
    }
    d += `${pen}${across(value).toFixed(1)} ${up(y[i]).toFixed(1)}`;
    pen = "L";
  });
  return d;
};

const text = (number) => String(number).replace("-", "−");

const described = ({x, xlabel, curves}, [low, high]) => {
  const names = curves.map((curve) => curve.label).filter(Boolean).join(", ");
  return `Plot of ${names || "a curve"} over ${xlabel || "x"} from ${low} to ${high}, ${x.length} points.`;
};

// A piece of the curve for the legend: with its dashes, as colours alone do not tell curves apart for everybody.
const sample = (number) => svg("svg", {viewBox: "0 0 28 10", class: "lb-live__sample", "aria-hidden": "true"},
  svg("path", {class: `lb-live__curve lb-live__series-${number}`, d: "M1 5H27"}));

// Drawn as wide as there is room, so that its text has the same size on a phone.
export const draw = (data, room) => {
  const width = Math.max(280, Math.min(WIDEST, room || WIDEST));
  const [left, right] = range(data.x);
  const [low, high] = range(data.curves.flatMap((curve) => curve.y));
  const air = 0.04 * (high - low);
  const across = (value) => LEFT + (width - LEFT - RIGHT) * (value - left) / (right - left);
  const up = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (high + air - value) / (high - low + 2 * air);
  const picture = svg("svg", {viewBox: `0 0 ${width} ${HEIGHT}`, role: "img",
    "aria-label": described(data, [left, right])});
  for (const tick of ticks(low - air, high + air, 5)) {
    picture.append(svg("path", {class: "lb-live__grid", d: `M${LEFT} ${up(tick)}H${width - RIGHT}`}),
      svg("text", {x: LEFT - 8, y: up(tick) + 5, "text-anchor": "end"}, text(tick)));
  }
  for (const tick of ticks(left, right, width / 80)) {
    picture.append(svg("text", {x: across(tick), y: HEIGHT - BOTTOM + 20, "text-anchor": "middle"}, text(tick)));
  }
  if (data.xlabel) {
    picture.append(svg("text", {x: (LEFT + width - RIGHT) / 2, y: HEIGHT - 4, "text-anchor": "middle"}, data.xlabel));
  }
  data.curves.forEach((curve, i) => picture.append(
    svg("path", {class: `lb-live__curve lb-live__series-${i + 1}`, d: path(data.x, curve.y, across, up)})));
  const legend = data.curves.filter((curve) => curve.label).map((curve) => el("li", {}, sample(data.curves.indexOf(curve) + 1),
    curve.label));
  return el("figure", {class: "lb-live__plot"}, picture, legend.length ? el("ul", {}, ...legend) : null);
};
