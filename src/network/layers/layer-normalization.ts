/** Layer normalisation. */
import { rejectUnknownKeys, requireNumber } from '../../core/options.js';
import { realInput } from './dense.js';
import type { LayerDefinition } from './layer.js';

/** Added to the variance unless an option says otherwise. */
export const EPSILON = 1e-5;

/** Options of layer normalisation. */
export interface LayerNormalizationOptions {
  /** Added to the variance, in [1e-30, 1]; default 1e-5. */
  readonly epsilon?: number;
}

/** Frozen description of layer normalisation. */
export interface LayerNormalizationDescription extends LayerNormalizationOptions {
  readonly kind: 'layerNormalization';
}

/** Frozen copy of checked options. @throws {OptionError} `invalid_option`, `unknown_option` */
export function requireNormalization(options: LayerNormalizationOptions): LayerNormalizationOptions {
  rejectUnknownKeys('layerNormalization', options, ['epsilon']);
  if (options.epsilon !== undefined) requireNumber('epsilon', options.epsilon, { min: 1e-30, max: 1 });
  return Object.freeze({ ...options });
}

/**
 * Normalises every row to mean 0 and variance 1, then scales and shifts each column: [N, F] -> [N, F].
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @see Ba, Kiros, Hinton 2016; agrees with torch.nn.LayerNorm
 */
export function layerNormalization(options: LayerNormalizationOptions = {}): LayerNormalizationDescription {
  return Object.freeze({ kind: 'layerNormalization', ...requireNormalization(options) });
}

/** The definition of layer normalisation. */
export const layerNormalizationLayer: LayerDefinition<LayerNormalizationDescription> = {
  kind: 'layerNormalization',
  fromOptions: layerNormalization,
  build({ kind, epsilon = EPSILON }, context, inputs) {
    const x = realInput(kind, inputs);
    const { columns } = x;
    const shared = { rows: 1, columns, shape: [columns], fanIn: columns, units: columns, gates: 1, forgetGate: -1 };
    const gain = context.parameter('weight', { role: 'gain', ...shared });
    const shift = context.parameter('bias', { role: 'shift', ...shared });
    return context.graph.apply('layerNormalization', { x, gain, shift }, { epsilon }).y;
  },
};
