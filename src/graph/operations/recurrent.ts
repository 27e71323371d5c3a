/**
 * The recurrent cells over whole packed sequences. `a` is the input projection of all steps; the recurrent weights come
 * packed. Kernels: native/kernels/generic/{rnn,lstm,gru,gru_reset_before}.cc.
 */
import type { GradientContext, OperationDefinition } from '../operation.js';
import { only, type Value } from '../value.js';
import { packedTransposed, unpacked } from './linear.js';

/** Gradients of the recurrent weights and bias of cells whose every gate sees R h + bR alike. */
function recurrentGradients(context: GradientContext, da: Value): Record<string, Value | undefined> {
  const { graph } = context;
  const states = { y: context.value('y'), h0: context.optional('h0') };
  return {
    p: context.wants('p') ? only(graph.apply('stateWeightGradient', { da, ...states }), 'dR') : undefined,
    bR: context.wants('bR') ? only(graph.apply('biasGradient', { dy: da }), 'db') : undefined,
  };
}

/** The upstream gradients of outputs that may have none, by the operand names of the backward operations. */
function upstream(
  context: GradientContext,
  names: Readonly<Record<string, string>>,
): Record<string, Value | undefined> {
  return Object.fromEntries(Object.entries(names).map(([operand, output]) => [operand, context.gradient(output)]));
}

export const recurrentOperations: Readonly<Record<string, OperationDefinition>> = {
  rnn: {
    signature: 'a:N,H p:H,H:p bR:1,H? h0:B,H? > y:N,H hT:B,H?',
    attributes: 'activation:0..1i',
    inPlace: { y: 'a' },
    gradient: (context) => {
      const outputs = context.graph.apply(
        'rnnBackward',
        {
          ...upstream(context, { dy: 'y', dhT: 'hT' }),
          y: context.value('y'),
          pT: packedTransposed(context, unpacked(context.value('p'))),
        },
        { activation: context.attribute('activation') },
      );
      const da = only(outputs, 'da');
      return { a: da, h0: outputs['dh0'], ...recurrentGradients(context, da) };
    },
  },
  rnnBackward: {
    signature: 'dy:N,H? dhT:B,H? y:N,H pT:H,H:p > da:N,H dh0:B,H?',
    attributes: 'activation:0..1i',
    role: 'backward',
    inPlace: { da: 'dy' },
  },
  stateWeightGradient: { signature: 'da:N,G y:N,H h0:B,H? > dR:G,H', role: 'backward' },

  lstm: {
    signature: 'a:N,4H p:H,4H:p4 bR:1,4H? h0:B,H? c0:B,H? > y:N,H gates:N,4H c:N,H hT:B,H? cT:B,H?',
    inPlace: { gates: 'a' },
    gradient: (context) => {
      const outputs = context.graph.apply('lstmBackward', {
        ...upstream(context, { dy: 'y', dhT: 'hT', dcT: 'cT' }),
        gates: context.value('gates'),
        c: context.value('c'),
        c0: context.optional('c0'),
        pT: packedTransposed(context, unpacked(context.value('p'))),
      });
      const da = only(outputs, 'da');
      return { a: da, h0: outputs['dh0'], c0: outputs['dc0'], ...recurrentGradients(context, da) };
    },
  },
  lstmBackward: {
    signature: 'dy:N,H? dhT:B,H? dcT:B,H? gates:N,4H c:N,H c0:B,H? pT:4H,H:p > da:N,4H dh0:B,H? dc0:B,H?',
    role: 'backward',
    inPlace: { da: 'gates' },
  },

  gru: {
    signature: 'a:N,3H p:H,3H:p3 bR:1,3H? h0:B,H? > y:N,H gates:N,3H s:N,H hT:B,H?',
    inPlace: { gates: 'a' },
    gradient: (context) => {
      const { graph } = context;
      const states = { y: context.value('y'), h0: context.optional('h0') };
      const outputs = graph.apply('gruBackward', {
        ...upstream(context, { dy: 'y', dhT: 'hT' }),
        ...states,
        gates: context.value('gates'),
        s: context.value('s'),
        pT: packedTransposed(context, unpacked(context.value('p'))),
      });
      const da = only(outputs, 'da');
      const ds = only(outputs, 'ds');
      return {
        a: da,
        h0: outputs['dh0'],
        p: context.wants('p')
          ? only(graph.apply('gruWeightGradient', { da, s: ds, ...states }, { resetAfter: 1 }), 'dR')
          : undefined,
        bR: context.wants('bR') ? only(graph.apply('gruBiasGradient', { da, ds }), 'db') : undefined,
      };
    },
  },
  gruBackward: {
    signature: 'dy:N,H? dhT:B,H? y:N,H gates:N,3H s:N,H h0:B,H? pT:3H,H:p > da:N,3H ds:N,H dh0:B,H?',
    role: 'backward',
    inPlace: { da: 'gates', ds: 's' },
  },
  gruResetBefore: {
    signature: 'a:N,3H p:H,2H:p2 pn:H,H:p bR:1,3H? h0:B,H? > y:N,H gates:N,3H s:N,H hT:B,H?',
    inPlace: { gates: 'a' },
    gradient: (context) => {
      const { graph } = context;
      const states = { y: context.value('y'), h0: context.optional('h0') };
      const w = unpacked(context.value('p'));
      const units = w.columns;
      const outputs = graph.apply('gruResetBeforeBackward', {
        ...upstream(context, { dy: 'y', dhT: 'hT' }),
        ...states,
        gates: context.value('gates'),
        pT: packedTransposed(context, w, 0, 2 * units),
        pnT: packedTransposed(context, w, 2 * units, units),
      });
      const da = only(outputs, 'da');
      // Both packings come from one matrix: its whole gradient goes through the first of them.
      return {
        a: da,
        h0: outputs['dh0'],
        p: context.wants('p')
          ? only(graph.apply('gruWeightGradient', { da, s: context.value('s'), ...states }, { resetAfter: 0 }), 'dR')
          : undefined,
        bR: context.wants('bR') ? only(graph.apply('biasGradient', { dy: da }), 'db') : undefined,
      };
    },
  },
  gruResetBeforeBackward: {
    signature: 'dy:N,H? dhT:B,H? y:N,H gates:N,3H h0:B,H? pT:2H,H:p pnT:H,H:p > da:N,3H dh0:B,H?',
    role: 'backward',
    inPlace: { da: 'gates' },
  },
  gruWeightGradient: {
    signature: 'da:N,3H s:N,H y:N,H h0:B,H? > dR:3H,H',
    attributes: 'resetAfter:0..1i',
    role: 'backward',
  },
  gruBiasGradient: { signature: 'da:N,3H ds:N,H > db:1,3H', role: 'backward' },
};
