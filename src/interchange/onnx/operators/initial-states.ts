/** Where the states of recurrent operators begin. */
import type { OperatorContext } from '../operator-context.js';
import { columnsOf, describeSizes, rowAxesOf, type Size } from '../sizes.js';
import type { Computed, Constant } from '../value.js';
import type { Cell } from './cell-activations.js';
import { constantColumns } from './constant-columns.js';

/** Sizes of a recurrent operator. */
export interface Sizes {
  readonly cell: Cell;
  readonly gates: number;
  readonly units: number;
  readonly inputs: number;
  readonly directions: number;
  readonly isCoupled: boolean;
}

/** Where states begin: undefined for zeros; else it is said which numbers of an input they are. */
export function requireInitial(
  context: OperatorContext,
  at: number,
  state: string,
  { units, directions }: Sizes,
): InitialState | undefined {
  const value = context.inputs[at];
  if (value === undefined) return undefined;
  if (value.kind === 'fill' && value.number === 0) return undefined;
  if (value.kind === 'constant') {
    const numbers = value.read().data as ArrayLike<number>;
    if (Array.prototype.every.call(numbers, (number: number) => number === 0)) return undefined;
    return { state, computed: constantState(context, value, numbers, { units, directions }) };
  }
  if (value.kind === 'repeated') {
    const numbers = value.constant.read().data as ArrayLike<number>;
    return { state, computed: constantState(context, value.constant, numbers, { units, directions }) };
  }
  if (value.kind === 'state') {
    if (value.elements.length !== directions * units)
      return context.refuse(`the initial state ${state} is ${describeSizes(value.sizes)}`);
    return { state, input: value.input, elements: value.elements };
  }
  const computed = context.asComputed(value);
  if (computed === undefined) return context.refuse(`the initial state ${state} is a ${value.kind}`);
  if (rowAxesOf(computed.sizes).join() !== 'batch' || columnsOf(computed.sizes) !== directions * units) {
    return context.refuse(
      `the initial state ${state} is ${describeSizes(computed.sizes)}, expected ${units} numbers of each example`,
    );
  }
  return { state, computed };
}

/** A constant initial state: of one example, or the same of several. */
function constantState(
  context: OperatorContext,
  constant: Constant,
  numbers: ArrayLike<number>,
  { units, directions }: Pick<Sizes, 'units' | 'directions'>,
): Computed {
  const examples = numbers.length / (directions * units);
  const isBatchFirst = context.int('layout', 0) === 1;
  const own = new Float64Array(directions * units);
  for (let at = 0; at < numbers.length; at++) {
    const direction = Math.floor(at / units / (isBatchFirst ? 1 : examples)) % directions;
    const place = direction * units + (at % units);
    const example = isBatchFirst ? Math.floor(at / units / directions) : Math.floor(at / units) % examples;
    if (example === 0) own[place] = numbers[at] as number;
    else if (own[place] !== numbers[at])
      context.refuse(`the initial state [${constant.shape.join(', ')}] differs between examples`);
  }
  if (!Number.isInteger(examples)) context.refuse(`the initial state is [${constant.shape.join(', ')}]`);
  const sizes: readonly Size[] = [['batch'], directions * units];
  return constantColumns(context, own, { from: constant.name, sizes });
}

/** What an initial state is given by. */
export interface InitialState {
  readonly state: string;
  readonly input?: string;
  readonly elements?: readonly number[];
  readonly computed?: Computed;
}

/** Initial states that the network computes, by their names. */
export function givenStates(
  context: OperatorContext,
  initial: readonly InitialState[],
  suffixes: readonly string[],
  units: number,
): Record<string, string> | undefined {
  const given: Record<string, string> = {};
  for (const { state, computed } of initial) {
    if (computed === undefined) continue;
    const { emission, name } = context;
    const value = emission.rowMajor(name, computed);
    for (const [at, suffix] of suffixes.entries()) {
      const begin = at * units;
      given[`${state}_l0${suffix}`] =
        suffixes.length === 1
          ? value.node
          : emission.operation(name, 'slice', [value.node], { begin, end: begin + units });
    }
  }
  return Object.keys(given).length === 0 ? undefined : given;
}
