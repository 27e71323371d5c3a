/** The long short-term memory cell, and the one with coupled gates. Kernels: native/kernels/generic/lstm*.cc. */
import type { GradientRule, OperationDefinition } from '../operation.js';
import { only } from '../value.js';
import { packedTransposed, unpacked } from './linear.js';
import {
  applyBackward,
  candidate,
  gainGradient,
  normalizedOutput,
  operandsOf,
  projectionGradients,
  rowGradient,
} from './recurrent.js';

const attributes =
  'gate:0..5i activation:0..5i output:0..5i reverse:0..1i clip:0..1e30 zoneout:0..1 zoneoutCell:0..1 epsilon:0..1';

/** Random masks, for which there is no gradient. */
const masks = ['mask', 'zone', 'zoneCell'] as const;

/** The rule of the backward operation `name`; `peepholes` is the operation that gives the gradient of its peepholes. */
function gradientRule(name: string, peepholes: string): GradientRule {
  return (context) => {
    const { graph } = context;
    const projection = context.optional('pr');
    const product = normalizedOutput(context, 'product');
    const unmixed = candidate(context, 'zoneCell', 'zoneoutCell');
    const seen = unmixed ?? context.value('c');
    const outputs = applyBackward(
      context,
      name,
      { dy: 'y', dhT: 'hT', dcT: 'cT' },
      ['gates', 'c', 'c0', 'peepholes', 'gain', 'cellGain', 'cellShift', ...masks],
      { prT: projection && packedTransposed(context, unpacked(projection)), product, candidate: unmixed },
    );
    const da = only(outputs, 'da');
    const dcn = only(outputs, 'dcn');
    return {
      ...projectionGradients(context, da, product === undefined ? da : only(outputs, 'dr')),
      h0: outputs['dh0'],
      c0: outputs['dc0'],
      bR: rowGradient(context, 'bR', da),
      gain: gainGradient(context, 'gain', da, product),
      cellGain: gainGradient(context, 'cellGain', dcn, seen),
      cellShift: rowGradient(context, 'cellShift', dcn),
      pr: context.wants('pr')
        ? only(graph.apply('weightGradient', { dy: only(outputs, 'dp'), x: context.value('m') }), 'dW')
        : undefined,
      peepholes: context.wants('peepholes')
        ? only(
            graph.apply(
              peepholes,
              { da, seen, ...operandsOf(context, ['c', 'c0']) },
              { reverse: context.attribute('reverse') },
            ),
            'dP',
          )
        : undefined,
    };
  };
}

const shared = {
  attributes,
  inPlace: { gates: 'a' },
  constants: masks,
  kept: ['gates', 'c', 'm', 'product', 'candidate'],
} as const;
const backward = { attributes, role: 'backward', inPlace: { da: 'gates' } } as const;

export const lstmOperations: Readonly<Record<string, OperationDefinition>> = {
  lstm: {
    signature:
      'a:N,4H? x:N,I? pW:I,4H:p4? bW:1,4H? p:P,4H:p4 bR:1,4H? h0:B,P? c0:B,H? peepholes:3,H? pr:H,P:p? gain:1,4H? cellGain:1,H? cellShift:1,H? mask:B,P? zone:N,P? zoneCell:N,H? > ~y:N,P gates:N,4H? c:N,H? m:N,H? product:N,4H? candidate:N,H? hT:B,P? cT:B,H?',
    ...shared,
    gradient: gradientRule('lstmBackward', 'peepholeGradient'),
  },
  lstmBackward: {
    signature:
      '~dy:N,P? dhT:B,P? dcT:B,H? gates:N,4H c:N,H c0:B,H? pT:4H,P:p peepholes:3,H? prT:P,H:p? gain:1,4H? product:N,4H? cellGain:1,H? cellShift:1,H? mask:B,P? zone:N,P? zoneCell:N,H? candidate:N,H? > da:N,4H dr:N,4H? dp:N,P? dcn:N,H? dh0:B,P? dc0:B,H?',
    ...backward,
  },
  lstmCoupled: {
    signature:
      'a:N,3H? x:N,I? pW:I,3H:p3? bW:1,3H? p:P,3H:p3 bR:1,3H? h0:B,P? c0:B,H? peepholes:2,H? pr:H,P:p? gain:1,3H? cellGain:1,H? cellShift:1,H? mask:B,P? zone:N,P? zoneCell:N,H? > ~y:N,P gates:N,3H? c:N,H? m:N,H? product:N,3H? candidate:N,H? hT:B,P? cT:B,H?',
    ...shared,
    gradient: gradientRule('lstmCoupledBackward', 'coupledPeepholeGradient'),
  },
  lstmCoupledBackward: {
    signature:
      '~dy:N,P? dhT:B,P? dcT:B,H? gates:N,3H c:N,H c0:B,H? pT:3H,P:p peepholes:2,H? prT:P,H:p? gain:1,3H? product:N,3H? cellGain:1,H? cellShift:1,H? mask:B,P? zone:N,P? zoneCell:N,H? candidate:N,H? > da:N,3H dr:N,3H? dp:N,P? dcn:N,H? dh0:B,P? dc0:B,H?',
    ...backward,
  },
  peepholeGradient: {
    signature: 'da:N,4H c:N,H seen:N,H c0:B,H? > dP:3,H',
    attributes: 'reverse:0..1i',
    role: 'backward',
  },
  coupledPeepholeGradient: {
    signature: 'da:N,3H c:N,H seen:N,H c0:B,H? > dP:2,H',
    attributes: 'reverse:0..1i',
    role: 'backward',
  },
};
