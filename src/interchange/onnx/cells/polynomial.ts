/** Values as sums of products of activations and of other values: equations in one form, however they are written. */
import type { OnnxNode } from '../ir.js';
import { allColumns, type Columns, columnsKey, columnsOfInput } from './columns.js';
import type { GraphFacts } from './graph-facts.js';

/** An activation with its numbers. */
export interface Activation {
  /** By the name of ONNX. */
  readonly op: string;
  readonly alpha?: number | undefined;
  readonly beta?: number | undefined;
}

/** A factor: an activation of columns, or columns of a value that is not looked into. */
export interface Factor {
  readonly key: string;
  readonly columns: Columns;
  /** Undefined for a value that is not looked into. */
  readonly activation: Activation | undefined;
  /** What the activation is applied to. */
  readonly input: Columns | undefined;
}

/** A product of factors, in the order of their keys, times a number. */
export interface Term {
  readonly number: number;
  readonly factors: readonly Factor[];
}

/** Most terms: those of cells have three. */
const MOST_TERMS = 6;
const MOST_DEPTH = 6;

const ACTIVATIONS: Readonly<Record<string, { readonly alpha?: number; readonly beta?: number }>> = {
  Sigmoid: {},
  Tanh: {},
  Relu: {},
  HardSigmoid: { alpha: 0.2, beta: 0.5 },
  Softsign: {},
  Softplus: {},
  LeakyRelu: { alpha: 0.01 },
  Elu: { alpha: 1 },
};

function activationOf(node: OnnxNode): Activation | undefined {
  const defaults = Object.hasOwn(ACTIVATIONS, node.op) ? ACTIVATIONS[node.op] : undefined;
  if (defaults === undefined) return undefined;
  const number = (name: 'alpha' | 'beta') => {
    const given = node.attributes.get(name);
    return given?.kind === 'float' ? given.value : defaults[name];
  };
  return { op: node.op, alpha: number('alpha'), beta: number('beta') };
}

/** Whether two activations are the same function. */
export function sameActivation(a: Activation | undefined, b: Activation | undefined): boolean {
  return a?.op === b?.op && a?.alpha === b?.alpha && a?.beta === b?.beta;
}

/** Columns as one factor. @param opaque values that are not looked into */
export function factorOf(facts: GraphFacts, columns: Columns): Factor {
  const key = columnsKey(columns);
  const node = facts.producer(columns.of)?.node;
  const activation = node?.domain === '' ? activationOf(node) : undefined;
  const input = activation && node && columnsOfInput(facts, columns, node.inputs[0] as string);
  return { key, columns, activation: input && activation, input };
}

/** The only number of a constant. */
function scalar(facts: GraphFacts, name: string): number | undefined {
  const sizes = facts.sizes(name);
  if (sizes?.some((size) => size !== 1) !== false) return undefined;
  const numbers = facts.numbers(name);
  return numbers?.length === 1 ? numbers[0] : undefined;
}

const joined = (a: readonly Factor[], b: readonly Factor[]) =>
  [...a, ...b].sort((left, right) => (left.key < right.key ? -1 : Number(left.key > right.key)));

/** Equal products as one; what is 0 is left out. */
function collected(terms: readonly Term[]): Term[] {
  const found = new Map<string, Term>();
  for (const { number, factors } of terms) {
    const key = factors.map((factor) => factor.key).join(' * ');
    found.set(key, { number: (found.get(key)?.number ?? 0) + number, factors });
  }
  return [...found.values()].filter(({ number }) => number !== 0);
}

/**
 * The columns of a value as a sum of products.
 *
 * @returns undefined for more terms than cells have
 */
export function polynomial(facts: GraphFacts, columns: Columns, depth = 0): readonly Term[] | undefined {
  const node = facts.producer(columns.of)?.node;
  const isSum = node?.domain === '' && ['Add', 'Sub', 'Mul', 'Neg'].includes(node.op);
  if (!isSum || depth > MOST_DEPTH) return [{ number: 1, factors: [factorOf(facts, columns)] }];
  const operands = node.inputs.map((input) => {
    const number = scalar(facts, input);
    if (number !== undefined) return [{ number, factors: [] }];
    const own = columnsOfInput(facts, columns, input);
    return own && polynomial(facts, own, depth + 1);
  });
  const [a, b] = operands;
  if (a === undefined || (node.op !== 'Neg' && b === undefined)) return undefined;
  const terms = combined(node.op, a, b ?? []);
  return terms.length <= MOST_TERMS ? terms : undefined;
}

function combined(op: string, a: readonly Term[], b: readonly Term[]): Term[] {
  const negative = (terms: readonly Term[]) => terms.map(({ number, factors }) => ({ number: -number, factors }));
  if (op === 'Neg') return negative(a);
  if (op === 'Add') return collected([...a, ...b]);
  if (op === 'Sub') return collected([...a, ...negative(b)]);
  const products = a.flatMap((left) =>
    b.map((right) => ({ number: left.number * right.number, factors: joined(left.factors, right.factors) })),
  );
  return collected(products);
}

/** All columns of a value as a sum of products. */
export function polynomialOf(facts: GraphFacts, name: string): readonly Term[] | undefined {
  return polynomial(facts, allColumns(facts, name));
}
