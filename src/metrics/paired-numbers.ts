/** Checks of the arguments of metrics: lists of the same length, and finite numbers. */
import { DataError, ShapeError } from '../core/errors.js';

/**
 * Refuses lists of different lengths.
 *
 * @throws {ShapeError} `length_mismatch` with both lengths
 */
export function requireSameLength(
  firstName: string,
  first: ArrayLike<number>,
  secondName: string,
  second: ArrayLike<number>,
): void {
  if (first.length === second.length) return;
  const message = `there are ${first.length} ${firstName}, but ${second.length} ${secondName}`;
  throw new ShapeError('length_mismatch', message, { [firstName]: first.length, [secondName]: second.length });
}

/**
 * Refuses numbers that are not finite.
 *
 * @throws {DataError} `non_finite_data` naming the number
 */
export function requireFinite(name: string, numbers: ArrayLike<number>): void {
  for (let index = 0; index < numbers.length; index++) {
    const value = numbers[index];
    if (Number.isFinite(value)) continue;
    throw new DataError('non_finite_data', `${name}[${index}] is ${value}, expected a finite number`, {
      name,
      index,
      value,
    });
  }
}
