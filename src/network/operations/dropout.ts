/** Dropout as a function: what is random belongs to the layer that is being built. */
import { UsageError } from '../../core/errors.js';
import { rejectUnknownKeys, requireOneOf } from '../../core/options.js';
import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/value.js';
import { dropElements, dropPerSequence, type NoiseContext, requireRate } from '../layers/noise.js';
import { graphOfAll, requireAxis } from './apply.js';

const contexts = new WeakMap<Graph, NoiseContext>();

/** Calls a function in which `dropout` draws its masks as the layer that is being built does. */
export function withNoise<T>(context: NoiseContext, build: () => T): T {
  const before = contexts.get(context.graph);
  contexts.set(context.graph, context);
  try {
    return build();
  } finally {
    if (before === undefined) contexts.delete(context.graph);
    else contexts.set(context.graph, before);
  }
}

/** Settings of dropout. */
export interface DropoutSettings {
  /** Whether the same elements are dropped in all steps of a sequence; default false. */
  readonly perSequence?: boolean;
}

/**
 * Inverted dropout, [N, F] -> [N, F]: while training elements are dropped with the probability `rate`, the others divided by
 * 1 - rate; otherwise x as it is. For the build of a layer; a loss has nothing random.
 *
 * @param rate in [0, 0.999999]
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @throws {UsageError} `not_a_value`; `invalid_definition` outside the build of a layer
 * @see Srivastava et al. 2014; Gal & Ghahramani 2016 for one mask a sequence
 */
export function dropout(x: Value, rate: number, settings: DropoutSettings = {}): Value {
  rejectUnknownKeys('dropout', settings, ['perSequence']);
  const perSequence = requireOneOf('perSequence', settings.perSequence ?? false, [true, false]);
  requireRate('rate of dropout', rate);
  const graph = graphOfAll('dropout', { x });
  const context = contexts.get(graph);
  if (context === undefined) {
    throw new UsageError('invalid_definition', 'dropout: there is none outside the build of a layer', {
      function: 'dropout',
    });
  }
  if (!perSequence) return dropElements(context, x, rate);
  return dropPerSequence({ ...context, axis: requireAxis('dropout', 'x', x).axis }, x, rate);
}
