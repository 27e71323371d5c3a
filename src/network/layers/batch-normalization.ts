/** Batch normalisation. */
import { rejectUnknownKeys, requireNumber, requireOneOf } from '../../core/options.js';
import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/value.js';
import { realInput } from './dense.js';
import type { BuildContext, LayerDefinition } from './layer.js';
import { EPSILON } from './layer-normalization.js';

/** Options of batch normalisation. */
export interface BatchNormalizationOptions {
  /** Added to the variance, in [1e-30, 1]; default 1e-5. */
  readonly epsilon?: number;
  /** Part of the running statistics that those of a training step replace, in [0, 1]; default 0.1, as in PyTorch. */
  readonly momentum?: number;
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
 * (`too_few_rows`).
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @example sequential([conv1d({ units: 32, kernelSize: 5, bias: false }), batchNormalization(), activation('relu'), gru({ units: 32 })], { features: 40 });
 * @see Ioffe & Szegedy 2015; agrees with torch.nn.BatchNorm1d over the concatenated rows
 */
export function batchNormalization(options: BatchNormalizationOptions = {}): BatchNormalizationDescription {
  rejectUnknownKeys('batchNormalization', options, ['epsilon', 'momentum', 'affine']);
  const { epsilon, momentum, affine } = options;
  if (epsilon !== undefined) requireNumber('epsilon', epsilon, { min: 1e-30, max: 1 });
  if (momentum !== undefined) requireNumber('momentum', momentum, { min: 0, max: 1 });
  if (affine !== undefined) requireOneOf('affine', affine, [true, false]);
  return Object.freeze({ kind: 'batchNormalization', ...options });
}

/** (1 - momentum) * before + momentum * now. */
function moved(graph: Graph, before: Value, now: Value, momentum: number): Value {
  const a = graph.apply('scale', { x: before }, { factor: 1 - momentum }).y;
  const b = graph.apply('scale', { x: now }, { factor: momentum }).y;
  return graph.apply('add', { a, b }).y;
}

/** The statistics to normalise by: those of the batch in training, which the running ones follow; else the running ones. */
function statisticsOf(context: BuildContext, x: Value, momentum: number): { mean: Value; variance: Value } {
  const { graph } = context;
  const size = { rows: 1, columns: x.columns, shape: [x.columns] };
  const mean = context.buffer('running_mean', { ...size, initial: 0 });
  const variance = context.buffer('running_var', { ...size, initial: 1 });
  if (!context.training) return { mean, variance };
  const ofBatch = graph.apply('columnMoments', { x });
  context.requireRows(x, LEAST_ROWS);
  context.updateBuffer(mean, moved(graph, mean, ofBatch.mean, momentum));
  context.updateBuffer(variance, moved(graph, variance, ofBatch.unbiased as Value, momentum));
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
