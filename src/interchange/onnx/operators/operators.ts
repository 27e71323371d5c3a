/** All operators that are taken over, by name. */

import { embedding } from '../../../network/layers/embedding.js';
import { laterWeights } from '../emission.js';
import type { OperatorContext, OperatorImports } from '../operator-context.js';
import { columnsOf, describeSizes } from '../sizes.js';
import type { GraphValue } from '../value.js';
import { activationOperators } from './activations.js';
import { arithmeticOperators } from './arithmetic.js';
import { conditionOperators } from './conditions.js';
import { movingOperators } from './moving.js';
import { normalizationOperators } from './normalization.js';
import { poolingOperators } from './pooling.js';
import { productOperators } from './products.js';
import { recurrentOperators } from './recurrent.js';
import { reductionOperators } from './reductions.js';

/** Rows of a constant table by indices from outside: an embedding. Else a choice of what is computed. */
function gathered(context: OperatorContext): readonly (GraphValue | undefined)[] {
  const [table, indices] = [context.input(0), context.input(1)];
  if (table.kind !== 'constant' || indices.kind !== 'indices')
    return (movingOperators['Gather'] as (c: OperatorContext) => readonly GraphValue[])(context);
  const [size, units] = table.shape;
  if (table.shape.length !== 2 || size === undefined || units === undefined || context.int('axis', 0) !== 0) {
    return context.refuse(`rows of a table [${table.shape.join(', ')}]`);
  }
  if (columnsOf(indices.sizes) !== 1) {
    return context.refuse(`the indices ${describeSizes(indices.sizes)}: several of them in a row, expected one`);
  }
  const { emission, name } = context;
  const input =
    emission.indexInput(indices.input, size) ??
    context.refuse(`the indices '${indices.input}' choose from tables of different sizes`);
  const weights = { weight: laterWeights(table.name, size * units, () => table.float32()) };
  const node = emission.layer(name, embedding({ size, units }), [input], weights);
  return [
    {
      kind: 'computed',
      node,
      sizes: [...indices.sizes, units],
      order: [...indices.sizes.flatMap((each, axis) => (typeof each === 'number' ? [axis] : [])), indices.sizes.length],
    },
  ];
}

/** Imports of the operators of ONNX. */
export const OPERATORS: OperatorImports = {
  ...activationOperators,
  ...arithmeticOperators,
  ...conditionOperators,
  ...movingOperators,
  ...normalizationOperators,
  ...poolingOperators,
  ...productOperators,
  ...recurrentOperators,
  ...reductionOperators,
  Gather: gathered,
};
