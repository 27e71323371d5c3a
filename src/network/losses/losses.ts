/** Losses by name: what the targets are, and the operation that computes them. */
import type { Graph } from '../../graph/graph.js';
import { only, type Value } from '../../graph/value.js';
import { type CtcOptions, emitCtc } from './ctc.js';
import { emitQuantile, type QuantileOptions } from './quantile.js';

/** Name of a loss. */
export type LossName = 'softmaxCrossEntropy' | 'sigmoidCrossEntropy' | 'meanSquaredError';

/** A CTC loss with its options. */
export interface CtcLossDescription extends CtcOptions {
  readonly kind: 'ctc';
}

/** A quantile loss with its levels. */
export interface QuantileLossDescription extends QuantileOptions {
  readonly kind: 'quantile';
}

/** A loss: its name, or for one with options a frozen description. */
export type LossDescription = LossName | CtcLossDescription | QuantileLossDescription;

/** All losses that have only a name. */
export const LOSSES: readonly LossName[] = ['softmaxCrossEntropy', 'sigmoidCrossEntropy', 'meanSquaredError'];

/** What the target of a loss is called in a graph. */
export interface TargetPlace {
  /** Name of the input of the program; default `target`. */
  readonly target?: string;
  /** Time axis of the labels of a CTC loss; default `labels`. */
  readonly labelAxis?: string;
}

/**
 * Emits a loss over all rows of `outputs` [R, C] against an input of the program and returns it [1, 1]. The rows R are those of
 * the outputs: N where they are given for every step, B for every sequence.
 *
 * - `softmaxCrossEntropy`: targets [R] are class indices 0..C-1, -1 leaves a row out; the mean over the others, in nats.
 * - `sigmoidCrossEntropy`: targets [R, C] in [0, 1]; the mean over rows of the sum over columns, in nats.
 * - `meanSquaredError`: targets [R, C]; the mean over all elements.
 * - `quantile`: targets [R, C / levels]; the mean over all targets and levels, as `emitQuantile` says.
 * - `ctc`: targets [M] on a time axis of their own, as `emitCtc` takes them.
 *
 * @throws {ShapeError} `shape_mismatch` for a CTC loss of outputs without steps, and for outputs that are no multiple of the
 *   levels of a quantile loss
 * @throws {OptionError} `invalid_option` for a blank that is no class
 */
export function emitLoss(graph: Graph, loss: LossDescription, outputs: Value, place: TargetPlace = {}): Value {
  const { rows } = outputs;
  const { target: name = 'target', labelAxis = 'labels' } = place;
  if (typeof loss !== 'string' && loss.kind === 'quantile') return emitQuantile(graph, outputs, name, loss);
  if (typeof loss !== 'string') {
    const { kind: _, ...options } = loss;
    const labels = graph.indices(name, graph.steps(labelAxis), outputs.columns, { ignore: true });
    return emitCtc(graph, outputs, labels, options).loss;
  }
  switch (loss) {
    case 'softmaxCrossEntropy': {
      const targets = graph.indices(name, rows, outputs.columns, { ignore: true });
      return only(graph.apply('softmaxCrossEntropy', { logits: outputs, targets }), 'loss');
    }
    case 'sigmoidCrossEntropy': {
      const targets = graph.external(name, rows, outputs.columns);
      return only(graph.apply('sigmoidCrossEntropy', { logits: outputs, targets }), 'loss');
    }
    case 'meanSquaredError': {
      const target = graph.external(name, rows, outputs.columns);
      return only(graph.apply('meanSquaredError', { prediction: outputs, target }), 'loss');
    }
  }
}
