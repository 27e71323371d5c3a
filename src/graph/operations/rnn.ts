/** The vanilla recurrent cell. Kernel: native/kernels/generic/cells/rnn.cc. */
import type { OperationDefinition } from '../operation.js';
import { only } from '../value.js';
import {
  applyBackward,
  candidate,
  gainGradient,
  normalizedOutput,
  projectionGradients,
  rowGradient,
} from './recurrent.js';

const attributes = 'activation:0..5i reverse:0..1i zoneout:0..1 epsilon:0..1';

export const rnnOperations: Readonly<Record<string, OperationDefinition>> = {
  rnn: {
    signature:
      'a:N,H? x:N,I? pW:I,H:p? bW:1,H? p:H,H:p bR:1,H? h0:B,H? gain:1,H? mask:B,H? zone:N,H? > ~y:N,H sum:N,H? candidate:N,H? hT:B,H?',
    attributes,
    inPlace: { y: 'a' },
    constants: ['mask', 'zone'],
    kept: ['sum', 'candidate'],
    gradient: (context) => {
      const sum = normalizedOutput(context, 'sum');
      const outputs = applyBackward(context, 'rnnBackward', { dy: 'y', dhT: 'hT' }, ['y', 'gain', 'mask', 'zone'], {
        sum,
        candidate: candidate(context, 'zone', 'zoneout'),
      });
      const da = only(outputs, 'da');
      // Without layer normalisation the pre-activation is the sum itself.
      const dn = sum === undefined ? da : only(outputs, 'dn');
      return {
        ...projectionGradients(context, da, da),
        h0: outputs['dh0'],
        bR: rowGradient(context, 'bR', dn),
        gain: gainGradient(context, 'gain', dn, sum),
      };
    },
  },
  rnnBackward: {
    signature:
      '~dy:N,H? dhT:B,H? ~y:N,H pT:H,H:p gain:1,H? sum:N,H? mask:B,H? zone:N,H? candidate:N,H? > da:N,H dn:N,H? dh0:B,H?',
    attributes,
    role: 'backward',
    inPlace: { da: 'dy' },
  },
};
