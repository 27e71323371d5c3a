/** Computes nodes whose inputs are constants. */
import type { OnnxNode } from '../ir.js';
import type { ConstantTensor } from './constant-tensor.js';
import { Fold, type Operator } from './fold.js';
import { ARRANGE } from './operators/arrange.js';
import { ELEMENTWISE } from './operators/elementwise.js';
import { GATHER } from './operators/gather.js';
import { PADDING } from './operators/pad.js';
import { PRODUCTS } from './operators/products.js';
import { REDUCE } from './operators/reduce.js';
import { SHAPES } from './operators/shapes.js';

const OPERATORS: ReadonlyMap<string, Operator> = new Map(
  [ELEMENTWISE, SHAPES, ARRANGE, PADDING, GATHER, REDUCE, PRODUCTS].flatMap((family) => Object.entries(family)),
);

/** Names of all operators that can be computed. */
export const FOLDABLE: readonly string[] = [...OPERATORS.keys()];

/** Whether nodes of an operator can be computed here. @param domain empty for the operators of ONNX itself */
export function isFoldable({ op, domain }: Pick<OnnxNode, 'op' | 'domain'>): boolean {
  return domain === '' && OPERATORS.has(op);
}

/**
 * The outputs of a node whose inputs are constants. Real numbers are rounded to their type behind each operator, so that float32 stays
 * float32; sums of products are rounded once.
 *
 * @param inputs undefined for one that is left out
 * @param opset version of ONNX's operators, 9 to 26
 * @param path of the model's file, beside which constants may lie in files of their own
 * @returns undefined for an operator that is not known here
 * @throws {InterchangeError} `tensor_mismatch` for inputs that the operator does not take, `unsupported_attribute`
 * @throws {DataError} `file_unsupported` for more than 2^26 numbers, before there is memory for them
 * @see https://onnx.ai/onnx/operators: agrees with the tests of onnx (test/interchange/onnx)
 */
export function evaluateConstant(
  node: OnnxNode,
  inputs: readonly (ConstantTensor | undefined)[],
  opset: number,
  path = '',
): ConstantTensor[] | undefined {
  const operator = isFoldable(node) ? OPERATORS.get(node.op) : undefined;
  if (operator === undefined) return undefined;
  const fold = new Fold(node, inputs, opset, path);
  const outputs = operator(fold);
  fold.requireAllRead();
  return [...outputs];
}
