/** Penalties on activations and on their change in time. Kernels: native/kernels/generic/losses/penalties.cc. */
import { gradientRule, type NamedRule, type Reached, type Reads } from '../operation.js';

function penalized(context: Reached<'loss'> & Reads<'x'>) {
  return { dloss: context.gradient('loss'), x: context.value('x') };
}

export const penaltyRules: readonly NamedRule[] = [
  gradientRule('meanSquare', (context) => ({
    x: context.graph.apply('meanSquareBackward', penalized(context)).dx,
  })),
  gradientRule('temporalDifference', (context) => ({
    x: context.graph.apply('temporalDifferenceBackward', penalized(context)).dx,
  })),
];
