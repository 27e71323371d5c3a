/** Applies operations to values without a graph in sight: the values know theirs. */
import { OptionError, ShapeError, UsageError } from '../../core/errors.js';
import { describeValue, type NumberBounds, requireNumber } from '../../core/options.js';
import { describeSize, type Extent, type SymbolicExtent } from '../../graph/extent.js';
import { type Graph, graphOf, type Operands } from '../../graph/graph.js';
import type { AttributesOf, ExtentsOf, OperandsOf, OperationName, OutputsOf } from '../../graph/operands.js';
import { operation as operationNamed } from '../../graph/registry.js';
import type { Value } from '../../graph/value.js';

/** The graph of a value; undefined for what is none. */
function graphOfOne(operand: unknown): Graph | undefined {
  return typeof operand === 'object' && operand !== null ? graphOf(operand as Value) : undefined;
}

/**
 * The graph of the operands of a function.
 *
 * @param owner name of the function, for messages
 * @param operands by the names of the arguments
 * @param optional those that may be undefined
 * @throws {UsageError} `not_a_value` when an operand is none, or they belong to two networks
 */
export function graphOfAll(
  owner: string,
  operands: Readonly<Record<string, unknown>>,
  optional: Readonly<Record<string, unknown>> = {},
): Graph {
  let graph: Graph | undefined;
  const given = Object.entries(optional).filter(([, operand]) => operand !== undefined);
  for (const [name, operand] of [...Object.entries(operands), ...given]) {
    const own = graphOfOne(operand);
    if (own === undefined) {
      const message = `${owner}: ${name} is ${describeValue(operand)}, expected a value of the network that is being built`;
      throw new UsageError('not_a_value', message, { function: owner, operand: name });
    }
    if (graph !== undefined && graph !== own) {
      const message = `${owner}: ${name} belongs to another network, or to an earlier build of this one`;
      throw new UsageError('not_a_value', message, { function: owner, operand: name });
    }
    graph = own;
  }
  if (graph !== undefined) return graph;
  throw new UsageError('not_a_value', `${owner}: there is no value among its operands`, { function: owner });
}

/**
 * A number that a function takes.
 *
 * @param name of the argument
 * @param help what to do with a value in its place
 * @throws {OptionError} `invalid_option`, which names the function and the argument
 */
export function requireArgument(
  owner: string,
  name: string,
  argument: unknown,
  bounds: NumberBounds,
  help = 'it must be known when the network is built',
): number {
  if (graphOfOne(argument) === undefined) return requireNumber(`${name} of ${owner}`, argument, bounds);
  const message = `${owner}: ${name} is a ${describeValue(argument)}, expected a number: ${help}`;
  throw new OptionError('invalid_option', message, { name, function: owner });
}

/** The time axis of a value's rows. @throws {ShapeError} `shape_mismatch` for a matrix of fixed size */
export function requireAxis(owner: string, name: string, value: Value): SymbolicExtent {
  if (typeof value.rows !== 'number') return value.rows;
  const message = `${owner}: ${name} ${describeSize(value)} has fixed rows, expected a row for each step or sequence`;
  throw new ShapeError('shape_mismatch', message, { operation: owner, operand: name, actual: value.rows });
}

/** Arguments by the names of a function. */
export type Arguments = Readonly<Record<string, Value | undefined>>;

/** The name of the argument that an operand is, or that it was made of by an operation of one operand, such as packing. */
function argumentName(operand: string, value: Value | undefined, given: Arguments): string | undefined {
  if (value !== undefined && given[operand] === value) return operand;
  for (let at = value; at !== undefined; ) {
    const found = Object.entries(given).find(([, argument]) => argument === at);
    if (found !== undefined) return found[0];
    const inputs: readonly Value[] = [...(at.node?.inputs.values() ?? [])];
    at = inputs.length === 1 ? inputs[0] : undefined;
  }
  return undefined;
}

