import {binaryCrossEntropy, binaryCrossEntropySlope} from "./maths.js";
import {Choice, Lab, Panel, Slider, draw, fixed, significant, table} from "./lab.js";

const FORMS = {
  naive: ["−log(1 − sigmoid(x))", "−log(sigmoid(x))"],
  stable: ["−logsigmoid(−x)", "−logsigmoid(x)"],
};

/**
 * The loss of a yes or a no by two formulas, in four number formats, against the truth.
 *
 * Settings: `first`, the smallest logit; logits follow in steps of 1. `formats` holds for each format, form and label
 * the `losses` and `slopes` that torch computes in it, bit by bit. Only the truth is computed here, in float64.
 */
class PrecisionLab extends Lab {
  heading = "Where a formula breaks";

  makeControls({first, logit, formats, format}) {
    const names = Object.keys(formats);
    const count = formats[names[0]].naive[0].losses.length;
    return {
      format: new Choice({label: "format", names, start: names.indexOf(format)}),
      target: new Choice({label: "label", names: ["0, no", "1, yes"], start: 1}),
      logit: new Slider({
        label: "logit", min: first, max: first + count - 1, step: 1, start: logit, origin: 0,
        show: (x) => fixed(x, 0)}),
    };
  }

  compute({format, target, logit}) {
    const {first, formats} = this.settings;
    const name = Object.keys(formats)[format];
    const form = (kind) => {
      const {losses, slopes} = formats[name][kind][target];
      return {losses: losses.map(Number), slopes: slopes.map(Number)};
    };
    const truth = binaryCrossEntropy(logit, target);
    const at = ({losses, slopes}) => {
      const loss = losses[logit - first];
      return {loss, slope: slopes[logit - first], error: Math.abs(loss - truth) / truth};
    };
    const [naive, stable] = [form("naive"), form("stable")];
    return {
      format: name, target, logit, curves: {naive, stable}, naive: at(naive), stable: at(stable),
      truth: {loss: truth, slope: binaryCrossEntropySlope(logit, target)},
    };
  }

  legend({target}) {
    const forms = [["s2", FORMS.naive[target]], ["s1", FORMS.stable[target]]];
    return [...forms, ["wide", "the truth"], ["broken", "infinite or nan"]];
  }

  pictures(values, width) {
    const {first} = this.settings;
    const {target, logit, curves} = values;
    const logits = curves.naive.losses.map((_, i) => first + i);
    const ticks = [-100, -80, -60, -40, -20, 0, 20, 40];
    const x = {range: [first, logits.at(-1)], ticks, show: (tick) => fixed(tick, 0)};
    const panel = (title, height, y, of, exact) => {
      const drawn = new Panel({width, height, title, label: `${title}. ${this.describe(values)}`, x, y, left: 52});
      this.#broken(drawn, logits, curves.naive[of]);
      drawn.curve(logits.map((v) => [v, exact(v, target)]), "plain wide").upright(logit);
      return drawn.curve(logits.map((v, i) => [v, curves.stable[of][i]]), "s1")
        .curve(logits.map((v, i) => [v, curves.naive[of][i]]), "s2");
    };
    const powers = {range: [1e-18, 1e3], ticks: [1e-16, 1e-12, 1e-8, 1e-4, 1], log: true};
    const unit = target ? {range: [-1.15, 0.15], ticks: [-1, -0.5, 0]} : {range: [-0.15, 1.15], ticks: [0, 0.5, 1]};
    const inPowers = (tick) => significant(tick, 1);
    const inHalves = (tick) => fixed(tick, tick % 1 ? 1 : 0);
    return [
      panel("loss", 220, {...powers, show: inPowers}, "losses", binaryCrossEntropy),
      panel("gradient", 130, {...unit, show: inHalves}, "slopes", binaryCrossEntropySlope),
    ];
  }

  /** Shade the logits at which a number is infinite or not a number: one stretch, at one of the ends. */
  #broken(panel, logits, numbersThere) {
    const {top, bottom, left, right} = panel.box;
    const broken = logits.filter((_, i) => !Number.isFinite(numbersThere[i]));
    if (!broken.length) return;
    const [from, to] = [Math.max(panel.x(broken[0] - 0.5), left), Math.min(panel.x(broken.at(-1) + 0.5), right)];
    panel.add(draw("rect", {class: "lb-lab__broken", x: from, y: top, width: to - from, height: bottom - top}));
  }

  readings({target, naive, stable, truth}) {
    const row = (name, {loss, slope, error}) => [name, significant(loss), significant(slope), significant(error, 2)];
    const lines = table("Loss and gradient at this logit", ["loss", "gradient", "relative error"], [
      row(FORMS.naive[target], naive), row(FORMS.stable[target], stable),
      ["the truth", significant(truth.loss), significant(truth.slope), ""],
    ]);
    lines.className = "lb-lab__forms";
    return [lines];
  }

  describe({format, target, logit, naive, stable, truth}) {
    const said = (form, {loss, slope}) => `${form} gives ${significant(loss)} with gradient ${significant(slope)}`;
    return `${format}, logit ${fixed(logit, 0)}, label ${target}: ${said(FORMS.naive[target], naive)}, ` +
      `${said(FORMS.stable[target], stable)}, the truth is ${significant(truth.loss)}.`;
  }
}

customElements.define("precision-lab", PrecisionLab);
