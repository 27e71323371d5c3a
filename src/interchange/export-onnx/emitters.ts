/** How each operation of a network becomes operators of ONNX. */

import type { Node, Value } from '../../graph/value.js';
import { emitLoop } from './cell-loops.js';
import { type CellName, cellOperands, GATES, inputProduct } from './cell-operands.js';
import { beyondOperators, emitOperator } from './cell-operators.js';
import { convolutionEmitters } from './convolution-emitter.js';
import type { Emitter, Emitters } from './emission.js';
import { rowEmitters } from './row-emitters.js';
import { timeEmitters } from './time-emitters.js';

function cell(name: CellName): Emitter {
  return (operation) => {
    const operands = cellOperands(operation, name);
    const beyond = beyondOperators(operation.node);
    if (beyond.length === 0) return emitOperator(operation, operands);
    operation.writtenOut(beyond);
    return emitLoop(operation, operands);
  };
}

const cells = Object.fromEntries(Object.keys(GATES).map((name) => [name, cell(name as CellName)]));

/** An operation that does not belong to a network that predicts. */
const refused =
  (reason: string): Emitter =>
  (operation) =>
    operation.refuse(reason);

const ofLosses = refused('it computes a loss, which an exported network does not have');
const ofNoise = refused('it draws random numbers, which belong to training');

/** Weights are packed for the kernels of this library: what reads them takes them as they are. */
const packing: Emitter = () => ({});

/** Emitters of all operations that a network without training has. */
export const EMITTERS: Emitters = {
  ...rowEmitters,
  ...timeEmitters,
  ...convolutionEmitters,
  ...cells,
  pack: packing,
  packGates2: packing,
  packGates3: packing,
  packGates4: packing,
  packTransposed: packing,
  dropout: ofNoise,
  randomMask: ofNoise,
  columnMoments: refused('it normalises by the statistics of a batch, which belongs to training'),
  softmaxCrossEntropy: ofLosses,
  ctc: ofLosses,
  sigmoidCrossEntropy: ofLosses,
  meanSquaredError: ofLosses,
  meanAbsoluteError: ofLosses,
  huberLoss: ofLosses,
  quantileLoss: ofLosses,
};

/** The values that the operators of an operation read: a cell of ONNX reads what is multiplied, not the product. */
function readsOf(node: Node): readonly Value[] {
  const { operation, inputs } = node;
  if (!Object.hasOwn(GATES, operation.name) || !inputs.has('a') || beyondOperators(node).length > 0)
    return [...inputs.values()];
  const product = inputProduct(node);
  const { a, ...others } = Object.fromEntries(inputs);
  const read = product && [product.x, product.packed.matrix, product.bias];
  return [...Object.values(others), ...(read ?? [a])].filter((value) => value !== undefined);
}

/** What an export needs of a graph. */
export interface Needed {
  /** Operations in the order of the graph. */
  readonly nodes: readonly Node[];
  isNeeded(value: Value | undefined): boolean;
}

/** The operations that the roots are computed by. */
export function neededFor(nodes: readonly Node[], roots: readonly Value[]): Needed {
  const used = new Set(roots);
  const needed: Node[] = [];
  for (const node of [...nodes].reverse()) {
    if (![...node.outputs.values()].some((value) => used.has(value))) continue;
    needed.push(node);
    for (const value of readsOf(node)) used.add(value);
  }
  return { nodes: needed.reverse(), isNeeded: (value) => value !== undefined && used.has(value) };
}
