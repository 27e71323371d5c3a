/**
 * Signatures of operations: which operands there are, and which of their extents must agree. The grammar stands in
 * native/kernels/operations.def; the native side checks every program against its own copy.
 */
import { ShapeError } from '../core/errors.js';
import { describeExtent, type Extent, sameExtent, type ValueType } from './extent.js';

/** `factor * letter`, or the number `factor` when there is no letter. */
export interface Term {
  readonly factor: number;
  readonly letter: string;
}

/** One operand of a signature. */
export interface OperandSpec {
  readonly name: string;
  readonly rows: readonly Term[];
  readonly columns: readonly Term[];
  readonly type: ValueType;
  readonly gates: number;
  readonly optional: boolean;
  readonly inPlace: boolean;
  /** Whether it may be some columns of a wider matrix. */
  readonly mayBeView: boolean;
  /** Whether it is an activation, which may be stored in another type than the program computes in. */
  readonly isStored: boolean;
  /** Of an index: its smallest entry, and the letter of the size of its table. */
  readonly table?: { readonly low: number; readonly size: string };
}

/** A parsed signature: operands in native order. */
export interface Signature {
  readonly inputs: readonly OperandSpec[];
  readonly outputs: readonly OperandSpec[];
}

/** What a signature says something of: sizes and entries of a value. */
export interface OperandSizes {
  readonly rows: Extent;
  readonly columns: number;
  readonly type: ValueType;
  readonly low: number;
  readonly high: number;
}

/** Extents that the letters of one operation stand for. */
export type Letters = Map<string, Extent>;

const TYPES: Readonly<Record<string, ValueType>> = { i: 'int32', d: 'float64', p: 'packed' };

function parseTerms(text: string): Term[] {
  return text.split('+').map((part) => {
    const match = /^(\d*)([A-Z]?)$/.exec(part) as RegExpExecArray;
    return { factor: match[1] === '' ? 1 : Number(match[1]), letter: match[2] as string };
  });
}

const OPERAND = /^([&~]?)(\w+):([^,]+),([^:?]+)(?::([idps])(\d?)(?:\[(?:\*\]|(-?\d+)\.\.([A-Z])\)))?)?(\??)$/;

function parseOperand(text: string): OperandSpec {
  const [, mark, name, rows, columns, type, gates, low, size, optional] = OPERAND.exec(text) as unknown as string[];
  return {
    name: name as string,
    rows: parseTerms(rows as string),
    columns: parseTerms(columns as string),
    type: TYPES[type ?? ''] ?? 'real',
    gates: type === 'p' ? Number(gates === '' ? 1 : gates) : 0,
    optional: optional === '?',
    inPlace: mark === '&',
    mayBeView: mark === '~',
    isStored: type === 's',
    ...(size === undefined ? {} : { table: { low: Number(low), size } }),
  };
}

/** Parses `"x:R,K p:K,O:p b:1,O? > y:R,O"`. */
export function parseSignature(text: string): Signature {
  const [inputs = '', outputs = ''] = text.split('>');
  const operands = (part: string) => part.split(' ').filter(Boolean).map(parseOperand);
  return { inputs: operands(inputs), outputs: operands(outputs) };
}

/** The names in `"rate:0..1 begin:0..C-D:i"`. */
export function parseAttributes(text: string): string[] {
  const words = text.split(' ').filter(Boolean);
  return words.map((word) => word.slice(0, word.indexOf(':')));
}

function numberOf(terms: readonly Term[], letters: Letters): number | undefined {
  let sum = 0;
  for (const { factor, letter } of terms) {
    const bound = letter === '' ? 1 : letters.get(letter);
    if (typeof bound !== 'number') return undefined;
    sum += factor * bound;
  }
  return sum;
}

/** The extent that `terms` stand for, or undefined while a letter is free. */
export function extentOf(terms: readonly Term[], letters: Letters): Extent | undefined {
  const [only] = terms;
  if (terms.length === 1 && only?.factor === 1 && only.letter !== '') return letters.get(only.letter);
  return numberOf(terms, letters);
}

/** The letters of the two time axes of an operation: packed rows and sequences of its own, and of its other one. */
const AXES = [
  { steps: 'N', batch: 'B' },
  { steps: 'M', batch: 'E' },
] as const;

