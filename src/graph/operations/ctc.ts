/** Connectionist temporal classification. Kernels: native/kernels/generic/losses/ctc.cc, which explains its attributes. */
import { gradientRule, type NamedRule } from '../gradient-rule.js';

export const ctcRules: readonly NamedRule[] = [
  gradientRule('ctc', (context) => {
    const { dlogits } = context.graph.apply(
      'ctcBackward',
      {
        dloss: context.gradient('loss'),
        logits: context.value('logits'),
        labels: context.value('labels'),
        lse: context.value('lse'),
        weights: context.optional('weights'),
      },
      {
        blank: context.attribute('blank'),
        reduction: context.attribute('reduction'),
        zeroInfinity: context.attribute('zeroInfinity'),
      },
    );
    return { logits: dlogits };
  }),
];
