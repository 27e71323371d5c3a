/**
 * What the axes of the inputs of an ONNX graph are. The file gives numbers or names; the library has rows of time and of examples, and
 * columns. Few readings are possible, and all but the right one fail at the first operator that has a time axis.
 */
import { InterchangeError, OptionError } from '../../core/errors.js';
import { describeValue } from '../../core/options.js';
import type { NumberType } from '../sources/number-types.js';
import { numberTypeOf, typeName } from './constants/tensor-proto.js';
import type { DeclaredSize, OnnxGraph, OnnxValue } from './ir.js';
import type { RowAxis, Size } from './sizes.js';

/** What an input stands for. */
export type InputReading =
  /** Real numbers of each row. */
  | { readonly kind: 'features'; readonly sizes: readonly Size[] }
  /** Indices, or lengths of sequences. */
  | { readonly kind: 'indices'; readonly sizes: readonly Size[] }
  /** A state that goes in. */
  | { readonly kind: 'state'; readonly sizes: readonly Size[] }
  /** Numbers that the user gives. */
  | {
      readonly kind: 'constant';
      readonly type: NumberType;
      readonly shape: readonly number[];
      readonly numbers: readonly number[];
    };

/** All inputs of a graph, read in one way. */
export type Reading = ReadonlyMap<string, InputReading>;

/** What users say of inputs. */
export interface GivenInputs {
  readonly axes?: Readonly<Record<string, readonly (string | number)[]>> | undefined;
  readonly constants?: Readonly<Record<string, number | readonly number[]>> | undefined;
}

/** A model whose rows are steps of sequences, or one whose rows are calls. */
type Mode = 'time' | 'step';

const ROWS: Readonly<Record<Mode, readonly (readonly RowAxis[])[]>> = {
  time: [['time'], ['batch']],
  step: [['step']],
};

const BATCH = /batch|^b$|^n$/i;
const TIME = /seq|time|frame|length|^t$|^l$|steps/i;
const STATE = /state|hidden|cell|^[hc]_?(?:0|x|in|prev|n|t)?$|initial|cache/i;

/** Codes of the types of indices and lengths. */
const INTEGERS: ReadonlySet<number> = new Set([6, 7, 12, 13]);

/** Codes of what can be computed with: float32, float16, float64, bfloat16, conditions; 0 where a file does not say. */
const REALS: ReadonlySet<number> = new Set([0, 1, 9, 10, 11, 16]);

/** @throws {InterchangeError} `unsupported_operator` for types that are no input of a network, and for rows of too many columns */
function requireReadable({ name, elementType, sizes = [] }: OnnxValue): void {
  if (!REALS.has(elementType) && !INTEGERS.has(elementType)) {
    const message = `the input '${name}' has elements of the type ${typeName(elementType)}, expected real numbers, conditions, or whole numbers of 32 or 64 bits`;
    throw new InterchangeError('unsupported_operator', message, { input: name, type: elementType });
  }
  const isNone = sizes.some((size) => typeof size === 'number' && (!Number.isSafeInteger(size) || size < 0));
  const most = sizes.reduce<number>((product, size) => product * (typeof size === 'number' ? Math.max(size, 1) : 1), 1);
  if (!isNone && most <= MOST_NUMBERS) return;
  const shown = sizes.slice(0, 20).map((size) => (size === '' ? '?' : size));
  const message = `the input '${name}' is [${shown.join(', ')}], expected sizes from 0 on and at most ${MOST_NUMBERS} numbers`;
  throw new InterchangeError('unsupported_operator', message, { input: name });
}

/** Most numbers of an input whose axes are all fixed. */
const MOST_NUMBERS = 2 ** 22;

/** Most axes of an input: an arrangement of rows is tried for each. */
const MOST_AXES = 8;

/** How well a reading of an axis goes with its declaration: undefined where it cannot be. */
function fits(declared: DeclaredSize, size: Size): number | undefined {
  if (typeof size === 'number') return typeof declared === 'number' ? 0 : undefined;
  if (typeof declared === 'number') return declared === 1 && size[0] !== 'time' ? 0 : -2;
  if (BATCH.test(declared)) return size[0] === 'time' ? -3 : 3;
  if (TIME.test(declared)) return size[0] === 'time' ? 3 : -3;
  return 1;
}

/** Every way to put rows on the axes, the others being columns. */
function arrangements(declared: readonly DeclaredSize[], rows: readonly (readonly RowAxis[])[]): Size[][] {
  const columns = declared.map((size): Size => (typeof size === 'number' ? size : Number.NaN));
  let all: Size[][] = [columns];
  for (const axis of rows) {
    all = all.flatMap((sizes) =>
      sizes.flatMap((size, at) =>
        typeof size === 'number' ? [sizes.map((each, place) => (place === at ? axis : each))] : [],
      ),
    );
  }
  return all.filter((sizes) => sizes.every((size) => typeof size !== 'number' || (Number.isInteger(size) && size > 0)));
}

