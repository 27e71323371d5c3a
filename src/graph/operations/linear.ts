/** Embedding, packing of weights, affine maps. Kernels: native/kernels/generic: rows/embedding.cc, products/{packing,linear}.cc. */
import type { GradientContext, OperationDefinition } from '../operation.js';
import { only, type Value } from '../value.js';

/** Packing only reorders: the gradient of packed weights is kept in the layout of the weights. */
const pack = {
  attributes: 'rowBegin:0..2147483647i',
  gradient: (context: GradientContext) => ({ w: context.gradient('p') }),
} as const;

/** The weights that `packed` was made from. */
export function unpacked(packed: Value): Value {
  return packed.node?.inputs.get('w') as Value;
}

/** `x W^T + b` for weights W [outputs, inputs]; b [1, outputs] may be left out. */
export function affine(context: Pick<GradientContext, 'graph'>, x: Value, w: Value, b?: Value): Value {
  const { graph } = context;
  const p = only(graph.apply('pack', { w }, {}, { O: w.rows as number }), 'p');
  return only(graph.apply('linear', { x, p, b }), 'y');
}

/** Rows `rowBegin..rowBegin + rowCount` of W packed for products with W itself instead of its transpose. */
export function packedTransposed(
  context: Pick<GradientContext, 'graph'>,
  w: Value,
  rowBegin = 0,
  rowCount = w.rows as number,
): Value {
  return only(context.graph.apply('packTransposed', { w }, { rowBegin }, { K: rowCount }), 'p');
}

export const linearOperations: Readonly<Record<string, OperationDefinition>> = {
  embedding: {
    signature: 'ids:R,1:i table:V,F > y:R,F',
    gradient: (context) => {
      const table = context.value('table');
      const operands = { ids: context.value('ids'), dy: context.gradient('y') };
      return {
        table: only(context.graph.apply('embeddingGradient', operands, {}, { V: table.rows as number }), 'dTable'),
      };
    },
  },
  embeddingGradient: { signature: 'ids:R,1:i dy:R,F > dTable:V,F', role: 'backward' },
  pack: { signature: 'w:W,K > p:K,O:p', ...pack },
  packGates2: { signature: 'w:W,K > p:K,O:p2', ...pack },
  packGates3: { signature: 'w:W,K > p:K,O:p3', ...pack },
  packGates4: { signature: 'w:W,K > p:K,O:p4', ...pack },
  packTransposed: { signature: 'w:W,O > p:K,O:p', ...pack },
  linear: {
    signature: 'x:R,K p:K,O:p b:1,O? > y:R,O',
    gradient: (context) => {
      const { graph } = context;
      const dy = context.gradient('y');
      const gradients: Record<string, Value | undefined> = {};
      if (context.wants('x')) {
        const p = packedTransposed(context, unpacked(context.value('p')));
        gradients['x'] = only(graph.apply('linear', { x: dy, p }), 'y');
      }
      if (context.wants('p')) {
        gradients['p'] = only(graph.apply('weightGradient', { dy, x: context.value('x') }), 'dW');
      }
      if (context.wants('b')) gradients['b'] = only(graph.apply('biasGradient', { dy }), 'db');
      return gradients;
    },
  },
  weightGradient: { signature: 'dy:R,O x:R,K > dW:O,K', role: 'backward' },
  biasGradient: { signature: 'dy:R,O > db:1,O', role: 'backward' },
};
