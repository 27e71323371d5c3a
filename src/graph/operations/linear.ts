/** Embedding, packing of weights, affine maps. Kernels: native/kernels/generic: rows/embedding.cc, products/{packing,linear}.cc. */
import { type Emits, gradientRule, type NamedRule, type Reached } from '../operation.js';
import type { Value } from '../value.js';

/** Packing only reorders: the gradient of packed weights is kept in the layout of the weights. */
const packingGradient = (context: Reached<'p'>) => ({ w: context.gradient('p') });

/** The weights that `packed` was made from. */
export function unpacked(packed: Value): Value {
  return packed.node?.inputs.get('w') as Value;
}

/** `x W^T + b` for weights W [outputs, inputs]; b [1, outputs] may be left out. */
export function affine({ graph }: Emits, x: Value, w: Value, b?: Value): Value {
  const { p } = graph.apply('pack', { w }, {}, { O: w.rows });
  return graph.apply('linear', { x, p, b }).y;
}

/** Rows `rowBegin..rowBegin + rowCount` of W packed for products with W itself instead of its transpose. */
export function packedTransposed({ graph }: Emits, w: Value, rowBegin = 0, rowCount = w.rows as number): Value {
  return graph.apply('packTransposed', { w }, { rowBegin }, { K: rowCount }).p;
}

export const linearRules: readonly NamedRule[] = [
  gradientRule('embedding', (context) => {
    const operands = { ids: context.value('ids'), dy: context.gradient('y') };
    const extents = { V: context.value('table').rows };
    return { table: context.graph.apply('embeddingGradient', operands, {}, extents).dTable };
  }),
  gradientRule('pack', packingGradient),
  gradientRule('packGates2', packingGradient),
  gradientRule('packGates3', packingGradient),
  gradientRule('packGates4', packingGradient),
  gradientRule('packTransposed', packingGradient),
  gradientRule('linear', (context) => {
    const { graph } = context;
    const dy = context.gradient('y');
    const weights = () => packedTransposed(context, unpacked(context.value('p')));
    return {
      x: context.wants('x') ? graph.apply('linear', { x: dy, p: weights() }).y : undefined,
      p: context.wants('p') ? graph.apply('weightGradient', { dy, x: context.value('x') }).dW : undefined,
      b: context.wants('b') ? graph.apply('biasGradient', { dy }).db : undefined,
    };
  }),
];
