/** Constant matrices as weights. */
import type { OperatorContext } from '../operator-context.js';
import type { Constant } from '../value.js';

/** A matrix [rows, columns], row-major. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** Reads its numbers. */
  read(): Float32Array;
}

/**
 * A constant of two axes as a matrix. Axes of one element in front of them do not count.
 *
 * @param isTransposed whether its first axis becomes the columns
 */
export function numbers2d(context: OperatorContext, constant: Constant, isTransposed: boolean): Matrix {
  const shape = [...constant.shape];
  while (shape.length > 2 && shape[0] === 1) shape.shift();
  const [first, second] = shape;
  if (shape.length !== 2 || first === undefined || second === undefined) {
    return context.refuse(`a product with the constant [${constant.shape.join(', ')}], expected a matrix`);
  }
  if (!isTransposed) return { rows: first, columns: second, read: () => constant.float32() };
  const read = () => {
    const given = constant.float32();
    const numbers = new Float32Array(given.length);
    for (let row = 0; row < first; row++) {
      for (let column = 0; column < second; column++) {
        numbers[column * first + row] = given[row * second + column] as number;
      }
    }
    return numbers;
  };
  return { rows: second, columns: first, read };
}

/** Rows of a matrix in blocks of so many, in another order of the blocks. @returns a new array */
export function permutedBlocks(numbers: ArrayLike<number>, blocks: readonly number[], size: number): Float32Array {
  const permuted = new Float32Array(blocks.length * size);
  for (const [at, block] of blocks.entries()) {
    for (let each = 0; each < size; each++) permuted[at * size + each] = numbers[block * size + each] as number;
  }
  return permuted;
}
