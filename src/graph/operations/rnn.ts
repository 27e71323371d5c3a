/** The vanilla recurrent cell. Kernel: native/kernels/generic/rnn.cc. */
import type { OperationDefinition } from '../operation.js';
import { only } from '../value.js';
import { packedTransposed, unpacked } from './linear.js';
import {
  attributesOf,
  candidate,
  gainGradient,
  inputGradients,
  operands,
  rowGradient,
  stateWeightGradient,
  upstream,
} from './recurrent.js';

const attributes = 'activation:0..5i reverse:0..1i zoneout:0..1 epsilon:0..1';

export const rnnOperations: Readonly<Record<string, OperationDefinition>> = {
  rnn: {
    signature:
      'a:N,H? x:N,I? pW:I,H:p? bW:1,H? p:H,H:p bR:1,H? h0:B,H? gain:1,H? mask:B,H? zone:N,H? > y:N,H sum:N,H? candidate:N,H? hT:B,H?',
    attributes,
    inPlace: { y: 'a' },
    constants: ['mask', 'zone'],
    kept: ['sum', 'candidate'],
    gradient: (context) => {
      const isNormalized = context.optional('gain') !== undefined;
      const sum = isNormalized ? context.value('sum') : undefined;
      const outputs = context.graph.apply(
        'rnnBackward',
        {
          ...upstream(context, { dy: 'y', dhT: 'hT' }),
          ...operands(context, ['y', 'gain', 'mask', 'zone']),
          pT: packedTransposed(context, unpacked(context.value('p'))),
          sum,
          candidate: candidate(context, 'zone', 'zoneout'),
        },
        attributesOf(context),
      );
      const da = only(outputs, 'da');
      // Without layer normalisation the pre-activation is the sum itself.
      const dn = isNormalized ? only(outputs, 'dn') : da;
      return {
        ...inputGradients(context, da),
        h0: outputs['dh0'],
        p: stateWeightGradient(context, da),
        bR: rowGradient(context, 'bR', dn),
        gain: gainGradient(context, 'gain', dn, sum),
      };
    },
  },
  rnnBackward: {
    signature:
      'dy:N,H? dhT:B,H? y:N,H pT:H,H:p gain:1,H? sum:N,H? mask:B,H? zone:N,H? candidate:N,H? > da:N,H dn:N,H? dh0:B,H?',
    attributes,
    role: 'backward',
    inPlace: { da: 'dy' },
  },
};
