/**
 * The gated recurrent unit, with the reset gate behind or before the recurrent product. Kernels:
 * native/kernels/generic/cells/{gru,gru_reset_before}.cc.
 */
import {
  type Emits,
  gradientRule,
  type HasAttributes,
  type MayRead,
  type NamedRule,
  type Reads,
  type Wants,
} from '../gradient-rule.js';
import type { Value } from '../value.js';
import { packedTransposed, unpacked } from './linear.js';
import {
  attributesOf,
  gainGradient,
  inputGradients,
  keptSlopes,
  normalizedOutput,
  operandsOf,
  projectionGradients,
  rowGradient,
  transposedWeights,
} from './recurrent.js';

/** Gradient of the weights: `s` is the gradient of the product's part s, or s itself when the reset acts before it. */
function weightGradient(
  context: Emits & Wants<'p'> & Reads<'y'> & MayRead<'h0' | 'mask'> & HasAttributes<'reverse'>,
  da: Value,
  s: Value,
  resetAfter: number,
): Value | undefined {
  if (!context.wants('p')) return undefined;
  const operands = { da, s, y: context.value('y'), ...operandsOf(context, ['h0', 'mask']) };
  const attributes = { resetAfter, reverse: context.attribute('reverse') };
  return context.graph.apply('gruWeightGradient', operands, attributes).dR;
}

/** The gradient of the normalised product: the gates' part is that of `da`, the candidate's is `ds`. */
function productGradient({ graph }: Emits, da: Value, ds: Value): Value {
  const gates = graph.apply('slice', { x: da }, { begin: 0 }, { D: 2 * ds.columns }).y;
  return graph.apply('concatenate', { a: gates, b: ds }).y;
}

export const gruRules: readonly NamedRule[] = [
  gradientRule('gru', (context) => {
    const { graph } = context;
    const product = normalizedOutput(context, 'product');
    const { slopes, codes } = keptSlopes(context, ['gate', 'activation']);
    const { da, ds, dr, dh0 } = graph.apply(
      'gruBackward',
      {
        dy: context.gradient('y'),
        dhT: context.gradient('hT'),
        y: context.value('y'),
        gates: context.value('gates'),
        s: context.value('s'),
        pT: transposedWeights(context),
        ...operandsOf(context, ['h0', 'gain', 'mask', 'zone']),
        product,
        slopes,
      },
      { ...codes, ...attributesOf(context, ['reverse', 'zoneout', 'epsilon']) },
    );
    return {
      ...(product === undefined
        ? { ...inputGradients(context, da), p: weightGradient(context, da, ds, 1) }
        : projectionGradients(context, da, dr)),
      h0: dh0,
      bR: context.wants('bR') ? graph.apply('gruBiasGradient', { da, ds }).db : undefined,
      gain: context.wants('gain')
        ? gainGradient(context, 'gain', productGradient(context, da, ds), product)
        : undefined,
    };
  }),
  gradientRule('gruResetBefore', (context) => {
    const w = unpacked(context.value('p'));
    const units = w.columns;
    const { slopes, codes } = keptSlopes(context, ['gate', 'activation']);
    const { da, dh0 } = context.graph.apply(
      'gruResetBeforeBackward',
      {
        dy: context.gradient('y'),
        dhT: context.gradient('hT'),
        y: context.value('y'),
        gates: context.value('gates'),
        ...operandsOf(context, ['h0', 'mask', 'zone']),
        pT: packedTransposed(context, w, 0, 2 * units),
        pnT: packedTransposed(context, w, 2 * units, units),
        slopes,
      },
      { ...codes, ...attributesOf(context, ['reverse', 'zoneout']) },
    );
    // Both packings come from one matrix: its whole gradient goes through the first of them.
    return {
      a: da,
      h0: dh0,
      p: weightGradient(context, da, context.value('s'), 0),
      bR: rowGradient(context, 'bR', da),
    };
  }),
];
