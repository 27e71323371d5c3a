/** Embedding: indices to vectors. */
import { ShapeError } from '../../core/errors.js';
import { rejectUnknownKeys, requireNumber } from '../../core/options.js';
import { requireInitializer } from '../initializers/initializer.js';
import type { LayerDefinition } from './layer.js';

/** Options of an embedding. */
export interface EmbeddingOptions {
  /** Number of different indices, integer >= 1. */
  readonly size: number;
  /** Length of each vector, integer >= 1. */
  readonly units: number;
  /** Initial values, as in layers/initializer; default that of the model. */
  readonly initializer?: string;
}

/** Frozen description of an embedding. */
export interface EmbeddingDescription extends EmbeddingOptions {
  readonly kind: 'embedding';
}

/**
 * Embedding layer: packed indices [N] in 0..size-1 -> [N, units].
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @example const network = sequential([embedding({ size: 65, units: 128 }), lstm({ units: 256 }), dense({ units: 65 })]);
 */
export function embedding(options: EmbeddingOptions): EmbeddingDescription {
  rejectUnknownKeys('embedding', options, ['size', 'units', 'initializer']);
  requireNumber('size', options.size, { min: 1, integer: true });
  requireNumber('units', options.units, { min: 1, integer: true });
  if (options.initializer !== undefined) requireInitializer(options.initializer);
  return Object.freeze({ kind: 'embedding', ...options });
}

/** The definition of an embedding. */
export const embeddingLayer: LayerDefinition<EmbeddingDescription> = {
  kind: 'embedding',
  fromOptions: embedding,
  build({ size, units, initializer }, context, [ids]) {
    if (ids === undefined || ids.type !== 'int32') {
      throw new ShapeError('rank_mismatch', 'an embedding takes indices, its input holds real numbers');
    }
    const table = context.parameter('weight', {
      role: 'embedding',
      rows: size,
      columns: units,
      shape: [size, units],
      fanIn: size,
      units,
      gates: 1,
      forgetGate: -1,
      initializer,
    });
    return context.graph.apply('embedding', { ids, table }).y;
  },
};
