/** The long short-term memory cell, and the one with coupled gates. Kernels: native/kernels/generic/cells/lstm*.cc. */
import { type GradientContext, gradientRule, type NamedRule } from '../gradient-rule.js';
import { packedTransposed, unpacked } from './linear.js';
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

/** Attributes of the backward operation beside the codes of gates and candidate. */
const attributes = [
  'output',
  'outputAlpha',
  'outputBeta',
  'reverse',
  'clip',
  'zoneout',
  'zoneoutCell',
  'epsilon',
] as const;

/** Operands that the backward operation reads as the cell did. */
const same = ['c0', 'peepholes', 'gain', 'cellGain', 'cellShift', 'mask', 'zone', 'zoneCell'] as const;

/** The rule of both: its backward operation, and the operation that gives the gradient of its peepholes. */
function lstmGradient(
  backward: 'lstmBackward' | 'lstmCoupledBackward',
  peepholes: 'peepholeGradient' | 'coupledPeepholeGradient',
) {
  return (context: GradientContext<'lstm'>) => {
    const { graph } = context;
    const projection = context.optional('pr');
    const product = normalizedOutput(context, 'product');
    const unmixed = candidate(context, 'zoneCell', 'zoneoutCell');
    const c = context.value('c');
    const { slopes, codes } = keptSlopes(context, ['gate', 'activation']);
    const seen = unmixed ?? c;
    const { da, dr, dp, dcn, dh0, dc0 } = graph.apply(
      backward,
      {
        dy: context.gradient('y'),
        dhT: context.gradient('hT'),
        dcT: context.gradient('cT'),
        gates: context.value('gates'),
        c,
        pT: transposedWeights(context),
        ...operandsOf(context, same),
        prT: projection && packedTransposed(context, unpacked(projection)),
        product,
        candidate: unmixed,
        slopes,
      },
      { ...codes, ...attributesOf(context, attributes) },
    );
    const peepholeOperands = () => ({ da, c, seen, c0: context.optional('c0') });
    return {
      ...projectionGradients(context, da, product === undefined ? da : dr),
      h0: dh0,
      c0: dc0,
      bR: rowGradient(context, 'bR', da),
      gain: gainGradient(context, 'gain', da, product),
      cellGain: gainGradient(context, 'cellGain', dcn, seen),
      cellShift: rowGradient(context, 'cellShift', dcn),
      pr: context.wants('pr') ? graph.apply('weightGradient', { dy: dp, x: context.value('m') }).dW : undefined,
      peepholes: context.wants('peepholes')
        ? graph.apply(peepholes, peepholeOperands(), attributesOf(context, ['reverse'])).dP
        : undefined,
    };
  };
}

export const lstmRules: readonly NamedRule[] = [
  gradientRule('lstm', lstmGradient('lstmBackward', 'peepholeGradient')),
  gradientRule('lstmCoupled', lstmGradient('lstmCoupledBackward', 'coupledPeepholeGradient')),
];
