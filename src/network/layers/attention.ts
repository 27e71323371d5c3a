/** Attention: at each step a sum of what stands at the steps of another sequence, weighted by how well they match. */
import { OptionError, ShapeError } from '../../core/errors.js';
import { describeValue, rejectUnknownKeys, requireNumber, requireOneOf } from '../../core/options.js';
import { describeExtent } from '../../graph/extent.js';
import { affine } from '../../graph/operations/linear.js';
import type { Value } from '../../graph/value.js';
import { requireInitializer } from '../initializers/initializer.js';
import type { BuildContext, LayerDefinition } from './layer.js';
import { hasSteps } from './rows.js';

/** How a query s and a step h of the memory are scored. */
export type AttentionScore = 'dot' | 'general' | 'additive';

/** Options of attention. */
export interface AttentionOptions {
  /**
   * - `dot`: s · h; both have the same width.
   * - `general`: W s · h, with a matrix of its own.
   * - `additive`: v · tanh(W_q s + W_k h + b).
   */
  readonly score: AttentionScore;
  /** Width of additive scores, integer >= 1; only for these, which need it. */
  readonly units?: number;
  /** Factor of the scores that are products; default 1. */
  readonly scale?: number;
  /** Initial values, as in layers/initializer; default that of the model. Scores that are `dot` have no weights. */
  readonly initializer?: string;
}

/** Frozen description of attention. */
export interface AttentionDescription extends AttentionOptions {
  readonly kind: 'attention';
}

const SCORES = ['dot', 'general', 'additive'] as const;

/**
 * Attention of queries [N, Q] over a memory [M, K], each on a time axis of its own: [N, K], at each step of the queries the mean of
 * the memory's steps of the same sample, weighted by the softmax of the scores.
 *
 * Inputs of the node: the query, then the memory. Parameters: `weight` [K, Q] of `general`; `query_weight` [units, Q],
 * `memory_weight` [units, K], `bias` [units] and `v` [units] of `additive`.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @example const node: NodeDescription = { name: 'context', layer: attention({ score: 'additive', units: 64 }), inputs: ['decoder', 'encoder'] };
 * @see Luong, Pham, Manning 2015 for `dot` and `general`; Bahdanau, Cho, Bengio 2015 for `additive`
 */
export function attention(options: AttentionOptions): AttentionDescription {
  rejectUnknownKeys('attention', options, ['score', 'units', 'scale', 'initializer']);
  const { units, scale, initializer } = options;
  const score = requireOneOf('score', options.score, SCORES);
  const refuse = (name: string, value: unknown, message: string): never => {
    throw new OptionError('invalid_option', `option '${name}' ${message}, got ${describeValue(value)}`, {
      name,
      value,
    });
  };
  if (score === 'additive') {
    requireNumber('units', units, { min: 1, integer: true });
    if (scale !== undefined) refuse('scale', scale, 'is for scores that are products');
  } else {
    if (units !== undefined) refuse('units', units, 'is for additive scores');
    if (scale !== undefined) requireNumber('scale', scale, { min: -1e30, max: 1e30 });
  }
  if (initializer !== undefined) {
    if (score === 'dot') refuse('initializer', initializer, 'is for scores with weights');
    requireInitializer(initializer);
  }
  return Object.freeze({ kind: 'attention', ...options });
}

/** @throws {ShapeError} `rank_mismatch` unless these are a query and a memory, each with steps */
function queryAndMemory(inputs: readonly Value[]): readonly [Value, Value] {
  const [query, memory] = inputs;
  if (query === undefined || memory === undefined || inputs.length !== 2) {
    const message = `attention takes two inputs, a query and a memory, got ${inputs.length}`;
    throw new ShapeError('rank_mismatch', message, { layer: 'attention', actual: inputs.length, expected: 2 });
  }
  for (const [what, value] of [['query', query] as const, ['memory', memory] as const]) {
    if (value.type === 'real' && hasSteps(value)) continue;
    const given = value.type === 'real' ? `${describeExtent(value.rows)} rows` : 'indices';
    const message = `the ${what} of attention has ${given}, expected real numbers for each step of a time axis`;
    throw new ShapeError('rank_mismatch', message, { layer: 'attention', input: what });
  }
  return [query, memory];
}

function dotContext({ graph }: BuildContext, query: Value, memory: Value, scale: number): Value {
  if (query.columns !== memory.columns) {
    const message = `attention with dot scores has a query of ${query.columns} columns and a memory of ${memory.columns}: these must be the same`;
    const details = { layer: 'attention', actual: query.columns, expected: memory.columns };
    throw new ShapeError('shape_mismatch', message, details);
  }
  return graph.apply('attention', { query, key: memory, value: memory }, { scale }).context;
}

/** The definition of attention. */
export const attentionLayer: LayerDefinition<AttentionDescription> = {
  kind: 'attention',
  fromOptions: attention,
  build({ score, units = 1, scale = 1, initializer }, context, inputs) {
    const [query, memory] = queryAndMemory(inputs);
    if (score === 'dot') return dotContext(context, query, memory, scale);
    const shared = { gates: 1, forgetGate: -1, initializer };
    const matrix = (name: string, rows: number, columns: number) =>
      context.parameter(name, {
        role: 'dense',
        rows,
        columns,
        shape: [rows, columns],
        fanIn: columns,
        units: rows,
        ...shared,
      });
    if (score === 'general') {
      return dotContext(
        context,
        affine(context, query, matrix('weight', memory.columns, query.columns)),
        memory,
        scale,
      );
    }
    const row = (name: string, role: 'dense' | 'denseBias') =>
      context.parameter(name, { role, rows: 1, columns: units, shape: [units], fanIn: units, units, ...shared });
    const queryWeight = matrix('query_weight', units, query.columns);
    const memoryWeight = matrix('memory_weight', units, memory.columns);
    const bias = row('bias', 'denseBias');
    const scored = {
      query: affine(context, query, queryWeight),
      key: affine(context, memory, memoryWeight, bias),
      v: row('v', 'dense'),
    };
    return context.graph.apply('additiveAttention', { ...scored, value: memory }).context;
  },
};
