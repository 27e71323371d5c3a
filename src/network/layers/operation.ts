/** Functions of `bptt/operations` as layers: each is a node of a network, which JSON describes. */
import { OptionError, ShapeError } from '../../core/errors.js';
import { describeValue, rejectUnknownKeys, requireNumber, requireOneOf } from '../../core/options.js';
import type { Value } from '../../graph/value.js';
import { columnsInOrder, concatenate, slice } from '../operations/columns.js';
import * as elementwise from '../operations/elementwise.js';
import type { Operand } from '../operations/joined.js';
import { maxOverColumns, meanOverColumns, minOverColumns, sumOverColumns } from '../operations/sums.js';
import { firstStep, lastStep, maxOverTime, meanOverTime, repeatOverTime, sumOverTime } from '../operations/time.js';
import type { BuildContext, LayerDefinition } from './layer.js';

const { abs, add, cos, divide, elu, erf, exp, gelu, leakyRelu, log, logSoftmax, maximum, minimum, multiply } =
  elementwise;
const { negate, power, relu, selu, sigmoid, sign, sin, softmax, softplus, sqrt, subtract, tanh } = elementwise;

/** Functions of one value. */
const ONE = {
  ...{ abs, cos, erf, exp, gelu, log, logSoftmax, negate, relu, selu },
  ...{ sigmoid, sign, sin, softmax, softplus, sqrt, tanh },
  ...{ sumOverColumns, meanOverColumns, maxOverColumns, minOverColumns },
  ...{ firstStep, lastStep, maxOverTime, meanOverTime, sumOverTime, repeatOverTime },
};

/** Functions of one value and a number `alpha`, which has a default. */
const WITH_ALPHA = { elu, leakyRelu };

/** Functions of two: values, or one value and a number or a trained row. */
const TWO = { add, subtract, multiply, divide, maximum, minimum };

/** Names of the functions that are layers. */
export type OperationName =
  | keyof typeof ONE
  | keyof typeof WITH_ALPHA
  | keyof typeof TWO
  | 'concatenate'
  | 'power'
  | 'slice'
  | 'permuteColumns'
  | 'identity';

const NAMES: readonly string[] = [
  ...Object.keys(ONE),
  ...Object.keys(WITH_ALPHA),
  ...Object.keys(TWO),
  ...['concatenate', 'power', 'slice', 'permuteColumns', 'identity'],
];

/** What a function takes besides the inputs of its node. */
export interface OperationOptions {
  /** The second operand of `add`, `subtract`, `multiply`, `divide`, `maximum` and `minimum`, in place of an input; the exponent of `power`. */
  readonly number?: number;
  /** The second operand is a trained row of so many columns, the parameter `row`. It begins with 0, for `multiply` and `divide` with 1. */
  readonly row?: number;
  /** Whether the number or the row is the first operand: 1 - x. Default false. */
  readonly isFirst?: boolean;
  /** What `elu` (default 1) and `leakyRelu` (default 0.01) multiply by where their input is negative. */
  readonly alpha?: number;
  /** First column of a slice. */
  readonly begin?: number;
  /** The column behind a slice. */
  readonly end?: number;
  /** `permuteColumns`: the column of the input that each column of the output is, -1 for one of zeros; a column may be taken more than once. */
  readonly order?: readonly number[];
}

/** Frozen description of a function as a layer. */
export interface OperationDescription extends OperationOptions {
  readonly kind: 'operation';
  readonly name: OperationName;
}

const FIELDS: Readonly<Record<string, readonly (keyof OperationOptions)[]>> = {
  ...Object.fromEntries(Object.keys(TWO).map((name) => [name, ['number', 'row', 'isFirst'] as const])),
  ...Object.fromEntries(Object.keys(WITH_ALPHA).map((name) => [name, ['alpha'] as const])),
  power: ['number'],
  slice: ['begin', 'end'],
  permuteColumns: ['order'],
};

const NEEDED: Readonly<Record<string, readonly (keyof OperationOptions)[]>> = {
  power: ['number'],
  slice: ['begin', 'end'],
  permuteColumns: ['order'],
};

function refuse(name: string, message: string, value: unknown): never {
  throw new OptionError('invalid_option', message, { name, value });
}

function requireOrder(order: unknown): void {
  if (!Array.isArray(order) || order.length === 0) {
    refuse('order', `option 'order' must be a list of columns, got ${describeValue(order)}`, order);
  }
  for (const [at, column] of (order as readonly unknown[]).entries()) {
    requireNumber(`order[${at}]`, column, { integer: true, min: -1 });
  }
}

