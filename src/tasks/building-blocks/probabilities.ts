/** From logits to probabilities. */

/** Probabilities of one row of logits. */
export function probabilities(logits: ArrayLike<number>): number[] {
  const values = Array.from(logits);
  const most = values.reduce((largest, value) => Math.max(largest, value), Number.NEGATIVE_INFINITY);
  const exponentials = values.map((value) => Math.exp(value - most));
  const sum = exponentials.reduce((total, value) => total + value, 0);
  return exponentials.map((value) => value / sum);
}
