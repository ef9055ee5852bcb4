import {binaryCrossEntropy, binaryCrossEntropySlope, sigmoid} from "./maths.js";
import {Lab, Panel, Slider, fixed, numbers, significant, spread} from "./lab.js";

const EDGE = 8;

/**
 * Binary cross-entropy and its slope over the logit, for a label and a pos_weight.
 * Settings: `logit`, `target`, `posWeight` (the place of the first weight) and the list `posWeights`.
 */
class BceLab extends Lab {
  heading = "The curve, its slope and its lowest point";

  makeControls({logit, target, posWeight, posWeights}) {
    return {
      logit: new Slider({
        label: "logit", min: -EDGE, max: EDGE, step: 0.1, start: logit, origin: 0, show: (x) => fixed(x, 1)}),
      target: new Slider({label: "target", min: 0, max: 1, step: 0.05, start: target, show: (y) => fixed(y)}),
      posWeight: new Slider({
        label: "pos_weight", min: 0, max: posWeights.length - 1, step: 1, start: posWeight,
        origin: posWeights.indexOf(1), valueAt: (place) => posWeights[place], show: String}),
    };
  }

  compute({logit, target, posWeight}) {
    const odds = (posWeight * target) / (1 - target);
    return {
      logit, target, posWeight,
      prob: sigmoid(logit),
      loss: binaryCrossEntropy(logit, target, posWeight),
      slope: binaryCrossEntropySlope(logit, target, posWeight),
      bestLogit: Math.log(odds),
      bestProb: sigmoid(Math.log(odds)),
    };
  }

  legend({posWeight}) {
    const plain = posWeight === 1 ? [] : [["plain", "with pos_weight 1"]];
    return [["s1", "loss"], ["s2", "its slope"], ["best", "lowest point"], ...plain];
  }

  pictures(values, width) {
    const {target, posWeight} = values;
    const logits = spread(-EDGE, EDGE, 161);
    const of = (f, weight) => logits.map((x) => [x, f(x, target, weight)]);
    const panel = (title, height, f, value, kind, y) => {
      const drawn = new Panel({width, height, title, label: `${title}. ${this.describe(values)}`, x: axis, y});
      if (posWeight !== 1) drawn.curve(of(f, 1), "plain");
      if (Math.abs(values.bestLogit) <= EDGE) drawn.upright(values.bestLogit, "best");
      return drawn.curve(of(f, posWeight), kind).dot(values.logit, value, kind);
    };
    const axis = {range: [-EDGE, EDGE], ticks: [-8, -4, 0, 4, 8], show: (tick) => fixed(tick, 0)};
    const loss = panel("loss", 210, binaryCrossEntropy, values.loss, "s1",
      upTo(extreme(of(binaryCrossEntropy, posWeight))));
    const slope = panel("slope", 160, binaryCrossEntropySlope, values.slope, "s2",
      around(extreme(of(binaryCrossEntropySlope, posWeight))));
    return [this.#tangent(loss, values), slope];
  }

  /** A piece of the straight line that touches the curve, as long on the screen whatever its slope. */
  #tangent(panel, {logit, loss, slope}) {
    const [perX, perY] = [panel.x(1) - panel.x(0), panel.y(1) - panel.y(0)];
    const reach = 42 / Math.hypot(perX, perY * slope);
    return panel.curve([-reach, reach].map((step) => [logit + step, loss + step * slope]), "tangent");
  }

  readings({prob, loss, slope, bestProb}) {
    return [numbers([
      ["probability", fixed(prob, 3)], ["loss", significant(loss, 4)],
      ["slope", significant(slope, 4)], ["lowest at p =", fixed(bestProb, 3)],
    ])];
  }

  describe({logit, prob, loss, slope, bestProb}) {
    return `At logit ${fixed(logit, 1)} the probability is ${fixed(prob, 3)}, the loss ${significant(loss)} ` +
      `and its slope ${significant(slope)}. The loss is lowest at probability ${fixed(bestProb, 3)}.`;
  }
}

const extreme = (points) => Math.max(...points.map(([, y]) => Math.abs(y)));

/** The next number of the series 1, 2, 5, 10, 20 … */
const roundUp = (value) => {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((digit) => digit * power).find((candidate) => candidate >= value * (1 - 1e-9));
};

/** As few digits as a round number needs. */
const short = (value) => `${value < 0 ? "−" : ""}${Number(Math.abs(value).toPrecision(2))}`;

const upTo = (highest) => {
  const top = roundUp(highest);
  return {range: [0, top], ticks: [0, top / 2, top], show: short};
};

const around = (highest) => {
  const top = roundUp(highest);
  return {range: [-top, top], ticks: [-top, 0, top], show: short};
};

customElements.define("bce-lab", BceLab);
