/** Where the tensors of PyTorch's state dicts differ from those of the library: convolutions have their last two axes exchanged. */
import { type AnyLayer, isKind } from '../network/layers/layers.js';

const isExchanged = (layer: AnyLayer | undefined, part: string) =>
  (isKind(layer, 'conv1d') || isKind(layer, 'columnConvolution')) && part === 'weight';

/** The shape that a parameter of a layer has in PyTorch, and the other way round. */
export function torchShape(layer: AnyLayer | undefined, part: string, shape: readonly number[]): readonly number[] {
  if (!isExchanged(layer, part)) return shape;
  const [units = 0, first = 0, second = 0] = shape;
  return [units, second, first];
}

/** A matrix of matrices [units, rows, columns] as [units, columns, rows]: a new array. */
function exchanged(numbers: Float32Array, [units = 0, rows = 0, columns = 0]: readonly number[]): Float32Array {
  const result = new Float32Array(numbers.length);
  for (let unit = 0; unit < units; unit++) {
    const begin = unit * rows * columns;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        result[begin + column * rows + row] = numbers[begin + row * columns + column] as number;
      }
    }
  }
  return result;
}

/** Numbers of PyTorch, of the shape that they have there, in the order of the library. */
export function torchToModel(
  layer: AnyLayer | undefined,
  part: string,
  shape: readonly number[],
  numbers: Float32Array,
): Float32Array {
  return isExchanged(layer, part) ? exchanged(numbers, shape) : numbers;
}

/** Numbers of the library, of the shape that they have there, in the order of PyTorch. */
export const modelToTorch = torchToModel;
