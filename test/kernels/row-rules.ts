/** The rows of native/kernels/operations.def as text, and what their clauses allow: read here without the native checker. */
import { createRequire } from 'node:module';
import { type OperandSpec, parseSignature, type Signature } from '../../src/graph/signature.js';

const { readRows } = createRequire(import.meta.url)('../../scripts/generate-operations.cjs') as {
  readRows(): [string, string, string, string][];
};

/** An attribute: the ends of its range are numbers, or sums of letters. */
export interface AttributeText {
  readonly name: string;
  readonly low: string;
  readonly high: string;
  readonly whole: boolean;
}

/** A row in parts. */
export interface RowText {
  readonly name: string;
  readonly opcode: number;
  readonly signature: Signature;
  /** All operands, inputs first. */
  readonly operands: readonly OperandSpec[];
  readonly attributes: readonly AttributeText[];
  /** Each clause in words. */
  readonly clauses: readonly (readonly string[])[];
}

/** Every row, by opcode. */
export const rowTexts: readonly RowText[] = readRows().map(([name, operands, attributes, clauses], opcode) => ({
  name,
  opcode,
  signature: parseSignature(operands),
  operands: Object.values(parseSignature(operands)).flat(),
  attributes: attributes
    .split(' ')
    .filter(Boolean)
    .map((word) => {
      const [attribute, range, type] = word.split(':') as [string, string, string | undefined];
      const [low, high] = range.split('..') as [string, string];
      return { name: attribute, low, high, whole: type === 'i' };
    }),
  clauses: clauses.split(';').map((clause) => clause.trim().split(/\s+/)),
}));

/** Extents that letters stand for. */
export type Sizes = Readonly<Record<string, number>>;

/** The value of a number, or of a sum such as `C-D`. */
export function numberOf(text: string, sizes: Sizes): number {
  if (!/[A-Z]/.test(text)) return Number(text);
  return [...text.matchAll(/([+-]?)(\d*)([A-Z]?)/g)].reduce((sum, [whole, sign, factor, letter]) => {
    if (whole === '') return sum;
    const size = letter === '' ? 1 : (sizes[letter as string] as number);
    return sum + (sign === '-' ? -1 : 1) * (factor === '' ? 1 : Number(factor)) * size;
  }, 0);
}

/** Operands and attributes that the clauses of a row make depend on each other, or leave free. */
export function thingsOf({ operands, attributes, clauses }: RowText): string[] {
  const optional = operands.filter((spec) => spec.optional).map(({ name }) => name);
  const needing = clauses.filter(([, verb]) => verb === 'needs').map(([subject]) => subject as string);
  return [...optional, ...attributes.map(({ name }) => name).filter((name) => needing.includes(name))];
}

/** The names in the first clause that is broken when just these things are there; undefined when none is. */
export function brokenClause({ clauses }: RowText, there: ReadonlySet<string>, sizes: Sizes): string[] | undefined {
  return clauses.find((words) => {
    const [first, second, third, fourth] = words as [string, string, string, string];
    if (first === 'either') return there.has(second) === there.has(fourth);
    if (second === 'with') return there.has(first) !== there.has(third);
    if (second === 'needs') return there.has(first) && !there.has(third);
    if (second !== 'without') return false;
    const [one, other] = first.split('=') as [string, string];
    return !there.has(third) && sizes[one] !== sizes[other];
  }) as string[] | undefined;
}
