/** Whether numbers are finite. */

type Reals = Float32Array | Float64Array;

/**
 * Whether all numbers are finite. Four sums, since one would wait for itself: a third of the time of a test of each number.
 *
 * @param count how many of them, from the first on; default all
 */
export function areFinite(values: Reals, count = values.length): boolean {
  const whole = count - (count % 4);
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let at = 0; at < whole; at += 4) {
    a += (values[at] as number) * 0; // NaN for NaN and infinities
    b += (values[at + 1] as number) * 0;
    c += (values[at + 2] as number) * 0;
    d += (values[at + 3] as number) * 0;
  }
  for (let at = whole; at < count; at++) a += (values[at] as number) * 0;
  return a + b + c + d === 0;
}

/** Place of the first number that is not finite, or -1. */
export function firstNonFinite(values: Reals): number {
  if (areFinite(values)) return -1;
  return values.findIndex((value: number) => !Number.isFinite(value));
}