/** Binds a letter, and the other letter of a time axis with it; false when the letter stands for another kind. */
function bind(letter: string, extent: Extent, letters: Letters): boolean {
  const pair = AXES.find(({ steps, batch }) => letter === steps || letter === batch);
  if (pair === undefined) {
    letters.set(letter, extent);
    return true;
  }
  const kind = letter === pair.steps ? 'steps' : 'batch';
  if (typeof extent === 'number' || extent.kind !== kind) return false;
  letters.set(pair.steps, { kind: 'steps', axis: extent.axis });
  letters.set(pair.batch, { kind: 'batch', axis: extent.axis });
  return true;
}

/**
 * The letters that a caller settles before any operand does.
 *
 * @throws {ShapeError} `shape_mismatch` when a letter of a time axis is given as something else, or the two letters of
 *   one axis as those of two
 */
export function lettersOf(operation: string, extents: Readonly<Record<string, Extent>>): Letters {
  const letters: Letters = new Map();
  for (const [letter, extent] of Object.entries(extents)) {
    const known = letters.get(letter);
    if (known === undefined ? bind(letter, extent, letters) : sameExtent(known, extent)) continue;
    const axis = AXES.find(({ steps }) => letter === steps) === undefined ? 'the sequences' : 'the steps';
    const expected = known === undefined ? `${axis} of a time axis` : describeExtent(known);
    const message = `${operation}: the extent ${letter} is ${describeExtent(extent)}, expected ${expected}`;
    throw new ShapeError('shape_mismatch', message, { operation, extent: letter, actual: extent, expected });
  }
  return letters;
}

function matchExtent(terms: readonly Term[], extent: Extent, letters: Letters): boolean {
  const known = extentOf(terms, letters);
  if (known !== undefined) return sameExtent(known, extent);
  const free = terms.filter(({ letter }) => letter !== '' && !letters.has(letter));
  const [term] = free;
  if (free.length !== 1 || term === undefined) return false;
  if (terms.length === 1 && term.factor === 1) {
    return bind(term.letter, extent, letters);
  }
  const others = numberOf(
    terms.filter((other) => other !== term),
    letters,
  );
  if (others === undefined || typeof extent !== 'number') return false;
  const unit = (extent - others) / term.factor;
  if (!Number.isInteger(unit) || unit < 1) return false;
  letters.set(term.letter, unit);
  return true;
}

function describeTerms(terms: readonly Term[], letters: Letters): string {
  return terms
    .map(({ factor, letter }) => {
      const bound = letters.get(letter);
      return `${letter === '' || factor !== 1 ? factor : ''}${letter}${bound === undefined ? '' : ` (${describeExtent(bound)})`}`;
    })
    .join('+');
}

/**
 * Matches a value with an operand and binds the letters that it settles: N and B, and M and E, settle each other.
 *
 * @throws {ShapeError} `shape_mismatch` with the operation, the operand and both sizes
 */
export function matchOperand(operation: string, spec: OperandSpec, value: OperandSizes, letters: Letters): void {
  const check = (which: string, terms: readonly Term[], extent: Extent) => {
    if (matchExtent(terms, extent, letters)) return;
    const expected = describeTerms(terms, letters);
    const message = `${operation}: ${spec.name} has ${describeExtent(extent)} ${which}, expected ${expected}`;
    throw new ShapeError('shape_mismatch', message, { operation, operand: spec.name, actual: extent, expected });
  };
  if (value.type !== spec.type || (spec.type === 'packed' && value.low !== spec.gates)) {
    const message = `${operation}: ${spec.name} holds ${value.type} entries, expected ${spec.type}`;
    const details = { operation, operand: spec.name, actual: value.type, expected: spec.type };
    throw new ShapeError('shape_mismatch', message, details);
  }
  check('rows', spec.rows, value.rows);
  check('columns', spec.columns, value.columns);
}

/**
 * Makes sure that the entries of an index are those of its table, where that has a known size.
 *
 * @throws {ShapeError} `shape_mismatch` with the operation, the operand and both ranges
 */
export function matchTable(operation: string, spec: OperandSpec, value: OperandSizes, letters: Letters): void {
  const { name, table } = spec;
  const size = table === undefined ? undefined : letters.get(table.size);
  if (table === undefined || typeof size !== 'number') return;
  if (value.low === table.low && value.high === size) return;
  const [actual, expected] = [`${value.low}..${value.high - 1}`, `${table.low}..${size - 1}`];
  const message = `${operation}: ${name} has entries ${actual}, expected ${expected}`;
  throw new ShapeError('shape_mismatch', message, { operation, operand: name, actual, expected });
}
