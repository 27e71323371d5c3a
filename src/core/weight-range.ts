/** The weights by which a loss can weigh rows. */

/** The largest weight: 3e8 of them have a sum that float32 holds. */
const LARGEST_WEIGHT = 1e30;

/** The smallest weight above 0: its products with losses are far from those that float32 rounds to 0. */
const SMALLEST_WEIGHT = 1e-30;

/** What weights are, for messages. */
export const WEIGHT_RANGE = `0, or numbers from ${SMALLEST_WEIGHT} to ${LARGEST_WEIGHT}`;

/** Whether a loss can weigh by a number. */
export function isWeight(number: number): boolean {
  // The bounds themselves may have been rounded to float32.
  const rounded = Math.fround(number);
  return number === 0 || (rounded >= Math.fround(SMALLEST_WEIGHT) && rounded <= Math.fround(LARGEST_WEIGHT));
}
