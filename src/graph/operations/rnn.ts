/** The vanilla recurrent cell. Kernel: native/kernels/generic/cells/rnn.cc. */
import { gradientRule, type NamedRule } from '../gradient-rule.js';
import {
  attributesOf,
  candidate,
  gainGradient,
  keptSlopes,
  normalizedOutput,
  operandsOf,
  projectionGradients,
  rowGradient,
  transposedWeights,
} from './recurrent.js';

export const rnnRules: readonly NamedRule[] = [
  gradientRule('rnn', (context) => {
    const sum = normalizedOutput(context, 'sum');
    const { slopes, codes } = keptSlopes(context, ['activation']);
    const { da, dn, dh0 } = context.graph.apply(
      'rnnBackward',
      {
        dy: context.gradient('y'),
        dhT: context.gradient('hT'),
        y: context.value('y'),
        pT: transposedWeights(context),
        ...operandsOf(context, ['gain', 'mask', 'zone']),
        sum,
        candidate: candidate(context, 'zone', 'zoneout'),
        slopes,
      },
      { ...codes, ...attributesOf(context, ['reverse', 'zoneout', 'epsilon']) },
    );
    // Without layer normalisation the pre-activation is the sum itself.
    const dSum = sum === undefined ? da : dn;
    return {
      ...projectionGradients(context, da, da),
      h0: dh0,
      bR: rowGradient(context, 'bR', dSum),
      gain: gainGradient(context, 'gain', dSum, sum),
    };
  }),
];
