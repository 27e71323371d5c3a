/** Checks whether two sides computed the same numbers. Otherwise their times cannot be compared. */
import { validStepsOf } from './problems.mjs';

const SAMPLES = 256;
const EPSILON = 2 ** -23;

/** Numbers spread evenly over a tensor. */
export function sampleOf(values) {
  return Array.from({ length: SAMPLES }, (_, k) => values[Math.floor((k * values.length) / SAMPLES)]);
}

/** Twice the tolerance that test/oracle/tolerance.ts derives for a float32 result: here both sides are rounded. */
function toleranceOf(problem, mode) {
  const { inputs, units, steps } = problem;
  const isBackward = mode === 'training';
  const terms = isBackward ? Math.max(inputs + units, validStepsOf(problem)) : inputs + units;
  return 2 * 4 * (isBackward ? 2 : 1) * Math.ceil(Math.log2(terms * steps)) * EPSILON;
}

/**
 * Compares samples of tensors, `{ name: numbers }`, with ours.
 *
 * @returns the largest error in tolerances, relative to the larger of the element and the root mean square
 * @throws {Error} when it is more than 1, or something is missing
 */
export function checkAgreement(who, problem, mode, ours, theirs) {
  const tolerance = toleranceOf(problem, mode);
  let worst = 0;
  for (const [name, expected] of Object.entries(ours)) {
    const actual = theirs[name];
    if (actual?.length !== expected.length) throw new Error(`${who} gives no ${name} to compare`);
    const rms = Math.sqrt(expected.reduce((sum, value) => sum + value * value, 0) / expected.length);
    for (const [k, value] of expected.entries()) {
      if (actual[k] === value) continue;
      const error = Math.abs(actual[k] - value) / (tolerance * Math.max(Math.abs(value), rms));
      if (!(error <= 1)) {
        throw new Error(`${who} computes other numbers: ${name} has ${actual[k]} where ours has ${value}`);
      }
      worst = Math.max(worst, error);
    }
  }
  return worst;
}
