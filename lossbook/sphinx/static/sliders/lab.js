// What all labs share: building elements, sliders and choices, axes, and the element itself.

const SVG = "http://www.w3.org/2000/svg";
let used = 0;

/** Return an id that nothing else on the page has. */
const freshId = (kind) => `lb-${kind}-${(used += 1)}`;

const build = (element, attributes, children) => {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.flat());
  return element;
};

/** Make an HTML element. */
export const make = (tag, attributes = {}, ...children) => build(document.createElement(tag), attributes, children);

/** Make an SVG element. */
export const draw = (tag, attributes = {}, ...children) =>
  build(document.createElementNS(SVG, tag), attributes, children);

/** A number with so many decimals, with a proper minus; never "−0.00". */
export const fixed = (value, decimals = 2) => {
  const text = Math.abs(value).toFixed(decimals);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
};

/** A number with so many significant digits, in the notation of torch where it is very small or large. */
export const significant = (value, digits = 4) => {
  if (Number.isNaN(value)) return "nan";
  const size = Math.abs(value);
  const sign = value < 0 ? "−" : "";
  if (size === Infinity) return `${sign}inf`;
  if (size === 0) return "0";
  if (size >= 1e-3 && size < 1e5) return sign + size.toPrecision(digits).replace(/e\+?.*$/, "");
  return sign + size.toExponential(digits - 1).replace("e-", "e−").replace("e+", "e");
};

export const percent = (share, decimals = 1) => (Number.isNaN(share) ? "none" : `${fixed(100 * share, decimals)}%`);

/** Numbers from first to last in equal steps, both ends included. */
export const spread = (first, last, count) =>
  Array.from({length: count}, (_, i) => first + ((last - first) * i) / (count - 1));

/**
 * A labelled range input, with its value beside it.
 * @param {object} options
 * @param {string} options.label
 * @param {number} options.min - of the position, as are max, step and start
 * @param {number} [options.origin] - where the coloured part of the track begins
 * @param {(position: number) => number} [options.valueAt] - the value at a position; the position itself if missing
 * @param {(value: number) => string} options.show - the value as text, for the eye and for screen readers
 */
export class Slider {
  constructor({label, min, max, step, start, origin = min, valueAt = (position) => position, show}) {
    const id = freshId("slider");
    Object.assign(this, {min, max, start, origin, valueAt, show});
    this.input = make("input", {type: "range", id, min, max, step, value: start});
    this.shown = make("span", {"aria-hidden": "true"});
    this.element = make("div", {class: "lb-lab__slider"}, make("label", {for: id}, label), this.input, this.shown);
    this.input.addEventListener("input", () => this.paint());
    this.paint();
  }

  get value() {
    return this.valueAt(Number(this.input.value));
  }

  reset() {
    this.input.value = this.start;
    this.paint();
  }

  paint() {
    const text = this.show(this.value);
    this.shown.textContent = text;
    this.input.setAttribute("aria-valuetext", text);
    const ends = [this.origin, Number(this.input.value)].sort((a, b) => a - b);
    ends.forEach((end, i) => this.input.style.setProperty(`--end-${i}`, (end - this.min) / (this.max - this.min)));
  }
}

/** A row of radio buttons; the value is the place of the chosen one. */
export class Choice {
  constructor({label, names, start}) {
    const group = freshId("choice");
    this.start = start;
    this.inputs = names.map((_, place) => make("input", {type: "radio", name: group, value: place}));
    const labels = this.inputs.map((input, place) => make("label", {}, input, make("span", {}, names[place])));
    const title = make("span", {id: freshId("title")}, label);
    this.element = make("div", {class: "lb-lab__choice", role: "radiogroup", "aria-labelledby": title.id},
      title, make("div", {}, labels));
    this.reset();
  }

  get value() {
    return this.inputs.findIndex((input) => input.checked);
  }

  reset() {
    this.inputs[this.start].checked = true;
  }
}

/**
 * One drawing with axes, in pixels: text keeps its size on a phone.
 * @param {object} options
 * @param {number} options.width
 * @param {number} options.height
 * @param {string} options.title - stands above the axes
 * @param {string} options.label - what a reader hears who does not see it
 * @param {{range: number[], ticks: number[], label?: string, log?: boolean, show?: (tick: number) => string}} options.x
 * @param {object} options.y - like x
 */
export class Panel {
  constructor({width, height, title, label, x, y, left = 40, bottom = x.label ? 44 : 26}) {
    const [top, right] = [30, 12];
    const scale = ({range, log}, from, to) => {
      const place = log ? Math.log10 : Number;
      const [low, high] = range.map(place);
      return (value) => from + ((place(value) - low) / (high - low)) * (to - from);
    };
    this.x = scale(x, left, width - right);
    this.y = scale(y, height - bottom, top);
    this.box = {left, top, right: width - right, bottom: height - bottom};
    this.clip = freshId("clip");
    this.element = draw("svg", {width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label});
    this.#frame(title, x, y, width);
  }

