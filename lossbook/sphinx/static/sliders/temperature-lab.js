import {crossEntropy, mean, sigmoid, softmax, sum} from "./maths.js";
import {Lab, Panel, Slider, fixed, numbers, percent, significant} from "./lab.js";

const BINS = 10;
const PER_DECADE = 50;

/**
 * A temperature against the reliability diagram and the loss.
 * Settings: `logits`, a row for each sample (one number is the logit of a yes), and `targets`, the true classes.
 */
class TemperatureLab extends Lab {
  heading = "Divide all logits by one temperature";

  makeControls({logits, targets}) {
    this.rows = logits.map((row) => (row.length === 1 ? [0, row[0]] : row));
    const [low, high] = [-PER_DECADE, 1.5 * PER_DECADE];
    this.temperatures = Array.from({length: high - low + 1}, (_, i) => temperatureAt(low + i));
    this.losses = this.temperatures.map((t) => lossAt(this.rows, targets, t));
    this.best = this.temperatures[this.losses.indexOf(Math.min(...this.losses))];
    return {
      temperature: new Slider({
        label: "temperature", min: low, max: high, step: 1, start: 0, origin: 0, valueAt: temperatureAt,
        show: (t) => significant(t, 3)}),
    };
  }

  compute({temperature}) {
    const {targets} = this.settings;
    const said = this.rows.map((row, i) => statement(row.map((z) => z / temperature), targets[i]));
    const place = ({p}) => Math.min(Math.floor(p * BINS), BINS - 1);
    const bins = Array.from({length: BINS}, (_, b) => bin(said.filter((one) => place(one) === b)));
    const gaps = bins.map(({count, says, happened}) => (count ? (count / said.length) * Math.abs(says - happened) : 0));
    return {
      temperature, bins, best: this.best,
      loss: lossAt(this.rows, targets, temperature),
      ece: sum(gaps),
      sure: mean(said.map(({sure}) => sure)),
      accuracy: mean(said.map(({right}) => right)),
    };
  }

  legend() {
    return [["s1 round", "ten bins, by number of samples"], ["s2", "loss"], ["best", "lowest loss"]];
  }

  pictures(values, width) {
    const beside = width >= 560;
    const size = {width: beside ? Math.floor((width - 12) / 2) : width, height: beside ? 300 : 290};
    return [this.#reliability(values, size), this.#loss(values, size)];
  }

  #reliability({bins}, size) {
    const unit = {range: [-0.04, 1.04], ticks: [0, 0.5, 1]};
    const full = bins.filter(({count}) => count);
    const heard = full.map(({says, happened}) => `${percent(says, 0)} said, ${percent(happened, 0)} true`).join("; ");
    const panel = new Panel({
      ...size, title: "what comes true", x: {...unit, label: "what it says"}, y: unit,
      label: `Reliability diagram. ${heard}.`});
    panel.add(panel.line("plain", panel.x(0), panel.y(0), panel.x(1), panel.y(1)));
    for (const {says, happened, count} of full) {
      const [x, radius] = [panel.x(says), 2.5 + 13 * Math.sqrt(count / this.rows.length)];
      panel.add(panel.line("stem s1", x, panel.y(says), x, panel.y(happened))).dot(says, happened, "s1", radius);
    }
    return panel;
  }

  #loss({temperature, loss, best}, size) {
    const [low, high] = [this.temperatures[0], this.temperatures.at(-1)];
    const top = 2 * this.losses[this.temperatures.indexOf(1)];
    const step = [0.1, 0.2, 0.5, 1, 2, 5].find((candidate) => top / candidate <= 6);
    const ticks = Array.from({length: Math.floor(top / step) + 1}, (_, i) => i * step);
    const panel = new Panel({
      ...size, title: "loss of logits / T",
      x: {range: [low, high], ticks: [0.1, 1, 10], log: true, label: "temperature T"},
      y: {range: [0, top], ticks, show: (tick) => fixed(tick, step < 1 ? 1 : 0)},
      label: `The loss over the temperature, lowest at ${significant(best, 3)}. Here it is ${fixed(loss, 3)}.`});
    panel.upright(best, "best").curve(this.temperatures.map((t, i) => [t, this.losses[i]]), "s2");
    return loss <= top ? panel.dot(temperature, loss, "s2") : panel;
  }

  readings({loss, ece, sure, accuracy, best}) {
    return [numbers([
      ["loss", fixed(loss, 3)], ["lowest at T =", significant(best, 3)], ["ECE", fixed(ece, 3)],
      ["sure, on average", percent(sure)], ["right", percent(accuracy)],
    ])];
  }

  describe({temperature, loss, ece, sure, accuracy}) {
    return `With temperature ${significant(temperature, 3)} the loss is ${fixed(loss, 3)}, the calibration error ` +
      `${fixed(ece, 3)}. The model is ${percent(sure)} sure on average, and ${percent(accuracy)} right.`;
  }
}

const temperatureAt = (position) => 10 ** (position / PER_DECADE);

const lossAt = (rows, targets, temperature) =>
  mean(rows.map((row, i) => crossEntropy(row.map((z) => z / temperature), targets[i])));

/**
 * What the model says of one sample, and whether that came true: the probability of class 1 where there are two
 * classes, that of the predicted class where there are more.
 */
const statement = (row, target) => {
  if (row.length === 2) {
    const p = sigmoid(row[1] - row[0]);
    return {p, happened: target, sure: Math.max(p, 1 - p), right: Number(Number(row[1] > row[0]) === target)};
  }
  const p = Math.max(...softmax(row));
  const right = Number(row.indexOf(Math.max(...row)) === target);
  return {p, happened: right, sure: p, right};
};

const bin = (said) => ({
  count: said.length, says: mean(said.map(({p}) => p)), happened: mean(said.map(({happened}) => happened)),
});

customElements.define("temperature-lab", TemperatureLab);