/** What rows an operand should have had, by the letters of operations; undefined where sizes say it. */
function expectedRows(actual: unknown, expected: unknown): string | undefined {
  const [, letter] = /^([NMBE])(?: |$)/.exec(String(expected)) ?? [];
  if (letter === undefined) return undefined;
  const kind = letter === 'N' || letter === 'M' ? 'steps' : 'batch';
  if ((actual as Partial<SymbolicExtent>).kind === kind) return undefined;
  return kind === 'steps' ? 'a row for each step' : 'a row for each sequence';
}

const ENTRIES: Readonly<Record<string, string>> = { real: 'real numbers', int32: 'indices' };

/** What an error of a graph says, with the arguments of the function. */
function inWords(name: string, given: Arguments, { details }: ShapeError): string {
  const { actual, expected } = details as { readonly actual?: Extent | string; readonly expected?: unknown };
  const value = given[name] as Value;
  if (typeof actual === 'string') {
    const [has, should] = [actual, String(expected)].map((entries) => ENTRIES[entries] ?? `entries ${entries}`);
    return `${name} ${describeSize(value)} has ${has}, expected ${should}`;
  }
  const others = Object.entries(given).filter(([other, each]) => other !== name && each !== undefined);
  const sizes = others.map(([other, each]) => `${other} ${describeSize(each as Value)}`);
  const rows = expectedRows(actual, expected);
  const misfit = `${name} ${describeSize(value)} does not fit${sizes.length === 0 ? '' : ` ${sizes.join(', ')}`}`;
  return rows === undefined ? misfit : `${misfit}: expected ${rows}`;
}

/**
 * Calls what applies operations for the function `owner`. Errors of the graph, which name operands and sizes of operations, then speak of
 * the function and its arguments.
 *
 * @param given arguments by name
 * @param operands what the operation is applied to, by its own names
 * @throws {ShapeError} `shape_mismatch`
 */
export function inTermsOf<T>(owner: string, given: Arguments, operands: Operands, apply: () => T): T {
  try {
    return apply();
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    const operand = String(error.details['operand']);
    const name = argumentName(operand, operands[operand], given);
    if (name === undefined) throw error;
    const details = { ...error.details, operation: owner, operand: name, actual: describeSize(given[name] as Value) };
    const { expected: _, ...known } = details as Readonly<Record<string, unknown>>;
    throw new ShapeError(error.code, `${owner}: ${inWords(name, given, error)}`, known, error);
  }
}

/** What a function applies. */
export interface Application<N extends OperationName> {
  /** Name of the operation in native/kernels/operations.def. */
  readonly operation: N;
  readonly operands: OperandsOf<N>;
  readonly attributes?: AttributesOf<N>;
  readonly extents?: ExtentsOf<N>;
  /** Arguments of the function by its own names, already checked; default the operands. */
  readonly given?: Arguments;
}

/**
 * Applies an operation for the function `owner`, which errors name.
 *
 * @returns the outputs by name
 * @throws {ShapeError} `shape_mismatch` when operands do not fit together
 * @throws {UsageError} `not_a_value`
 */
export function applied<N extends OperationName>(
  owner: string,
  { operation, operands, attributes, extents, given = operands as Arguments }: Application<N>,
): OutputsOf<N> {
  const all = operands as Operands;
  const inputs = operationNamed(operation).signature.inputs;
  const named = (isOptional: boolean) =>
    Object.fromEntries(inputs.filter((spec) => spec.optional === isOptional).map(({ name }) => [name, all[name]]));
  const graph = graphOfAll(owner, named(false), named(true));
  return inTermsOf(owner, given, all, () => graph.apply(operation, operands, attributes, extents));
}

/** Operations of one value. */
type UnaryOperation =
  | 'firstStep'
  | 'lastStep'
  | 'logSoftmax'
  | 'maxOverColumns'
  | 'maxOverTime'
  | 'relu'
  | 'repeatOverTime'
  | 'sigmoid'
  | 'softmax'
  | 'sumOverTime'
  | 'tanh';

/** A function of one value that is the operation of the same name. */
export function unary(name: UnaryOperation): (x: Value) => Value {
  return (x) => applied(name, { operation: name, operands: { x } }).y;
}
