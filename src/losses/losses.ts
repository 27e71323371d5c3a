/** Losses by name: what the targets are, and the operation that computes them. */
import type { Graph } from '../graph/graph.js';
import { only, type Value } from '../graph/value.js';

/** Name of a loss. */
export type LossName = 'softmaxCrossEntropy' | 'sigmoidCrossEntropy' | 'meanSquaredError';

/** All losses. */
export const LOSSES: readonly LossName[] = ['softmaxCrossEntropy', 'sigmoidCrossEntropy', 'meanSquaredError'];

/**
 * Emits a loss over all rows of `outputs` [R, C] against the input `target` and returns it [1, 1]. The rows R are those of
 * the outputs: N where they are given for every step, B for every sequence.
 *
 * - `softmaxCrossEntropy`: targets [R] are class indices 0..C-1, -1 leaves a row out; the mean over the others, in nats.
 * - `sigmoidCrossEntropy`: targets [R, C] in [0, 1]; the mean over rows of the sum over columns, in nats.
 * - `meanSquaredError`: targets [R, C]; the mean over all elements.
 */
export function emitLoss(graph: Graph, name: LossName, outputs: Value): Value {
  const { rows } = outputs;
  switch (name) {
    case 'softmaxCrossEntropy': {
      const targets = graph.indices('target', rows, outputs.columns, { ignore: true });
      return only(graph.apply('softmaxCrossEntropy', { logits: outputs, targets }), 'loss');
    }
    case 'sigmoidCrossEntropy': {
      const targets = graph.external('target', rows, outputs.columns);
      return only(graph.apply('sigmoidCrossEntropy', { logits: outputs, targets }), 'loss');
    }
    case 'meanSquaredError': {
      const target = graph.external('target', rows, outputs.columns);
      return only(graph.apply('meanSquaredError', { prediction: outputs, target }), 'loss');
    }
  }
}