  #frame(title, x, y, width) {
    const {left, top, right, bottom} = this.box;
    const area = {x: left, y: top, width: right - left, height: bottom - top};
    this.add(draw("clipPath", {id: this.clip}, draw("rect", area)));
    for (const tick of y.ticks) {
      this.add(this.line("grid", left, this.y(tick), right, this.y(tick)));
      this.text(left - 7, this.y(tick) + 4, (y.show ?? String)(tick), {anchor: "end"});
    }
    for (const tick of x.ticks) {
      this.add(this.line("grid", this.x(tick), top, this.x(tick), bottom));
      this.text(this.x(tick), bottom + 18, (x.show ?? String)(tick));
    }
    const floor = y.log ? bottom : this.y(Math.max(0, y.range[0]));
    this.add(this.line("axis", left, floor, right, floor));
    this.text(2, 14, title, {anchor: "start", kind: "title"});
    if (x.label) this.text(width - 12, bottom + 36, x.label, {anchor: "end", kind: "name"});
  }

  add(...nodes) {
    this.element.append(...nodes);
    return this;
  }

  line(kind, x1, y1, x2, y2) {
    return draw("line", {class: `lb-lab__${kind}`, x1, y1, x2, y2});
  }

  text(x, y, content, {anchor = "middle", kind = "tick"} = {}) {
    return this.add(draw("text", {class: `lb-lab__${kind}`, x, y, "text-anchor": anchor}, content));
  }

  /** A curve through points in the units of the axes; points that are not finite leave a gap. */
  curve(points, kind) {
    let pen = "M";
    const path = points.map(([x, y]) => {
      const [px, py] = [this.x(x), Math.max(-1e4, Math.min(1e4, this.y(y)))];
      const step = Number.isFinite(y) ? `${pen}${px.toFixed(1)} ${py.toFixed(1)}` : "";
      pen = step ? "L" : "M";
      return step;
    });
    const look = {class: `lb-lab__curve ${kind}`, "clip-path": `url(#${this.clip})`};
    return this.add(draw("path", {...look, d: path.join("")}));
  }

  upright(x, kind = "cut") {
    return this.add(this.line(kind, this.x(x), this.box.top, this.x(x), this.box.bottom));
  }

  dot(x, y, kind, r = 6) {
    return this.add(draw("circle", {class: `lb-lab__dot ${kind}`, cx: this.x(x), cy: this.y(y), r}));
  }
}

/** A table with a heading for each column and each row. */
export const table = (caption, columns, rows) => {
  const head = columns.map((name) => make("th", {scope: "col"}, name));
  const body = rows.map(([name, ...cells]) =>
    make("tr", {}, make("th", {scope: "row"}, name), ...cells.map((cell) => make("td", {}, cell))));
  return make("table", {}, make("caption", {class: "lb-hidden"}, caption),
    make("thead", {}, make("tr", {}, make("td"), ...head)), make("tbody", {}, ...body));
};

/** Names and numbers, side by side. */
export const numbers = (pairs) =>
  make("dl", {}, pairs.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));

/**
 * The element that a chapter shows. Until a script runs it holds a table; then the lab stands in its place.
 *
 * A lab of one kind gives its `heading`, and the methods `makeControls(settings)`, `compute(state)`,
 * `legend(values)`, `pictures(values, width)`, `readings(values)` and `describe(values)`.
 */
export class Lab extends HTMLElement {
  connectedCallback() {
    if (this.controls) return;
    this.settings = JSON.parse(this.dataset.settings);
    this.controls = this.makeControls(this.settings);
    this.#furnish();
    this.addEventListener("input", () => this.#change());
    // To ask the page for a width would lay out what is far below the screen. This tells it once it is near.
    new ResizeObserver(([{contentRect}]) => this.#fit(contentRect.width)).observe(this.stage);
    this.#update();
  }

  #furnish() {
    const reset = make("button", {type: "button", class: "lb-lab__reset"}, "Reset");
    reset.addEventListener("click", () => {
      Object.values(this.controls).forEach((control) => control.reset());
      this.#change();
    });
    const heading = make("p", {class: "lb-lab__heading", id: freshId("lab")}, this.heading);
    this.stage = make("div", {class: "lb-lab__stage"});
    this.keys = make("p", {class: "lb-lab__legend", "aria-hidden": "true"});
    this.figures = make("div", {class: "lb-lab__numbers"});
    this.status = make("p", {class: "lb-hidden", role: "status"});
    const controls = Object.values(this.controls).map(({element}) => element);
    this.setAttribute("role", "group");
    this.setAttribute("aria-labelledby", heading.id);
    this.replaceChildren(make("div", {class: "lb-lab__top"}, heading, reset),
      make("div", {class: "lb-lab__controls"}, controls), this.keys, this.stage, this.figures, this.status);
  }

  #change() {
    this.#update();
    // Spoken once the reader stops moving, not at each step.
    clearTimeout(this.speaking);
    this.speaking = setTimeout(() => { this.status.textContent = this.describe(this.values); }, 400);
  }

  #update() {
    const state = Object.fromEntries(Object.entries(this.controls).map(([name, {value}]) => [name, value]));
    this.values = this.compute(state);
    this.keys.replaceChildren(...this.legend(this.values).map(([kind, name]) =>
      make("span", {}, make("i", {class: kind}), name)));
    this.figures.replaceChildren(...this.readings(this.values));
    this.#paint();
  }

  #fit(width) {
    if (width === this.width) return;
    this.width = width;
    this.#paint();
  }

  #paint() {
    if (this.width) this.stage.replaceChildren(...this.pictures(this.values, this.width).map(({element}) => element));
  }
}
