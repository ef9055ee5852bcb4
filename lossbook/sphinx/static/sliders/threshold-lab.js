import {sigmoid, sum} from "./maths.js";
import {Lab, Panel, Slider, draw, fixed, make, numbers, percent, significant, table} from "./lab.js";

/**
 * A threshold against the confusion matrix and the precision-recall curve.
 *
 * Settings: the thresholds are (first + i) / perUnit, and `negatives[i]`, `positives[i]` count the scores from
 * threshold i up to the next one. So every count is exact, however many samples there are. `start` is a place in
 * these lists, `score` is "logit" or "probability", `names` are those of the negatives and of the positives.
 */
class ThresholdLab extends Lab {
  heading = "Move the threshold";

  makeControls({first, perUnit, positives, negatives, start, score}) {
    const decimals = Math.ceil(Math.log10(perUnit));
    const thresholds = positives.map((_, i) => (first + i) / perUnit);
    this.thresholds = thresholds;
    const from = (counts, i) => sum(counts.slice(i));
    this.all = thresholds.map((_, i) =>
      rates(from(positives, i), from(negatives, i), sum(positives), sum(negatives)));
    const isBeyond = (threshold) => score === "probability" && threshold > 1;
    const show = (place) => isBeyond(thresholds[place]) ? "above 1" : fixed(thresholds[place], decimals);
    return {
      place: new Slider({
        label: "threshold", min: 0, max: thresholds.length - 1, step: 1, start,
        origin: thresholds.length - 1, valueAt: (place) => place, show}),
    };
  }

  compute({place}) {
    return {place, threshold: this.thresholds[place], ...this.all[place]};
  }

  legend() {
    return this.settings.names.map((name, i) => [`s${i + 1} box`, name]);
  }

  pictures(values, width) {
    const beside = width >= 560;
    const size = {width: beside ? Math.floor((width - 12) / 2) : width, height: beside ? 260 : 230};
    return [this.#scores(values, size), this.#curve(values, size)];
  }

  /** How many samples have which score, on a logarithmic scale: the rare ones are to be seen, too. */
  #scores({threshold, tp, fp}, size) {
    const {negatives, positives, score, names} = this.settings;
    const [low, high] = [this.thresholds[0], this.thresholds.at(-1)];
    const width = Math.max(1, Math.round(negatives.length / 40));
    const grouped = [negatives, positives].map((counts) => group(counts, width));
    const top = 10 ** Math.ceil(Math.log10(Math.max(...grouped.flat(), 10)));
    const powers = Array.from({length: Math.round(Math.log10(top)) + 1}, (_, i) => 10 ** i);
    const panel = new Panel({
      ...size, title: "samples", x: {range: [low, high], ticks: ticks(low, high), label: score, show: tickText},
      y: {range: [0.7, top], ticks: powers, log: true, show: (tick) => tick.toLocaleString("en")}, left: 48,
      label: "Histogram of the scores, with the threshold. " +
        `At or above it: ${tp} of "${names[1]}" and ${fp} of "${names[0]}".`});
    const step = this.thresholds[1] - this.thresholds[0];
    const {left, right, bottom, top: ceiling} = panel.box;
    const cut = panel.x(threshold);
    const yes = {x: cut, y: ceiling, width: Math.max(right - cut, 0), height: bottom - ceiling};
    panel.add(draw("rect", {class: "lb-lab__said", ...yes}));
    grouped.forEach((counts, kind) => counts.forEach((count, i) => {
      if (!count) return;
      const [x, y] = [panel.x(low + i * width * step), panel.y(count)];
      const end = Math.min(panel.x(low + (i + 1) * width * step), right);
      const bar = {x, y, width: Math.max(end - x - 0.5, 0.5), height: bottom - y};
      panel.add(draw("rect", {class: `lb-lab__bar s${kind + 1} see-through`, ...bar}));
    }));
    panel.upright(threshold);
    const [anchor, gap] = cut > (left + right) / 2 ? ["end", -6] : ["start", 6];
    return panel.text(cut + gap, ceiling + 12, "says yes →", {anchor, kind: "title"});
  }

  #curve({recall, precision, base}, size) {
    const unit = {range: [0, 1.04], ticks: [0, 0.5, 1]};
    const known = this.all.filter((point) => !Number.isNaN(point.precision));
    const panel = new Panel({
      ...size, title: "precision", x: {...unit, label: "recall"}, y: unit,
      label: "Precision against recall for all thresholds. " +
        `Here: recall ${percent(recall)}, precision ${percent(precision)}.`});
    panel.add(panel.line("base", panel.x(0), panel.y(base), panel.x(1), panel.y(base)));
    panel.curve(known.map((point) => [point.recall, point.precision]), "s3");
    return Number.isNaN(precision) ? panel : panel.dot(recall, precision, "s3");
  }

  readings({threshold, tp, fp, fn, tn, precision, recall, fpr, accuracy}) {
    const {names: [negative, positive], score} = this.settings;
    const asProbability = score === "logit" ? [["that is p =", significant(sigmoid(threshold), 3)]] : [];
    const count = (number, name, of, right) => {
      const cell = make("span", {class: right ? "right" : "wrong", style: `--share: ${of ? number / of : 0}`});
      cell.append(make("b", {}, number.toLocaleString("en")), make("small", {}, name));
      return cell;
    };
    const confusion = table("Confusion matrix", ["says yes", "says no"], [
      [positive, count(tp, "TP", tp + fn, true), count(fn, "FN", tp + fn, false)],
      [negative, count(fp, "FP", fp + tn, false), count(tn, "TN", fp + tn, true)],
    ]);
    confusion.className = "lb-lab__confusion";
    return [confusion, numbers([
      ...asProbability,
      ["precision", percent(precision)], ["recall", percent(recall)],
      ["false-positive rate", percent(fpr, 2)], ["accuracy", percent(accuracy, 2)],
    ])];
  }

  describe({tp, fp, fn, tn, precision, recall, fpr}) {
    return `${tp} true positives, ${fp} false positives, ${fn} false negatives, ${tn} true negatives. ` +
      `Precision ${percent(precision)}, recall ${percent(recall)}, false-positive rate ${percent(fpr, 2)}.`;
  }
}

/** The counts and rates that follow from how many positives and negatives are reported. */
const rates = (tp, fp, positives, negatives) => {
  const [fn, tn] = [positives - tp, negatives - fp];
  const all = positives + negatives;
  return {
    tp, fp, fn, tn, precision: tp / (tp + fp), recall: tp / positives, fpr: fp / negatives,
    accuracy: (tp + tn) / all, base: positives / all,
  };
};

const group = (counts, width) =>
  Array.from({length: Math.ceil(counts.length / width)}, (_, i) => sum(counts.slice(i * width, (i + 1) * width)));

/** Four to seven round numbers between two ends. */
const ticks = (low, high) => {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((candidate) => candidate >= rough);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({length: Math.floor(high / step + 1e-9) - first + 1}, (_, i) => (first + i) * step);
};

const tickText = (tick) => fixed(tick, Number.isInteger(tick) ? 0 : 1);

customElements.define("threshold-lab", ThresholdLab);
