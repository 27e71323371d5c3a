/** The vanilla recurrent cell. Kernel: native/kernels/generic/cells/rnn.cc. */
import { gradientRule, type NamedRule } from '../operation.js';
import {
  attributesOf,
  candidate,
  gainGradient,
  normalizedOutput,
  operandsOf,
  projectionGradients,
  rowGradient,
  transposedWeights,
} from './recurrent.js';

export const rnnRules: readonly NamedRule[] = [
  gradientRule('rnn', (context) => {
    const sum = normalizedOutput(context, 'sum');
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
      },
      attributesOf(context, ['activation', 'reverse', 'zoneout', 'epsilon']),
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
