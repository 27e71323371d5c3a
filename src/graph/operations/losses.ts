/** Losses. Kernels: native/kernels/generic/losses.cc. Targets are data: no gradient flows into them. */
import type { OperationDefinition } from '../operation.js';
import { only } from '../value.js';

export const lossOperations: Readonly<Record<string, OperationDefinition>> = {
  softmaxCrossEntropy: {
    signature: 'logits:R,C targets:R,1:i > loss:1,1 lse:R,1',
    gradient: (context) => ({
      logits: only(
        context.graph.apply('softmaxCrossEntropyBackward', {
          dloss: context.gradient('loss'),
          logits: context.value('logits'),
          targets: context.value('targets'),
          lse: context.value('lse'),
        }),
        'dlogits',
      ),
    }),
  },
  softmaxCrossEntropyBackward: {
    signature: 'dloss:1,1 logits:R,C targets:R,1:i lse:R,1 > dlogits:R,C',
    role: 'backward',
    inPlace: { dlogits: 'logits' },
  },
  sigmoidCrossEntropy: {
    signature: 'logits:R,C targets:R,C > loss:1,1',
    gradient: (context) => ({
      logits: only(
        context.graph.apply('sigmoidCrossEntropyBackward', {
          dloss: context.gradient('loss'),
          logits: context.value('logits'),
          targets: context.value('targets'),
        }),
        'dlogits',
      ),
    }),
  },
  sigmoidCrossEntropyBackward: {
    signature: 'dloss:1,1 logits:R,C targets:R,C > dlogits:R,C',
    role: 'backward',
    inPlace: { dlogits: 'logits' },
  },
  meanSquaredError: {
    signature: 'prediction:R,C target:R,C > loss:1,1',
    gradient: (context) => ({
      prediction: only(
        context.graph.apply('meanSquaredErrorBackward', {
          dloss: context.gradient('loss'),
          prediction: context.value('prediction'),
          target: context.value('target'),
        }),
        'dprediction',
      ),
    }),
  },
  meanSquaredErrorBackward: {
    signature: 'dloss:1,1 prediction:R,C target:R,C > dprediction:R,C',
    role: 'backward',
    inPlace: { dprediction: 'prediction' },
  },
};
