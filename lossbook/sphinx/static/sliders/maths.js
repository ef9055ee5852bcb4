// The formulas behind the labs, written so that no finite logit overflows and no small number loses its digits.

/** log(1 + exp(x)), which is −log σ(−x). */
export const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** σ(x). Only negative numbers are exponentiated. */
export const sigmoid = (x) => Math.exp(Math.min(x, 0)) / (1 + Math.exp(-Math.abs(x)));

export const sum = (values) => values.reduce((total, value) => total + value, 0);
export const mean = (values) => sum(values) / values.length;

/** log Σ exp(z), shifted by the largest logit. */
export const logsumexp = (logits) => {
  const largest = Math.max(...logits);
  return largest + Math.log(sum(logits.map((z) => Math.exp(z - largest))));
};

export const softmax = (logits) => {
  const total = logsumexp(logits);
  return logits.map((z) => Math.exp(z - total));
};

/** −log softmax(z)[target], from differences of logits, so that a loss near 0 keeps its digits. */
export const crossEntropy = (logits, target) => {
  const others = logits.filter((_, k) => k !== target).map((z) => z - logits[target]);
  return others.length ? softplus(logsumexp(others)) : 0;
};

/**
 * BCE of one logit, with a label between 0 and 1 and a weight on its yes-part:
 * −(w·y·log σ(x) + (1 − y)·log(1 − σ(x))).
 */
export const binaryCrossEntropy = (x, y, posWeight = 1) =>
  posWeight * y * softplus(-x) + (1 - y) * softplus(x);

/** Its derivative by x: (1 − y)·σ(x) − w·y·(1 − σ(x)). */
export const binaryCrossEntropySlope = (x, y, posWeight = 1) =>
  (1 - y) * sigmoid(x) - posWeight * y * sigmoid(-x);
