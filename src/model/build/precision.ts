/** The precisions that a model computes in. */
import type { Storage } from '../../graph/value.js';

/**
 * How the products with weights are computed. `float32`: in float32. `bf16`: weights, and what they are multiplied with, are rounded to
 * bfloat16 (8 bits of significand, the range of float32), and summed in float32. In both, parameters, optimizer, states, activations,
 * losses, normalisation and the sums of gradients over rows are float32; so gradients keep the range of float32, and no scaling of the
 * loss is needed.
 */
export type Precision = 'float32' | 'bf16';

/** How packed weights are stored in each precision; undefined: in the type of the arithmetic. */
const WEIGHTS: Readonly<Record<Precision, Storage | undefined>> = { float32: undefined, bf16: 'bfloat16' };

/** The names of the precisions. */
export const PRECISIONS = Object.keys(WEIGHTS) as readonly Precision[];

/** The setting of a graph whose weights are packed for a precision. */
export function graphPrecision(precision: Precision): { readonly weights?: Storage } {
  const weights = WEIGHTS[precision];
  return weights === undefined ? {} : { weights };
}
