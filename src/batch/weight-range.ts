/** The weights by which a loss can weigh rows. */

/** The largest weight: 3e8 of them have a sum that float32 holds. */
const LARGEST_WEIGHT = 1e30;

/** What weights are, for messages. */
export const WEIGHT_RANGE = `numbers from 0 to ${LARGEST_WEIGHT}`;

/** Whether a loss can weigh by a number. */
export function isWeight(number: number): boolean {
  return number >= 0 && number <= LARGEST_WEIGHT;
}
