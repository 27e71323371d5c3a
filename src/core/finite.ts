/** Whether numbers are finite. */

type Reals = Float32Array | Float64Array;

/** Whether all numbers are finite. Four sums, since one would wait for itself: a third of the time of a test of each number. */
export function areFinite(values: Reals): boolean {
  const whole = values.length - (values.length % 4);
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let at = 0; at < whole; at += 4) {
    a += (values[at] as number) * 0; // NaN for NaN and infinities
    b += (values[at + 1] as number) * 0;
    c += (values[at + 2] as number) * 0;
    d += (values[at + 3] as number) * 0;
  }
  for (let at = whole; at < values.length; at++) a += (values[at] as number) * 0;
  return a + b + c + d === 0;
}

/** Place of the first number that is not finite, or -1. */
export function firstNonFinite(values: Reals): number {
  if (areFinite(values)) return -1;
  return values.findIndex((value: number) => !Number.isFinite(value));
}
