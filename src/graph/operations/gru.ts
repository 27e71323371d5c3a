/**
 * The gated recurrent unit, with the reset gate behind or before the recurrent product. Kernels:
 * native/kernels/generic/cells/{gru,gru_reset_before}.cc.
 */
import type { GradientContext, OperationDefinition } from '../operation.js';
import { only, type Value } from '../value.js';
import { packedTransposed, unpacked } from './linear.js';
import {
  applyBackward,
  gainGradient,
  inputGradients,
  normalizedOutput,
  operandsOf,
  projectionGradients,
  rowGradient,
} from './recurrent.js';

const resetBeforeAttributes = 'gate:0..5i activation:0..5i reverse:0..1i zoneout:0..1';
const attributes = `${resetBeforeAttributes} epsilon:0..1`;

/** Gradient of the weights: `s` is the gradient of the product's part s, or s itself when the reset acts before it. */
function weightGradient(context: GradientContext, da: Value, s: Value, resetAfter: number): Value | undefined {
  if (!context.wants('p')) return undefined;
  const states = operandsOf(context, ['y', 'h0', 'mask']);
  const reverse = context.attribute('reverse');
  return only(context.graph.apply('gruWeightGradient', { da, s, ...states }, { resetAfter, reverse }), 'dR');
}

/** The gradient of the normalised product: the gates' part is that of `da`, the candidate's is `ds`. */
function productGradient({ graph }: GradientContext, da: Value, ds: Value): Value {
  const gates = only(graph.apply('slice', { x: da }, { begin: 0 }, { D: 2 * ds.columns }), 'y');
  return only(graph.apply('concatenate', { a: gates, b: ds }), 'y');
}

export const gruOperations: Readonly<Record<string, OperationDefinition>> = {
  gru: {
    signature:
      'a:N,3H? x:N,I? pW:I,3H:p3? bW:1,3H? p:H,3H:p3 bR:1,3H? h0:B,H? gain:1,3H? mask:B,H? zone:N,H? > ~y:N,H gates:N,3H? s:N,H? product:N,3H? hT:B,H?',
    attributes,
    inPlace: { gates: 'a' },
    constants: ['mask', 'zone'],
    kept: ['gates', 's', 'product'],
    gradient: (context) => {
      const { graph } = context;
      const product = normalizedOutput(context, 'product');
      const outputs = applyBackward(
        context,
        'gruBackward',
        { dy: 'y', dhT: 'hT' },
        ['y', 'gates', 's', 'h0', 'gain', 'mask', 'zone'],
        { product },
      );
      const da = only(outputs, 'da');
      const ds = only(outputs, 'ds');
      return {
        ...(product === undefined
          ? { ...inputGradients(context, da), p: weightGradient(context, da, ds, 1) }
          : projectionGradients(context, da, only(outputs, 'dr'))),
        h0: outputs['dh0'],
        bR: context.wants('bR') ? only(graph.apply('gruBiasGradient', { da, ds }), 'db') : undefined,
        gain: context.wants('gain')
          ? gainGradient(context, 'gain', productGradient(context, da, ds), product)
          : undefined,
      };
    },
  },
  gruBackward: {
    signature:
      '~dy:N,H? dhT:B,H? ~y:N,H gates:N,3H s:N,H h0:B,H? pT:3H,H:p gain:1,3H? product:N,3H? mask:B,H? zone:N,H? > da:N,3H ds:N,H dr:N,3H? dh0:B,H?',
    attributes,
    role: 'backward',
    inPlace: { da: 'gates', ds: 's' },
  },
  gruResetBefore: {
    signature: 'a:N,3H p:H,2H:p2 pn:H,H:p bR:1,3H? h0:B,H? mask:B,H? zone:N,H? > ~y:N,H gates:N,3H s:N,H hT:B,H?',
    attributes: resetBeforeAttributes,
    inPlace: { gates: 'a' },
    constants: ['mask', 'zone'],
    kept: ['gates', 's'],
    gradient: (context) => {
      const w = unpacked(context.value('p'));
      const units = w.columns;
      const outputs = applyBackward(
        context,
        'gruResetBeforeBackward',
        { dy: 'y', dhT: 'hT' },
        ['y', 'gates', 'h0', 'mask', 'zone'],
        { pT: packedTransposed(context, w, 0, 2 * units), pnT: packedTransposed(context, w, 2 * units, units) },
      );
      const da = only(outputs, 'da');
      // Both packings come from one matrix: its whole gradient goes through the first of them.
      return {
        a: da,
        h0: outputs['dh0'],
        p: weightGradient(context, da, context.value('s'), 0),
        bR: rowGradient(context, 'bR', da),
      };
    },
  },
  gruResetBeforeBackward: {
    signature: '~dy:N,H? dhT:B,H? ~y:N,H gates:N,3H h0:B,H? pT:2H,H:p pnT:H,H:p mask:B,H? zone:N,H? > da:N,3H dh0:B,H?',
    attributes: resetBeforeAttributes,
    role: 'backward',
    inPlace: { da: 'gates' },
  },
  gruWeightGradient: {
    signature: 'da:N,3H s:N,H ~y:N,H h0:B,H? mask:B,H? > dR:3H,H',
    attributes: 'resetAfter:0..1i reverse:0..1i',
    role: 'backward',
  },
  gruBiasGradient: { signature: 'da:N,3H ds:N,H > db:1,3H', role: 'backward' },
};
