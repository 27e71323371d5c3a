/** Parameters of the library as variables of Keras. */
import type { KerasArray } from './keras-graph.js';

/** A parameter or a buffer of a model. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A vector as it is. */
export function vector({ data }: Tensor): KerasArray {
  return { shape: [data.length], data: data.slice() };
}

/** [G * units, inputs] -> [inputs, G * units], with the blocks of the gates in another order. */
export function kernelOfGates({ shape, data }: Tensor, order: readonly number[] = [0]): KerasArray {
  const [rows, columns] = shape as [number, number];
  const units = rows / order.length;
  const kernel = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    const from = (order[Math.floor(row / units)] as number) * units + (row % units);
    for (let column = 0; column < columns; column++) {
      kernel[column * rows + row] = data[from * columns + column] as number;
    }
  }
  return { shape: [columns, rows], data: kernel };
}

/** A bias with the blocks of the gates in another order. */
export function biasOfGates({ data }: Pick<Tensor, 'data'>, order: readonly number[]): Float32Array {
  const units = data.length / order.length;
  return data.map((_, at) => data[(order[Math.floor(at / units)] as number) * units + (at % units)] as number);
}

/** [units, steps, inputs] -> [steps, inputs, units]. */
export function convolutionKernel({ shape, data }: Tensor): KerasArray {
  const [units, steps, inputs] = shape as [number, number, number];
  const each = steps * inputs;
  const kernel = new Float32Array(data.length);
  for (let unit = 0; unit < units; unit++) {
    for (let at = 0; at < each; at++) kernel[at * units + unit] = data[unit * each + at] as number;
  }
  return { shape: [steps, inputs, units], data: kernel };
}