/**
 * A function of `bptt/operations` as a layer of one node: element by element, of columns, or over time. The node has as many inputs as the
 * function has operands that are not given here.
 *
 * @param name of the function
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @example
 * const layer = operation('subtract', { number: 1, isFirst: true }); // 1 - x
 */
export function operation(name: OperationName, options: OperationOptions = {}): OperationDescription {
  requireOneOf('name', name, NAMES);
  rejectUnknownKeys(`operation '${name}'`, options, FIELDS[name] ?? []);
  for (const field of NEEDED[name] ?? []) {
    if (options[field] === undefined) refuse(field, `operation '${name}' needs the option '${field}'`, undefined);
  }
  const { number, row, isFirst, alpha, begin, end, order } = options;
  if (alpha !== undefined) requireNumber('alpha', alpha, { min: -1e30, max: 1e30 });
  if (number !== undefined) requireNumber('number', number, { float32: true });
  if (row !== undefined) requireNumber('row', row, { integer: true, min: 1 });
  if (isFirst !== undefined) requireOneOf('isFirst', isFirst, [true, false]);
  if (number !== undefined && row !== undefined) {
    refuse('row', `operation '${name}' takes either 'number' or 'row', got both`, row);
  }
  if (begin !== undefined) requireNumber('begin', begin, { integer: true, min: 0 });
  if (end !== undefined) requireNumber('end', end, { integer: true, min: (begin ?? 0) + 1 });
  if (order !== undefined) requireOrder(order);
  return Object.freeze({
    kind: 'operation',
    name,
    ...options,
    ...(order !== undefined && { order: Object.freeze([...order]) }),
  });
}

function requireInputs(name: string, inputs: readonly Value[], count: number): void {
  if (inputs.length === count && inputs.every(({ type }) => type === 'real')) return;
  const given = inputs.length === count ? 'indices' : `${inputs.length}`;
  const message = `operation '${name}' takes ${count === 1 ? 'one input' : `${count} inputs`} of real numbers, got ${given}`;
  throw new ShapeError('rank_mismatch', message, { layer: 'operation', actual: inputs.length, expected: count });
}

/** The operand that the description gives; undefined where an input is. */
function givenOperand({ name, number, row }: OperationDescription, context: BuildContext): Operand | undefined {
  if (row === undefined) return number;
  const isFactor = name === 'multiply' || name === 'divide';
  const [role, initial] = isFactor ? (['gain', 1] as const) : (['denseBias', 0] as const);
  const shape = { rows: 1, columns: row, shape: [row] };
  return context.parameter('row', { role, ...shape, fanIn: row, units: row, gates: 1, forgetGate: -1, initial });
}

/** Those that take what the description says beside their one input. */
function withArguments({ name, number, alpha, begin, end, order }: OperationDescription, x: Value): Value {
  if (Object.hasOwn(WITH_ALPHA, name)) return WITH_ALPHA[name as keyof typeof WITH_ALPHA](x, alpha);
  if (name === 'power') return power(x, number as number);
  if (name === 'slice') return slice(x, begin as number, end);
  if (name === 'permuteColumns') return columnsInOrder(x, order as readonly number[]);
  return name === 'identity' ? x : ONE[name as keyof typeof ONE](x);
}

/** The definition of functions as layers. */
export const operationLayer: LayerDefinition<OperationDescription> = {
  kind: 'operation',
  fromOptions: ({ name, ...options }) => operation(name, options),
  build(description, context, inputs) {
    const { name, isFirst = false } = description;
    if (name === 'concatenate') {
      const [first, ...others] = inputs;
      if (first === undefined || others.length === 0) requireInputs(name, inputs, 2);
      return concatenate(first as Value, ...others);
    }
    if (!Object.hasOwn(TWO, name)) {
      requireInputs(name, inputs, 1);
      return withArguments(description, inputs[0] as Value);
    }
    const given = givenOperand(description, context);
    requireInputs(name, inputs, given === undefined ? 2 : 1);
    const [x, y] = inputs as readonly [Value, Value];
    const f = TWO[name as keyof typeof TWO];
    if (given === undefined) return isFirst ? f(y, x) : f(x, y);
    return isFirst ? f(given, x) : f(x, given);
  },
};
