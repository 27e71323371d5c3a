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
  return { from: tensor.name, count: sizeOf(tensor.shape), read: () => tensor.read() };
}

/** So many times the same number. */
export function constant(from: string, count: number, number: number): WeightSource {
  return { from, count, read: () => new Float32Array(count).fill(number) };
}

/** Where the number at each place of a parameter stands in the tensor. */
function gathered(tensor: SourceTensor, placeOf: (at: number) => number, count = sizeOf(tensor.shape)): WeightSource {
  const read = () => {
    const numbers = tensor.read();
    const result = new Float32Array(count);
    for (let at = 0; at < count; at++) result[at] = numbers[placeOf(at)] as number;
    return result;
  };
  return { from: tensor.name, count, read };
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
  return { from: tensor.name, count: sizeOf(tensor.shape), read };
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
  return gathered(tensor, place, columns);
}

/** A kernel [steps, inputs, outputs] -> [outputs, steps, inputs]. */
export function convolutionKernel(tensor: SourceTensor): WeightSource {
  const [steps, inputs, outputs] = tensor.shape as [number, number, number];
  const each = steps * inputs;
  return gathered(tensor, (at) => (at % each) * outputs + Math.floor(at / each));
}

/** A kernel [steps, inputs, multiplier] of a convolution of each input by itself -> [inputs * multiplier, steps, 1]. */
export function depthwiseKernel(tensor: SourceTensor): WeightSource {
  const [steps, inputs, multiplier] = tensor.shape as [number, number, number];
  return gathered(tensor, (at) => (at % steps) * inputs * multiplier + Math.floor(at / steps));
}
