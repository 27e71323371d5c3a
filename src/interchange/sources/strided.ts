/** Numbers that are not stored in the order of their places. */

/**
 * The numbers of a tensor with its last index the fastest.
 *
 * @param strides how far apart neighbours of each axis are stored
 */
export function strided(stored: Float32Array, shape: readonly number[], strides: readonly number[]): Float32Array {
  const count = shape.reduce((product, size) => product * size, 1);
  const numbers = new Float32Array(count);
  const index = shape.map(() => 0);
  for (let at = 0, from = 0; at < count; at++) {
    numbers[at] = stored[from] as number;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis] as number;
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (shape[axis] as number)) break;
      from -= (strides[axis] as number) * (shape[axis] as number);
      index[axis] = 0;
    }
  }
  return numbers;
}
