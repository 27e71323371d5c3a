/** Tensors of Keras as parameters of the library. */
import type { WeightSource } from '../shared/imported-network.js';
import type { SourceTensor } from '../sources/source-tensor.js';

/** Rows that are transposed together. */
const ROWS = 64;

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** A tensor as it is. */
export function same(tensor: SourceTensor): WeightSource {
  return { from: tensor.name, count: sizeOf(tensor.shape), shape: tensor.shape, read: () => tensor.read() };
}

/** The only row of a tensor [1, columns], or one that is a row itself. */
export function rowOf(tensor: SourceTensor): WeightSource {
  return { ...same(tensor), shape: [sizeOf(tensor.shape)] };
}

/** So many times the same number. */
export function constant(from: string, count: number, number: number): WeightSource {
  return { from, count, shape: [count], read: () => new Float32Array(count).fill(number) };
}

/** These numbers. */
export function numberRow(from: string, numbers: readonly number[]): WeightSource {
  return { from, count: numbers.length, shape: [numbers.length], read: () => Float32Array.from(numbers) };
}

/** A parameter of some shape, with where the number at each of its places stands in the tensor. */
function gathered(tensor: SourceTensor, shape: readonly number[], placeOf: (at: number) => number): WeightSource {
  const count = sizeOf(shape);
  const read = () => {
    const numbers = tensor.read();
    const result = new Float32Array(count);
    for (let at = 0; at < count; at++) result[at] = numbers[placeOf(at)] as number;
    return result;
  };
  return { from: tensor.name, count, shape, read };
}

/**
 * [rows, G * units] -> [G * units, rows], with the blocks of the gates in another order.
 *
 * @param order the block of the tensor that each block of the parameter is
 */
export function transposedGates(tensor: SourceTensor, order: readonly number[]): WeightSource {
  const [rows, columns] = tensor.shape as [number, number];
  const units = columns / order.length;
  const read = () => {
    const numbers = tensor.read();
    const result = new Float32Array(numbers.length);
    // A few rows at a time, so that the lines of the cache that are read are used up.
    for (let top = 0; top < rows; top += ROWS) {
      const bottom = Math.min(top + ROWS, rows);
      for (let to = 0; to < columns; to++) {
        const from = (order[Math.floor(to / units)] as number) * units + (to % units);
        for (let row = top; row < bottom; row++) result[to * rows + row] = numbers[row * columns + from] as number;
      }
    }
    return result;
  };
  return { from: tensor.name, count: sizeOf(tensor.shape), shape: [columns, rows], read };
}

/** [rows, columns] -> [columns, rows]. */
export function transposed(tensor: SourceTensor): WeightSource {
  return transposedGates(tensor, [0]);
}

/** The row of a matrix, or a vector, with the blocks of the gates in another order. */
export function gatesOfRow(tensor: SourceTensor, order: readonly number[], row = 0): WeightSource {
  const columns = tensor.shape.at(-1) as number;
  const units = columns / order.length;
  const place = (at: number) => row * columns + (order[Math.floor(at / units)] as number) * units + (at % units);
  return gathered(tensor, [columns], place);
}

/** A kernel [steps, inputs, outputs] -> [outputs, steps, inputs]. */
export function convolutionKernel(tensor: SourceTensor): WeightSource {
  const [steps, inputs, outputs] = tensor.shape as [number, number, number];
  const each = steps * inputs;
  return gathered(tensor, [outputs, steps, inputs], (at) => (at % each) * outputs + Math.floor(at / each));
}

/** A kernel [steps, inputs, multiplier] of a convolution of each input by itself -> [inputs * multiplier, steps, 1]. */
export function depthwiseKernel(tensor: SourceTensor): WeightSource {
  const [steps, inputs, multiplier] = tensor.shape as [number, number, number];
  const shape = [inputs * multiplier, steps, 1];
  return gathered(tensor, shape, (at) => (at % steps) * inputs * multiplier + Math.floor(at / steps));
}
