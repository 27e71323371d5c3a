/** The layers of classifiers before the recurrent ones. */
import { batchNormalization } from '../../../network/layers/batch-normalization.js';
import { conv1d } from '../../../network/layers/conv1d.js';
import { activation, dropout } from '../../../network/layers/dense.js';
import type { AnyLayer } from '../../../network/layers/layers.js';
import { type InputEncoding, inputLayers } from '../../building-blocks/sequence-inputs.js';

/** Filters of each convolution. */
const FILTERS = 64;
/** Steps that each convolution reads; each leaves every second step. */
const KERNELS = [7, 5] as const;
const STRIDE = 2;

/** The options of these layers. */
export interface InputOptions {
  readonly embedding: number;
  readonly inputDropout: number | undefined;
}

/** An embedding with dropout for symbols, nothing for rows of numbers. */
export function classInputs(
  { embedding, inputDropout = 0 }: InputOptions,
  encoding: InputEncoding,
): readonly AnyLayer[] {
  const layers = inputLayers(encoding, embedding);
  return layers.length > 0 && inputDropout > 0 ? [...layers, dropout({ rate: inputDropout })] : layers;
}

/**
 * Convolutions with batch normalisation, as in the fully convolutional networks for time series, each of which halves the number of steps. They see short
 * outlines, so that the recurrent layers have a quarter of the steps to carry them through.
 *
 * @see Wang, Yan, Oates 2017, Time series classification from scratch with deep neural networks
 */
export function convolutions(front: 'none' | 'convolution' = 'none'): readonly AnyLayer[] {
  if (front === 'none') return [];
  return KERNELS.flatMap((kernelSize) => [
    conv1d({ units: FILTERS, kernelSize, stride: STRIDE, padding: 'same', bias: false }),
    batchNormalization(),
    activation('relu'),
  ]);
}
