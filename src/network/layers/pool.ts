/** Pooling: from all steps of a sequence to one row. */
import { rejectUnknownKeys, requireOneOf } from '../../core/options.js';
import { realInput } from './dense.js';
import type { LayerDefinition } from './layer.js';

/** Frozen description of pooling over time. */
export interface PoolDescription {
  readonly kind: 'pool';
  readonly over: 'last' | 'max' | 'mean';
}

/** The operation of each kind of pooling. */
const OPERATIONS = {
  last: { name: 'lastStep', attributes: {} },
  max: { name: 'maxOverTime', attributes: {} },
  mean: { name: 'sumOverTime', attributes: { mean: 1 } },
} as const;

/**
 * One row for each sequence: [N, F] -> [B, F].
 *
 * @param options.over `last`: the sequence's own last step; `max`, `mean`: of each column over all steps
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @example const network = sequential([lstm({ units: 64 }), pool({ over: 'max' }), dense({ units: 2 })], { features: 7 });
 */
export function pool(options: { readonly over: PoolDescription['over'] }): PoolDescription {
  rejectUnknownKeys('pool', options, ['over']);
  const over = requireOneOf('over', options.over, ['last', 'max', 'mean']);
  return Object.freeze({ kind: 'pool', over });
}

/** The definition of pooling. */
export const poolLayer: LayerDefinition<PoolDescription> = {
  kind: 'pool',
  fromOptions: pool,
  build({ kind, over }, { graph }, inputs) {
    const { name, attributes } = OPERATIONS[over];
    return graph.apply(name, { x: realInput(kind, inputs) }, attributes).y;
  },
};
