/** Batch normalisation. */
import { rejectUnknownKeys, requireNumber, requireOneOf } from '../../core/options.js';
import type { Value } from '../../graph/value.js';
import { add, divide, multiply, subtract } from '../operations/elementwise.js';
import type { Operand } from '../operations/joined.js';
import { realInput } from './dense.js';
import type { BuildContext, LayerDefinition } from './layer.js';
import { EPSILON } from './layer-normalization.js';

/** Options of batch normalisation. */
export interface BatchNormalizationOptions {
  /** Added to the variance, in [1e-30, 1]; default 1e-5. */
  readonly epsilon?: number;
  /**
   * Part of the running statistics that those of a training step replace, in [0, 1]; default 0.1, as in PyTorch. null: the running
   * statistics are the mean of those of all training steps.
   */
  readonly momentum?: number | null;
  /** Scales and shifts each column by parameters; default true. */
  readonly affine?: boolean;
}

/** Frozen description of batch normalisation. */
export interface BatchNormalizationDescription extends BatchNormalizationOptions {
  readonly kind: 'batchNormalization';
}

/** Part of the running statistics that those of a step replace. */
const MOMENTUM = 0.1;

/** Rows that have a variance with the divisor R - 1. */
const LEAST_ROWS = 2;

/**
 * Normalises every column to mean 0 and variance 1, then scales and shifts it: [N, F] -> [N, F]. In training the statistics are those of
 * all valid rows of the batch (packed rows hold no padding), and running statistics follow them, the variance with the divisor N - 1;
 * everywhere else, in streams and decoders too, the running statistics are used. They are `NODE.running_mean` and `NODE.running_var` of
 * `model.buffers`: saved with the model, and changed by training steps alone. A training step with a single row is refused
 * (`too_few_rows`), one with statistics that are not finite too (`non_finite_buffer`). With `momentum` null there is a buffer
 * `NODE.num_batches_tracked`.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @example sequential([conv1d({ units: 32, kernelSize: 5, bias: false }), batchNormalization(), activation('relu'), gru({ units: 32 })], { features: 40 });
 * @see Ioffe & Szegedy 2015; agrees with torch.nn.BatchNorm1d over the concatenated rows
 */
export function batchNormalization(options: BatchNormalizationOptions = {}): BatchNormalizationDescription {
  rejectUnknownKeys('batchNormalization', options, ['epsilon', 'momentum', 'affine'], ['momentum']);
  const { epsilon, momentum, affine } = options;
  if (epsilon !== undefined) requireNumber('epsilon', epsilon, { min: 1e-30, max: 1 });
  if (momentum !== undefined && momentum !== null) requireNumber('momentum', momentum, { min: 0, max: 1 });
  if (affine !== undefined) requireOneOf('affine', affine, [true, false]);
  return Object.freeze({ kind: 'batchNormalization', ...options });
}

/** (1 - momentum) * before + momentum * now. @param momentum a number, or [1, 1] */
function moved(before: Value, now: Value, momentum: Operand): Value {
  const rest = typeof momentum === 'number' ? 1 - momentum : subtract(1, momentum);
  return add(multiply(before, rest), multiply(now, momentum));
}

/** What of the statistics a training step replaces: `momentum`, or 1 / n at step n where that is null. */
function partReplaced({ buffer, updateBuffer }: BuildContext, momentum: number | null): Operand {
  if (momentum !== null) return momentum;
  const before = buffer('num_batches_tracked', { rows: 1, columns: 1, shape: [1], initial: 0, least: 0 });
  const count = add(before, 1);
  updateBuffer(before, count);
  return divide(1, count);
}

/** The statistics to normalise by: those of the batch in training, which the running ones follow; else the running ones. */
function statisticsOf(context: BuildContext, x: Value, momentum: number | null): { mean: Value; variance: Value } {
  const { graph } = context;
  const size = { rows: 1, columns: x.columns, shape: [x.columns] };
  const mean = context.buffer('running_mean', { ...size, initial: 0 });
  const variance = context.buffer('running_var', { ...size, initial: 1, least: 0 });
  context.requireRows(x, LEAST_ROWS);
  const part = partReplaced(context, momentum);
  if (!context.training) return { mean, variance };
  const ofBatch = graph.apply('columnMoments', { x });
  context.updateBuffer(mean, moved(mean, ofBatch.mean, part));
  context.updateBuffer(variance, moved(variance, ofBatch.unbiased as Value, part));
  return ofBatch;
}

/** The definition of batch normalisation. */
export const batchNormalizationLayer: LayerDefinition<BatchNormalizationDescription> = {
  kind: 'batchNormalization',
  fromOptions: batchNormalization,
  build({ kind, epsilon = EPSILON, momentum = MOMENTUM, affine = true }, context, inputs) {
    const x = realInput(kind, inputs);
    const { columns } = x;
    const shared = { rows: 1, columns, shape: [columns], fanIn: columns, units: columns, gates: 1, forgetGate: -1 };
    const gain = affine ? context.parameter('weight', { role: 'gain', ...shared }) : undefined;
    const shift = affine ? context.parameter('bias', { role: 'shift', ...shared }) : undefined;
    const { mean, variance } = statisticsOf(context, x, momentum);
    return context.graph.apply('batchNormalization', { x, mean, variance, gain, shift }, { epsilon }).y;
  },
};
