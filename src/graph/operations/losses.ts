/** Losses. Kernels: native/kernels/generic/losses/losses.cc. Targets are data: no gradient flows into them. */
import type { GradientRule, OperationDefinition } from '../operation.js';
import { only } from '../value.js';

/**
 * The rule of a loss whose operation `NAMEBackward` gives the gradient of `output` from dloss and the operands named, with the
 * same attributes.
 */
function lossGradient(
  name: string,
  output: string,
  operands: readonly string[],
  attributes: readonly string[] = [],
): GradientRule {
  return (context) => {
    const given = Object.fromEntries(operands.map((operand) => [operand, context.value(operand)]));
    const numbers = Object.fromEntries(attributes.map((attribute) => [attribute, context.attribute(attribute)]));
    const gradients = context.graph.apply(`${name}Backward`, { dloss: context.gradient('loss'), ...given }, numbers);
    return { [output]: only(gradients, `d${output}`) };
  };
}

export const lossOperations: Readonly<Record<string, OperationDefinition>> = {
  softmaxCrossEntropy: {
    signature: 'logits:R,C targets:R,1:i > loss:1,1 lse:R,1',
    kept: ['lse'],
    gradient: lossGradient('softmaxCrossEntropy', 'logits', ['logits', 'targets', 'lse']),
  },
  softmaxCrossEntropyBackward: {
    signature: 'dloss:1,1 logits:R,C targets:R,1:i lse:R,1 > dlogits:R,C',
    role: 'backward',
    inPlace: { dlogits: 'logits' },
  },
  sigmoidCrossEntropy: {
    signature: 'logits:R,C targets:R,C > loss:1,1',
    constants: ['targets'],
    gradient: lossGradient('sigmoidCrossEntropy', 'logits', ['logits', 'targets']),
  },
  sigmoidCrossEntropyBackward: {
    signature: 'dloss:1,1 logits:R,C targets:R,C > dlogits:R,C',
    role: 'backward',
    inPlace: { dlogits: 'logits' },
  },
  meanSquaredError: {
    signature: 'prediction:R,C target:R,C > loss:1,1',
    constants: ['target'],
    gradient: lossGradient('meanSquaredError', 'prediction', ['prediction', 'target']),
  },
  meanSquaredErrorBackward: {
    signature: 'dloss:1,1 prediction:R,C target:R,C > dprediction:R,C',
    role: 'backward',
    inPlace: { dprediction: 'prediction' },
  },
  quantileLoss: {
    signature: 'prediction:R,C target:R,C > loss:1,1',
    attributes: 'level:0..1',
    constants: ['target'],
    gradient: lossGradient('quantileLoss', 'prediction', ['prediction', 'target'], ['level']),
  },
  quantileLossBackward: {
    signature: 'dloss:1,1 prediction:R,C target:R,C > dprediction:R,C',
    attributes: 'level:0..1',
    role: 'backward',
    inPlace: { dprediction: 'prediction' },
  },
};
