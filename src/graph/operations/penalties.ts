/** Penalties on activations and on their change in time. Kernels: native/kernels/generic/losses/penalties.cc. */
import type { GradientRule, OperationDefinition } from '../operation.js';
import { only } from '../value.js';

/** The rule of a penalty whose operation `NAMEBackward` gives the gradient of x from dloss and x. */
function penaltyGradient(name: string): GradientRule {
  return (context) => {
    const operands = { dloss: context.gradient('loss'), x: context.value('x') };
    return { x: only(context.graph.apply(`${name}Backward`, operands), 'dx') };
  };
}

export const penaltyOperations: Readonly<Record<string, OperationDefinition>> = {
  meanSquare: { signature: 'x:R,C > loss:1,1', gradient: penaltyGradient('meanSquare') },
  meanSquareBackward: { signature: 'dloss:1,1 x:R,C > dx:R,C', role: 'backward', inPlace: { dx: 'x' } },
  temporalDifference: { signature: 'x:N,F > loss:1,1', gradient: penaltyGradient('temporalDifference') },
  temporalDifferenceBackward: { signature: 'dloss:1,1 x:N,F > dx:N,F', role: 'backward' },
};
