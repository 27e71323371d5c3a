/** The functions of one number and of two, by the codes of native/kernels/generic/rows/functions.h, and the rules of their operations. */

import { gradientRule, type NamedRule } from '../gradient-rule.js';
import type { Graph } from '../graph.js';
import type { Value } from '../value.js';

/** Functions of one number in the order of their codes. */
export const FUNCTIONS = [
  ...(['exp', 'log', 'sqrt', 'abs', 'sign', 'power'] as const),
  ...(['softplus', 'erf', 'elu', 'leakyRelu', 'sin', 'cos'] as const),
] as const;

/** Functions of two numbers a and b in the order of their codes; the last two are b - a and b / a. */
export const COMBINATIONS = [
  'add',
  'subtract',
  'multiply',
  'divide',
  'maximum',
  'minimum',
  'subtractFrom',
  'divideInto',
] as const;

/** Name of a function of two numbers. */
export type Combination = (typeof COMBINATIONS)[number];

/** The sum of an entry for each element over the rows where the operand is a row, else over the columns. */
function summed(graph: Graph, entries: Value, isRow: boolean): Value {
  return graph.apply(isRow ? 'sumRows' : 'sumColumns', { x: entries }, { mean: 0 }).y;
}

export const functionRules: readonly NamedRule[] = [
  gradientRule('unary', (context) => {
    const attributes = { function: context.attribute('function'), exponent: context.attribute('exponent') };
    const operands = { dy: context.gradient('y'), x: context.value('x') };
    return { x: context.graph.apply('unaryBackward', operands, attributes).dx };
  }),
  gradientRule('combine', (context) => {
    const { graph } = context;
    const operands = { dy: context.gradient('y'), a: context.value('a'), b: context.value('b') };
    const slope = (operand: 0 | 1) => {
      return graph.apply('combineBackward', operands, { function: context.attribute('function'), operand }).dx;
    };
    return { a: context.wants('a') ? slope(0) : undefined, b: context.wants('b') ? slope(1) : undefined };
  }),
  gradientRule('spread', (context) => {
    const { graph } = context;
    const [row, column] = [context.optional('row'), context.optional('column')];
    const operands = { dy: context.gradient('y'), a: context.value('a'), row, column };
    const slope = (operand: 0 | 1) => {
      return graph.apply('spreadBackward', operands, { function: context.attribute('function'), operand }).dx;
    };
    return {
      a: context.wants('a') ? slope(0) : undefined,
      row: row !== undefined && context.wants('row') ? summed(graph, slope(1), true) : undefined,
      column: column !== undefined && context.wants('column') ? summed(graph, slope(1), false) : undefined,
    };
  }),
  gradientRule('sumRows', (context) => {
    const extents = { R: context.value('x').rows };
    const attributes = { mean: context.attribute('mean') };
    return { x: context.graph.apply('repeat', { row: context.gradient('y') }, attributes, extents).y };
  }),
  gradientRule('sumColumns', (context) => {
    const extents = { C: context.value('x').columns };
    const attributes = { mean: context.attribute('mean') };
    return { x: context.graph.apply('repeat', { column: context.gradient('y') }, attributes, extents).y };
  }),
  gradientRule('repeat', (context) => {
    const { graph } = context;
    const attributes = { mean: context.attribute('mean') };
    const x = context.gradient('y');
    const isRow = context.optional('row') !== undefined;
    return isRow
      ? { row: graph.apply('sumRows', { x }, attributes).y, column: undefined }
      : { row: undefined, column: graph.apply('sumColumns', { x }, attributes).y };
  }),
];
