/** Gates of a cell: what its input, its state and constants give to each. */
import { type Affine, affine, type Bias, type MatrixTerm, type WeightBlock, weightNumbers } from './affine.js';
import type { Columns } from './columns.js';
import type { GraphFacts } from './graph-facts.js';
import type { Activation } from './polynomial.js';

/** A graph, and which of its inputs are states. */
export interface CellContext {
  readonly facts: GraphFacts;
  readonly states: ReadonlySet<string>;
}

/** A recurrent cell that a graph has written out, in the terms of ONNX. */
export interface Cell {
  readonly op: 'LSTM' | 'GRU' | 'RNN';
  /** Names of the values [batch, ...] that go in; `c` of an LSTM alone. */
  readonly x: string;
  readonly h: string;
  readonly c?: string;
  /** Names of the values [batch, units] that come out: `h` and, of an LSTM, `c`. */
  readonly outputs: readonly string[];
  readonly units: number;
  /** Width of `x`. */
  readonly inputs: number;
  /** [gates * units, inputs] and [gates * units, units], gates in the order of ONNX. */
  readonly W: Float32Array;
  readonly R: Float32Array;
  /** [2 * gates * units]; undefined where there are no biases. */
  readonly B: Float32Array | undefined;
  readonly activations: readonly Activation[];
  /** Of a GRU: whether the reset gate acts behind the product with the state. */
  readonly isResetAfter?: boolean;
}

/** What one gate adds up before its activation: W x + R h + biases. */
export interface Gate {
  readonly x: WeightBlock;
  readonly h: WeightBlock;
  readonly biases: BiasPair;
  /** -1 where all numbers change their sign: 1 - sigmoid(a) = sigmoid(-a). */
  readonly sign: 1 | -1;
}

/** The two biases that ONNX has for each gate. */
export interface BiasPair {
  readonly W?: Float64Array | undefined;
  readonly R?: Float64Array | undefined;
}

/** The name of the input of the file that columns are a part of, where that is a state. */
export function stateOf({ facts, states }: CellContext, { of }: Columns): string | undefined {
  const input = facts.movedInput(of);
  return input !== undefined && states.has(input) ? input : undefined;
}

/** Whether columns are a state [batch, units] with a name. */
export function isState(context: CellContext, columns: Columns, units: number): boolean {
  const { name } = columns;
  const sizes = name === undefined ? undefined : context.facts.sizes(name);
  return sizes?.length === 2 && sizes[1] === units && stateOf(context, columns) !== undefined;
}

/** Which of two values is the state h, and which the input x. */
export interface Sources {
  readonly x: MatrixTerm;
  readonly h: MatrixTerm;
}

/**
 * The input and the state of a sum of two products.
 *
 * @param home the input of the file that another state of the cell comes from, which decides between two states
 * @returns undefined where it is not clear
 */
export function sourcesOf(context: CellContext, sum: Affine, units: number, home?: string): Sources | undefined {
  const [a, b] = sum.terms;
  if (a === undefined || b === undefined || sum.terms.length !== 2 || a.key === b.key) return undefined;
  if (a.source.name === undefined || b.source.name === undefined) return undefined;
  const found = [a, b].filter((term) => isState(context, term.source, units));
  const [h] = found.length < 2 ? found : found.filter((term) => stateOf(context, term.source) === home);
  if (h === undefined || (found.length === 2 && stateOf(context, a.source) === stateOf(context, b.source)))
    return undefined;
  return { x: h === a ? b : a, h };
}

/** A gate of columns that are W x + R h + biases, for known x and h. */
export function gateOf(context: CellContext, columns: Columns, { x, h }: Sources, sign: 1 | -1 = 1): Gate | undefined {
  const sum = affine(context.facts, columns);
  if (sum === undefined || sum.products.length > 0 || sum.terms.length !== 2) return undefined;
  const [ofX, ofH] = [x, h].map(({ key }) => sum.terms.find((term) => term.key === key));
  const biases = biasPair(sum.biases, h.key);
  if (ofX === undefined || ofH === undefined || biases === undefined) return undefined;
  return { x: ofX.weight, h: ofH.weight, biases, sign };
}

/** Biases in the two places of ONNX: those beside the product with the state in the second. Undefined for more than two. */
export function biasPair(biases: readonly Bias[], h: string): BiasPair | undefined {
  if (biases.length > 2) return undefined;
  const ordered = [...biases].sort((a, b) => Number(a.beside === h) - Number(b.beside === h));
  const [first, second] = ordered;
  if (first !== undefined && second === undefined && first.beside === h) return { R: first.numbers };
  return { W: first?.numbers, R: second?.numbers };
}

/** Numbers of all gates, one behind the other. Undefined where their sizes differ. */
export function assembled(gates: readonly Gate[]): Pick<Cell, 'units' | 'inputs' | 'W' | 'R' | 'B'> | undefined {
  const [first] = gates;
  if (first === undefined) return undefined;
  const [units, inputs] = [first.x.columns, first.x.rows];
  const fits = ({ x, h }: Gate) => x.columns === units && h.columns === units && h.rows === units && x.rows === inputs;
  if (!gates.every(fits)) return undefined;
  const joined = (parts: readonly Float32Array[], size: number) => {
    const all = new Float32Array(gates.length * size);
    for (const [gate, part] of parts.entries()) {
      const sign = gates[gate]?.sign as number;
      all.set(sign === 1 ? part : part.map((number) => -number), gate * size);
    }
    return all;
  };
  const W = joined(
    gates.map(({ x }) => weightNumbers(x)),
    units * inputs,
  );
  const R = joined(
    gates.map(({ h }) => weightNumbers(h)),
    units * units,
  );
  const hasBias = gates.some(({ biases }) => biases.W !== undefined || biases.R !== undefined);
  if (!hasBias) return { units, inputs, W, R, B: undefined };
  const zeros = new Float64Array(units);
  const halves = (['W', 'R'] as const).map((half) =>
    joined(
      gates.map(({ biases }) => Float32Array.from(biases[half] ?? zeros)),
      units,
    ),
  );
  const B = new Float32Array(2 * gates.length * units);
  for (const [at, half] of halves.entries()) B.set(half, at * half.length);
  return { units, inputs, W, R, B };
}