interface Candidate {
  readonly reading: InputReading;
  readonly score: number;
}

function scoreOf(declared: readonly DeclaredSize[], sizes: readonly Size[]): number | undefined {
  // A file for so many examples of so many steps says nothing of which is which.
  const isFixed = declared.every((size) => typeof size === 'number');
  let score = 0;
  for (const [at, size] of sizes.entries()) {
    const fit = fits(declared[at] as DeclaredSize, size);
    if (fit === undefined) return undefined;
    score += isFixed ? 0 : fit;
  }
  // Columns stand behind rows in most models, and time in front of examples or behind them.
  const last = sizes[sizes.length - 1];
  return score + (typeof last === 'number' ? 0.5 : 0);
}

/** Whether an output has the sizes of an input: the same numbers at the same places. */
function comesOutAgain(graph: OnnxGraph, { sizes }: OnnxValue): boolean {
  const numbers = (declared: OnnxValue['sizes']) =>
    declared?.map((size) => (typeof size === 'number' ? size : '?')).join();
  return sizes !== undefined && graph.outputs.some((output) => numbers(output.sizes) === numbers(sizes));
}

function candidatesOf(
  { name, sizes, elementType }: OnnxValue,
  mode: Mode,
  { isFirst, comesOut }: InputPlace,
): Candidate[] {
  if (sizes === undefined || sizes.length > MOST_AXES) return [];
  const rank = sizes.length;
  const make = (kind: 'features' | 'indices' | 'state', rows: readonly (readonly RowAxis[])[], bonus: number) =>
    arrangements(sizes, rows).flatMap((arranged): Candidate[] => {
      const score = scoreOf(sizes, arranged);
      return score === undefined ? [] : [{ reading: { kind, sizes: arranged }, score: score + bonus }];
    });
  if (INTEGERS.has(elementType)) {
    const perExample = rank === 1 && mode === 'time' ? make('indices', [['batch']], 0) : [];
    return [...perExample, ...make('indices', ROWS[mode], 0)];
  }
  // A state is named like one, or comes out with the sizes that it goes in with.
  const likely = STATE.test(name) ? 4 : comesOut ? 2 : -1;
  const state = rank < 2 ? [] : make('state', [mode === 'time' ? ['batch'] : ['step']], isFirst ? -6 : likely);
  const perSequence = mode === 'time' && !isFirst ? make('features', [['batch']], -2) : [];
  // Several axes of columns in a row of each call are less likely than steps of sequences.
  const features = make('features', ROWS[mode], mode === 'step' && rank > 2 ? -5 : 0);
  return [...state, ...features, ...perSequence];
}

function constantReading(
  name: string,
  given: number | readonly number[],
  { sizes, elementType }: OnnxValue,
): InputReading {
  const numbers = typeof given === 'number' ? [given] : [...given];
  const count = (sizes ?? []).reduce<number>((product, size) => product * (typeof size === 'number' ? size : 1), 1);
  if (
    numbers.length === 0 ||
    numbers.some((number) => !Number.isFinite(number)) ||
    (count !== numbers.length && numbers.length !== 1)
  ) {
    const message = `option 'constants.${name}' must be a finite number, or a list of ${count}, got ${describeValue(given)}`;
    throw new OptionError('invalid_option', message, { name: 'constants', value: given });
  }
  const shape = (sizes ?? []).map((size) => (typeof size === 'number' ? size : 1));
  const all = numbers.length === count ? numbers : new Array<number>(count).fill(numbers[0] as number);
  return { kind: 'constant', type: numberTypeOf(elementType) ?? 'float32', shape, numbers: all };
}

/** The reading of an input whose axes the user names. */
function namedReading(
  { name, elementType }: OnnxValue,
  axes: readonly (string | number)[],
): { readonly mode: Mode; readonly reading: InputReading } {
  const isState = axes[0] === 'state';
  const sizes = (isState ? axes.slice(1) : axes).map((axis): Size => {
    if (typeof axis === 'number' && Number.isInteger(axis) && axis > 0) return axis;
    if (axis === 'time' || axis === 'batch' || axis === 'step') return [axis];
    const message = `option 'axes.${name}' must be a list of 'time', 'batch', 'step' and sizes, for a state with 'state' in front, got ${describeValue(axes)}`;
    throw new OptionError('invalid_option', message, { name: 'axes', value: axes });
  });
  const mode = sizes.some((size) => typeof size !== 'number' && size[0] === 'step') ? 'step' : 'time';
  const kind = isState ? 'state' : INTEGERS.has(elementType) ? 'indices' : 'features';
  return { mode, reading: { kind, sizes } };
}

