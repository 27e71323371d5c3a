/** Losses. Kernels: native/kernels/generic/losses/{softmax,losses}.cc. */
import { gradientRule, type MayRead, type NamedRule, type Reached, type Reads } from '../gradient-rule.js';

/** What the backward operation of a loss of predictions reads. */
function predicted(context: Reached<'loss'> & Reads<'prediction' | 'target'> & MayRead<'weights'>) {
  return {
    dloss: context.gradient('loss'),
    prediction: context.value('prediction'),
    target: context.value('target'),
    weights: context.optional('weights'),
  };
}

export const lossRules: readonly NamedRule[] = [
  gradientRule('softmaxCrossEntropy', (context) => {
    const operands = {
      dloss: context.gradient('loss'),
      logits: context.value('logits'),
      targets: context.value('targets'),
      lse: context.value('lse'),
      weights: context.optional('weights'),
      classWeights: context.optional('classWeights'),
    };
    const attributes = { smoothing: context.attribute('smoothing') };
    return { logits: context.graph.apply('softmaxCrossEntropyBackward', operands, attributes).dlogits };
  }),
  gradientRule('sigmoidCrossEntropy', (context) => {
    const { dlogits } = context.graph.apply('sigmoidCrossEntropyBackward', {
      dloss: context.gradient('loss'),
      logits: context.value('logits'),
      targets: context.value('targets'),
      weights: context.optional('weights'),
      positive: context.optional('positive'),
    });
    return { logits: dlogits };
  }),
  gradientRule('meanSquaredError', (context) => ({
    prediction: context.graph.apply('meanSquaredErrorBackward', predicted(context)).dprediction,
  })),
  gradientRule('meanAbsoluteError', (context) => ({
    prediction: context.graph.apply('meanAbsoluteErrorBackward', predicted(context)).dprediction,
  })),
  gradientRule('huberLoss', (context) => {
    const attributes = { delta: context.attribute('delta') };
    return { prediction: context.graph.apply('huberLossBackward', predicted(context), attributes).dprediction };
  }),
  gradientRule('quantileLoss', (context) => {
    const attributes = { level: context.attribute('level') };
    return { prediction: context.graph.apply('quantileLossBackward', predicted(context), attributes).dprediction };
  }),
];
