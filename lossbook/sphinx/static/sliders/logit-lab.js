import {binaryCrossEntropy, crossEntropy, sigmoid, softmax, sum} from "./maths.js";
import {Choice, Lab, Panel, Slider, draw, fixed, numbers} from "./lab.js";

const KINDS = ["s1", "s2"];

/**
 * Logits against probabilities, losses and gradients, as read by sigmoids and by a softmax.
 * Settings: `logits`, `names`, `target` (null: probabilities only), and `oneLogit`: a single sigmoid of the difference
 * of two logits.
 */
class LogitLab extends Lab {
  get heading() {
    return this.settings.oneLogit ? "One logit against two" : "The same logits, read in two ways";
  }

  makeControls({logits, names, target}) {
    const slider = (name, start) => new Slider({
      label: `logit of ${name}`, min: -6, max: 6, step: 0.1, start, origin: 0, show: (z) => fixed(z, 1)});
    const sliders = names.map((name, k) => [`logit${k}`, slider(name, logits[k])]);
    const truth = target === null ? [] : [["target", new Choice({label: "the truth", names, start: target})]];
    return Object.fromEntries([...sliders, ...truth]);
  }

  compute(state) {
    const {names, oneLogit} = this.settings;
    const {target = null} = state;
    const logits = names.map((_, k) => state[`logit${k}`]);
    const truth = names.map((_, k) => Number(k === target));
    const shared = softmax(logits);
    const sigmoids = oneLogit ? readDifference(logits[1] - logits[0], target) : readEach(logits, truth);
    return {
      logits, target, difference: logits[1] - logits[0],
      sigmoid: sigmoids,
      softmax: {
        name: "softmax", lossName: "CE", probs: shared, gradient: shared.map((p, k) => p - truth[k]),
        loss: target === null ? null : crossEntropy(logits, target),
      },
    };
  }

  legend({sigmoid: one, softmax: other}) {
    return [one, other].map(({name}, i) => [`${KINDS[i]} box`, name]);
  }

  pictures(values, width) {
    const show = (tick) => fixed(tick, tick % 1 ? 1 : 0);
    const panel = (title, range, ticks, height, label, of) => {
      const drawn = new Panel({width, height, title, label, x: {range: [0, 1], ticks: []}, y: {range, ticks, show}});
      this.#bars(drawn, values, of);
      return drawn;
    };
    const probability =
      panel("probability", [0, 1.12], [0, 0.5, 1], 190, `Probabilities. ${this.#list(values, "probs")}`, "probs");
    if (values.target === null) return [probability];
    return [probability, panel("gradient: probability minus truth", [-1.2, 1.2], [-1, 0, 1], 170,
      `Gradients. ${this.#list(values, "gradient")}`, "gradient")];
  }

  /** Two bars per class. The softmax's are outlined, so that colour is not the only difference. */
  #bars(panel, values, of) {
    const {names} = this.settings;
    const {left, right, bottom} = panel.box;
    const group = (right - left) / names.length;
    const bar = Math.min(64, group * 0.34);
    const zero = panel.y(0);
    names.forEach((name, k) => {
      const middle = left + group * (k + 0.5);
      [values.sigmoid[of][k], values.softmax[of][k]].forEach((value, i) => {
        if (value === null) return;
        const x = middle + (i - 1) * (bar + 4) + 2;
        const end = panel.y(value);
        const [top, height] = [Math.min(zero, end), Math.max(Math.abs(end - zero), 0.75)];
        panel.add(draw("rect", {class: `lb-lab__bar ${KINDS[i]}`, x, y: top, width: bar, height, rx: 1.5}));
        panel.text(x + bar / 2, value < 0 ? top + height + 14 : top - 5, fixed(value), {kind: "value"});
      });
      panel.text(middle, bottom + 18, k === values.target ? `${name} (true)` : name,
        {kind: k === values.target ? "title" : "tick"});
    });
  }

  readings({sigmoid: one, softmax: other, difference, target}) {
    const total = ({name, probs}) => [`${name}, sum`, fixed(sum(probs))];
    const loss = ({lossName, loss: value}) => [lossName, fixed(value, 3)];
    const first = this.settings.oneLogit ? [["the one logit", fixed(difference, 1)]] : [total(one), total(other)];
    return [numbers(target === null ? first : [...first, loss(one), loss(other)])];
  }

  #list({sigmoid: one, softmax: other}, of) {
    const {names} = this.settings;
    const each = ({name, [of]: numbersOf}) => {
      const heard = names.map((label, k) => [label, numbersOf[k]]).filter(([, value]) => value !== null);
      return `${name}: ${heard.map(([label, value]) => `${label} ${fixed(value)}`).join(", ")}.`;
    };
    return `${each(one)} ${each(other)}`;
  }

  describe(values) {
    const {sigmoid: one, softmax: other, target} = values;
    const probabilities = this.#list(values, "probs");
    if (target === null) return probabilities;
    return `${probabilities} ${[one, other].map(({lossName, loss}) => `${lossName} ${fixed(loss, 3)}`).join(", ")}.`;
  }
}

/** One yes-or-no question per logit; the losses are added up. */
const readEach = (logits, truth) => {
  const probs = logits.map(sigmoid);
  return {
    name: "sigmoid of each", lossName: "BCE, summed", probs, gradient: probs.map((p, k) => p - truth[k]),
    loss: sum(logits.map((z, k) => binaryCrossEntropy(z, truth[k]))),
  };
};

/** One question, whose logit is the difference of two. Only that one logit has a gradient. */
const readDifference = (difference, target) => ({
  name: "sigmoid of the difference", lossName: "BCE", probs: [sigmoid(-difference), sigmoid(difference)],
  gradient: [null, sigmoid(difference) - target], loss: binaryCrossEntropy(difference, target),
});

customElements.define("logit-lab", LogitLab);
