/**
 * Connectionist temporal classification: frames on the operation's own axis, targets on its other one. Kernels:
 * native/kernels/generic/losses/ctc.cc. Attribute `reduction`: 0 the sum of the losses; 1 each divided by its number of labels (at
 * least 1), then the mean over sequences; 2 the mean over sequences; 3 the sum divided by the number of frames.
 */
import type { OperationDefinition } from '../operation.js';
import { only } from '../value.js';

const attributes = 'blank:0..2147483647i reduction:0..3i zeroInfinity:0..1i';

export const ctcOperations: Readonly<Record<string, OperationDefinition>> = {
  /** `losses`, one for each sequence, are there to be looked at: a gradient reaches the logits through `loss` alone. */
  ctc: {
    signature: 'logits:N,C labels:M,1:i > loss:1,1 losses:B,1 lse:N,1',
    attributes,
    kept: ['losses', 'lse'],
    gradient: (context) => {
      const operands = {
        dloss: context.gradient('loss'),
        logits: context.value('logits'),
        labels: context.value('labels'),
        lse: context.value('lse'),
      };
      const settings = Object.fromEntries(
        ['blank', 'reduction', 'zeroInfinity'].map((name) => [name, context.attribute(name)]),
      );
      return { logits: only(context.graph.apply('ctcBackward', operands, settings), 'dlogits') };
    },
  },
  ctcBackward: {
    signature: 'dloss:1,1 logits:N,C labels:M,1:i lse:N,1 > dlogits:N,C',
    attributes,
    role: 'backward',
    inPlace: { dlogits: 'logits' },
  },
};
