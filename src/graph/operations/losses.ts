/** Losses. Kernels: native/kernels/generic/losses/losses.cc. */
import { gradientRule, type NamedRule, type Reached, type Reads } from '../operation.js';

/** What the backward operation of a loss of predictions reads. */
function predicted(context: Reached<'loss'> & Reads<'prediction' | 'target'>) {
  return {
    dloss: context.gradient('loss'),
    prediction: context.value('prediction'),
    target: context.value('target'),
  };
}

export const lossRules: readonly NamedRule[] = [
  gradientRule('softmaxCrossEntropy', (context) => {
    const { dlogits } = context.graph.apply('softmaxCrossEntropyBackward', {
      dloss: context.gradient('loss'),
      logits: context.value('logits'),
      targets: context.value('targets'),
      lse: context.value('lse'),
    });
    return { logits: dlogits };
  }),
  gradientRule('sigmoidCrossEntropy', (context) => {
    const { dlogits } = context.graph.apply('sigmoidCrossEntropyBackward', {
      dloss: context.gradient('loss'),
      logits: context.value('logits'),
      targets: context.value('targets'),
    });
    return { logits: dlogits };
  }),
  gradientRule('meanSquaredError', (context) => ({
    prediction: context.graph.apply('meanSquaredErrorBackward', predicted(context)).dprediction,
  })),
  gradientRule('quantileLoss', (context) => {
    const attributes = { level: context.attribute('level') };
    return { prediction: context.graph.apply('quantileLossBackward', predicted(context), attributes).dprediction };
  }),
];
