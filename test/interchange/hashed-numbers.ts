/** Numbers that goldens do not hold: an integer hash of place and tensor, as in golden/keras/hashed_numbers.py. */

/** 32 bits. */
export function bitsOf(tensor: number, place: number): number {
  let bits = Math.imul(place + 1, 0x9e3779b1) ^ Math.imul(tensor + 1, 0x85ebca6b);
  bits ^= bits >>> 15;
  bits = Math.imul(bits, 0x2c1b3c6d);
  bits ^= bits >>> 12;
  bits = Math.imul(bits, 0x297a2d39);
  return (bits ^ (bits >>> 15)) >>> 0;
}

/** Numbers in [-1, 1). */
export function hashed(tensor: number, count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, at) => (bitsOf(tensor, at) >>> 8) / 2 ** 23 - 1);
}

/** A variable of a Keras model: variances are positive, gains about 1. */
export function hashedWeight(tensor: number, role: string, count: number): Float32Array {
  const numbers = hashed(tensor, count);
  const isPositive = role === 'moving_variance' || role === 'gamma';
  return isPositive ? numbers.map((number) => Math.fround(number * 0.5) + 1) : numbers;
}
