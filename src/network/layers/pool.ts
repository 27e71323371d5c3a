/** Pooling: from all steps of a sequence to one row. */
import { OptionError, ShapeError } from '../../core/errors.js';
import { describeValue, rejectUnknownKeys, requireNumber, requireOneOf } from '../../core/options.js';
import { describeExtent } from '../../graph/extent.js';
import { affine } from '../../graph/operations/linear.js';
import type { Value } from '../../graph/value.js';
import { requireInitializer } from '../initializers/initializer.js';
import { divide, exp, multiply, subtract, tanh } from '../operations/elementwise.js';
import { maxOverTime, sumOverTime } from '../operations/time.js';
import { realInput } from './dense.js';
import type { BuildContext, LayerDefinition } from './layer.js';
import { hasSteps } from './rows.js';

const KINDS = ['last', 'max', 'mean', 'attention'] as const;

/** Options of pooling. */
export interface PoolOptions {
  /**
   * - `last`: the sequence's own last step.
   * - `max`, `mean`: of each column over all steps of the sequence.
   * - `attention`: the mean of its steps h, weighted by the softmax over these steps of the learnt scores v · tanh(W h + b).
   */
  readonly over: (typeof KINDS)[number];
  /** Width of the scores, integer >= 1; only for `attention`. Default as many as the input has columns. */
  readonly units?: number;
  /** Initial values, as in layers/initializer; only for `attention`. Default that of the model. */
  readonly initializer?: string;
}

/** Frozen description of pooling over time. */
export interface PoolDescription extends PoolOptions {
  readonly kind: 'pool';
}

/** The operation of each kind of pooling without weights. */
const OPERATIONS = {
  last: { name: 'lastStep', attributes: {} },
  max: { name: 'maxOverTime', attributes: {} },
  mean: { name: 'sumOverTime', attributes: { mean: 1 } },
} as const;

/**
 * One row for each sequence: [N, F] -> [B, F].
 *
 * Parameters of `attention`: `weight` [units, F], `bias` [units], `v` [units]. The others have none.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @example const network = sequential([lstm({ units: 64 }), pool({ over: 'max' }), dense({ units: 2 })], { features: 7 });
 * @see Bahdanau, Cho, Bengio 2015 for the scores; Yang et al. 2016, "Hierarchical Attention Networks", for one vector v in the place of a query
 */
export function pool(options: PoolOptions): PoolDescription {
  rejectUnknownKeys('pool', options, ['over', 'units', 'initializer']);
  const { units, initializer } = options;
  const over = requireOneOf('over', options.over, KINDS);
  if (over !== 'attention') {
    for (const [name, value] of Object.entries({ units, initializer })) {
      if (value === undefined) continue;
      const message = `option '${name}' is for pooling over 'attention', and '${over}' has no weights, got ${describeValue(value)}`;
      throw new OptionError('invalid_option', message, { name, value });
    }
  }
  if (units !== undefined) requireNumber('units', units, { min: 1, integer: true });
  if (initializer !== undefined) requireInitializer(initializer);
  return Object.freeze({ kind: 'pool', ...options });
}

/** Scores of all steps, [N, F] -> [N, 1]. A product with v alone could not give high scores to large and to small entries alike. */
function scores(context: BuildContext, x: Value, units: number, initializer: string | undefined): Value {
  const shared = { units, gates: 1, forgetGate: -1, initializer };
  const { columns } = x;
  const weight = { role: 'dense', rows: units, columns, shape: [units, columns], fanIn: columns, ...shared } as const;
  const row = { rows: 1, columns: units, shape: [units], fanIn: units, ...shared } as const;
  const w = context.parameter('weight', weight);
  const b = context.parameter('bias', { role: 'denseBias', ...row });
  return affine(context, tanh(affine(context, x, w, b)), context.parameter('v', { role: 'dense', ...row }));
}

/** The mean over time weighted by the softmax of scores. The largest of a sequence is subtracted first, so that no power overflows. */
function attended(x: Value, stepScores: Value): Value {
  const powers = exp(subtract(stepScores, maxOverTime(stepScores)));
  return sumOverTime(multiply(x, divide(powers, sumOverTime(powers))));
}

/** @throws {ShapeError} `rank_mismatch` for rows that are no steps */
function requireSteps(x: Value): void {
  if (hasSteps(x)) return;
  const message = `pooling over attention has an input of ${describeExtent(x.rows)} rows, expected one row for each step`;
  throw new ShapeError('rank_mismatch', message, { layer: 'pool', actual: x.rows });
}

/** The definition of pooling. */
export const poolLayer: LayerDefinition<PoolDescription> = {
  kind: 'pool',
  fromOptions: pool,
  build({ kind, over, units, initializer }, context, inputs) {
    const x = realInput(kind, inputs);
    if (over === 'attention') {
      requireSteps(x);
      return attended(x, scores(context, x, units ?? x.columns, initializer));
    }
    const { name, attributes } = OPERATIONS[over];
    return context.graph.apply(name, { x }, attributes).y;
  },
};