/** @throws {OptionError} `invalid_option` for names that are no inputs */
function requireInputNames(graph: OnnxGraph, option: 'axes' | 'constants', names: readonly string[]): void {
  const known = graph.inputs.map(({ name }) => name);
  for (const name of names) {
    if (known.includes(name)) continue;
    const message = `option '${option}' names the input '${name}'; the file has ${known.join(', ')}`;
    throw new OptionError('invalid_option', message, { name: option, value: name });
  }
}

/** Most readings that are tried. */
const MOST_READINGS = 400;

/** The input that is no state, whatever it is called: the first one of real numbers; none where indices come in and states are named. */
function firstFeatures(graph: OnnxGraph, constants: NonNullable<GivenInputs['constants']>): OnnxValue | undefined {
  const open = graph.inputs.filter(({ name }) => constants[name] === undefined);
  const real = open.filter(({ elementType }) => !INTEGERS.has(elementType));
  const unnamed = real.find(({ name }) => !STATE.test(name));
  return unnamed ?? (real.length === open.length ? real[0] : undefined);
}

/**
 * All readings of the inputs, the likely ones first.
 *
 * @throws {InterchangeError} `ambiguous_network` for an input that the user must say something of
 * @throws {OptionError} `invalid_option`
 */
export function readingsOf(graph: OnnxGraph, { axes = {}, constants = {} }: GivenInputs): Reading[] {
  requireInputNames(graph, 'axes', Object.keys(axes));
  requireInputNames(graph, 'constants', Object.keys(constants));
  for (const input of graph.inputs) {
    if (axes[input.name] === undefined && constants[input.name] === undefined) requireReadable(input);
  }
  // The first input of real numbers is what the network reads, unless it reads indices.
  const readsIndices = graph.inputs.some(
    ({ elementType, sizes }) => INTEGERS.has(elementType) && (sizes?.length ?? 0) > 1,
  );
  const firstReal = readsIndices ? undefined : firstFeatures(graph, constants);
  const all: { readonly reading: Reading; readonly score: number }[] = [];
  for (const mode of ['time', 'step'] as const) {
    let partial: { readonly reading: readonly (readonly [string, InputReading])[]; readonly score: number }[] = [
      { reading: [], score: 0 },
    ];
    for (const input of graph.inputs) {
      const place = { isFirst: input === firstReal, comesOut: comesOutAgain(graph, input) };
      const candidates = candidatesFor(input, mode, { axes, constants }, place);
      partial = partial.flatMap(({ reading, score }) =>
        candidates.map((candidate) => ({
          reading: [...reading, [input.name, candidate.reading] as const],
          score: score + candidate.score,
        })),
      );
      partial = partial.sort((a, b) => b.score - a.score).slice(0, MOST_READINGS);
    }
    all.push(
      ...partial.map(({ reading, score }) => ({
        reading: new Map(reading),
        score: score + (mode === 'time' ? 0.25 : 0),
      })),
    );
  }
  return all.sort((a, b) => b.score - a.score).map(({ reading }) => reading);
}

interface InputPlace {
  /** Whether it is the first input of real numbers. */
  readonly isFirst: boolean;
  /** Whether an output has its sizes. */
  readonly comesOut: boolean;
}

function candidatesFor(
  input: OnnxValue,
  mode: Mode,
  { axes = {}, constants = {} }: GivenInputs,
  place: InputPlace,
): Candidate[] {
  const given = Object.hasOwn(constants, input.name) ? constants[input.name] : undefined;
  if (given !== undefined) return [{ reading: constantReading(input.name, given, input), score: 0 }];
  const named = Object.hasOwn(axes, input.name) ? axes[input.name] : undefined;
  if (named !== undefined) {
    const { mode: own, reading } = namedReading(input, named);
    return own === mode ? [{ reading, score: 0 }] : [];
  }
  if (input.sizes?.length === 0) {
    const message = `the input '${input.name}' is a single number: give it by the option constants, { constants: { ${JSON.stringify(input.name)}: NUMBER } }`;
    throw new InterchangeError('ambiguous_network', message, { input: input.name });
  }
  return candidatesOf(input, mode, place);
}
/** Axes that are read as something else than their names in the file say: `batch` as time. */
export function againstNames({ sizes: declared = [] }: OnnxValue, reading: InputReading): string[] {
  if (reading.kind === 'constant') return [];
  return reading.sizes.flatMap((size, at) => {
    const name = declared[at];
    const isAgainst = typeof name === 'string' && typeof size !== 'number' && (fits(name, size) ?? 0) < 0;
    return isAgainst ? [`'${name}' as ${size.join('*')}`] : [];
  });
}

/** A reading for people: `input [batch, time, 80]`. */
export function describeReading(name: string, reading: InputReading): string {
  if (reading.kind === 'constant') return `${name} = ${reading.numbers.join(', ')}`;
  const sizes = reading.sizes.map((size) => (typeof size === 'number' ? size : size.join('*')));
  return `${name} [${sizes.join(', ')}]${reading.kind === 'state' ? ' (state)' : ''}`;
}
