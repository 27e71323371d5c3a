/**
 * Connectionist temporal classification: the loss of frames against labels whose places in time are not known.
 * Source: Graves, Fernandez, Gomez, Schmidhuber, "Connectionist temporal classification", 2006.
 */
import { requireList, requireObject } from '../../core/arguments.js';
import { RangeIndexError, ShapeError } from '../../core/errors.js';
import { rejectUnknownKeys, requireNumber, requireOneOf } from '../../core/options.js';
import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/value.js';
import type { EmittedLoss, LossDefinition, LossDescriptionObject } from './loss.js';
import { sequenceWeights } from './weighting.js';

/**
 * How the losses of the sequences become one number. With weights each loss is multiplied by that of its sequence, and sequences and
 * frames are counted by them: the means are weighted ones.
 *
 * - `perLabel`: each divided by its number of labels, at least 1, then the mean over sequences; PyTorch's `mean`.
 * - `perSequence`: the mean over sequences.
 * - `perFrame`: the sum divided by the number of frames of all sequences.
 * - `sum`: the sum.
 */
export type CtcReduction = 'sum' | 'perLabel' | 'perSequence' | 'perFrame';

/** All of them, in the order of the operation's codes. */
const REDUCTIONS: readonly CtcReduction[] = ['sum', 'perLabel', 'perSequence', 'perFrame'];

/** Options of the loss. */
export interface CtcOptions {
  /** Class that stands for no label, 0..C-1; default 0. */
  readonly blank?: number;
  /** Default `perLabel`. */
  readonly reduction?: CtcReduction;
  /** Whether a sequence whose labels do not fit into its frames counts as 0, with no gradient; default false. */
  readonly zeroInfinity?: boolean;
}

/** Options of the loss as a description has them. */
export interface CtcLossOptions extends CtcOptions {
  /**
   * Weights of the sequences of frames. A batch has them among its targets, as `target/weights` or `OUTPUT/weights`: a Float32Array [B] of
   * 0 and of numbers from 1e-30 to 1e30. A sequence of weight 0 does not count, whatever its labels are. Default none. Frames have no loss of their own.
   */
  readonly weights?: 'sequence';
}

/** What stands behind the labels of a target, and is all of an empty one. */
export const END_OF_TARGET = -1;

/**
 * Emits the loss. Labels that are no target (a label equal to the blank, no end mark, -1 before it) have a NaN loss, labels
 * that do not fit an infinite one: both make the training step change nothing, and the gradients of their frames NaN.
 *
 * @param logits [N, C] on the time axis of the frames
 * @param labels [M, 1] int32 in -1..C-1 on another time axis: the labels of each target, then `END_OF_TARGET`. Frames belong
 *   with the target of the same sample
 * @param weights [B, 1] numbers >= 0, one for each sequence of frames; undefined for 1 each
 * @returns loss [1, 1] in nats; total [1, 1], the sum of the weights, by which a mean over sequences is divided; losses [B, 1], one for each sequence of frames, infinite ones too, without a gradient
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @throws {ShapeError} `shape_mismatch` when labels do not lie on a time axis
 */
export function emitCtc(
  graph: Graph,
  logits: Value,
  labels: Value,
  options: CtcOptions = {},
  weights?: Value,
): { loss: Value; losses: Value; total: Value } {
  rejectUnknownKeys('ctc', options, ['blank', 'reduction', 'zeroInfinity']);
  const attributes = {
    blank: requireNumber('blank', options.blank ?? 0, { integer: true, min: 0, max: logits.columns - 1 }),
    reduction: REDUCTIONS.indexOf(requireOneOf('reduction', options.reduction ?? 'perLabel', REDUCTIONS)),
    zeroInfinity: Number(requireOneOf('zeroInfinity', options.zeroInfinity ?? false, [false, true])),
  };
  const outputs = graph.apply('ctc', { logits, labels, weights }, attributes);
  return { loss: outputs.loss, losses: outputs.losses, total: outputs.total };
}

/** The definition of the loss. */
export const ctcLoss: LossDefinition<CtcLossOptions & LossDescriptionObject> = {
  kind: 'ctc',
  fromOptions(name, options) {
    rejectUnknownKeys(name, options, ['blank', 'reduction', 'zeroInfinity', 'weights']);
    if (options.weights !== undefined) requireOneOf(`${name}.weights`, options.weights, ['sequence']);
    return Object.freeze({ kind: 'ctc', ...options });
  },
  build({ kind: _, weights: per, ...options }, context): EmittedLoss {
    const { graph, outputs, labelAxis, target } = context;
    const labels = target({ rows: graph.steps(labelAxis), size: outputs.columns, ignore: true });
    const weights = sequenceWeights(context, per);
    const { loss, total } = emitCtc(graph, outputs, labels, options, weights);
    return { loss, total, isWeighted: weights !== undefined, isSum: options.reduction === 'sum' };
  },
};

/** Frames that a path through these labels takes at least: one each, and a blank between two that are the same. */
export function framesNeeded(labels: ArrayLike<number>): number {
  requireList('labels', labels);
  let frames = labels.length;
  for (let index = 1; index < labels.length; index++) frames += Number(labels[index] === labels[index - 1]);
  return frames;
}

/**
 * A target as the loss wants it: the labels, then `END_OF_TARGET`.
 *
 * @param labels may be empty
 * @param settings.classes C
 * @param settings.blank default 0
 * @param settings.frames when given, the labels must fit into so many
 * @throws {RangeIndexError} `index_out_of_range` for a label outside 0..C-1, or the blank
 * @throws {ShapeError} `length_mismatch` when the labels do not fit into the frames
 */
export function ctcTarget(
  labels: ArrayLike<number>,
  settings: { readonly classes: number; readonly blank?: number; readonly frames?: number },
): Int32Array {
  requireList('labels', labels);
  const { classes, blank = 0, frames } = requireObject('the settings of a target', settings);
  const target = new Int32Array(labels.length + 1).fill(END_OF_TARGET);
  for (let index = 0; index < labels.length; index++) {
    const label = labels[index] as number;
    if (!Number.isInteger(label) || label < 0 || label >= classes || label === blank) {
      const message = `label ${label} at position ${index} is none of 0..${classes - 1} without the blank ${blank}`;
      throw new RangeIndexError('index_out_of_range', message, { position: index, index: label, classes, blank });
    }
    target[index] = label;
  }
  const needed = framesNeeded(labels);
  if (frames !== undefined && needed > frames) {
    const message = `${labels.length} labels need at least ${needed} frames, the sequence has ${frames}`;
    throw new ShapeError('length_mismatch', message, { labels: labels.length, needed, frames });
  }
  return target;
}
