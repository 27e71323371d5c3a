/** LSTM cells of one step: c' = f c + i g, h' = o tanh(c'). Source: Hochreiter & Schmidhuber 1997; Gers et al. 2000. */
import { affine } from './affine.js';
import { allColumns } from './columns.js';
import { assembled, type Cell, type CellContext, gateOf, isState, sourcesOf, stateOf } from './gates.js';
import { type Factor, polynomial, polynomialOf, sameActivation, type Term } from './polynomial.js';

type Pair = readonly [Factor, Factor];

/** The two factors of a product with the number 1. */
function pair(term: Term | undefined): Pair | undefined {
  const [a, b] = term?.factors ?? [];
  return term?.number === 1 && term.factors.length === 2 && a && b ? [a, b] : undefined;
}

const both = ([a, b]: Pair): readonly Pair[] => [
  [a, b],
  [b, a],
];

/** Splits f c + i g into its parts: which product has the state, and which of its factors that is. */
function memoryParts(terms: readonly Term[] | undefined): { f: Factor; c: Factor; update: Pair } | undefined {
  const pairs = terms?.map(pair);
  const [first, second] = pairs ?? [];
  if (terms?.length !== 2 || !first || !second) return undefined;
  for (const [memory, update] of both([first, second] as never) as unknown as (readonly [Pair, Pair])[]) {
    for (const [f, c] of both(memory)) {
      if (f.activation && !c.activation && update.every(({ activation }) => activation)) return { f, c, update };
    }
  }
  return undefined;
}

/** A cell whose next h is o t, t being an activation of the next c. */
function cellOf(context: CellContext, h: string, [o, t]: Pair): Cell | undefined {
  const { facts } = context;
  const next = t.input;
  if (o.input === undefined || o.activation === undefined || t.activation === undefined) return undefined;
  if (next === undefined || next.range !== undefined || !facts.owns(next.of)) return undefined;
  const parts = memoryParts(polynomial(facts, next));
  if (parts === undefined) return undefined;
  const { f, c, update } = parts;
  const [i, g] = both(update).find(([each]) => sameActivation(each.activation, o.activation)) ?? [];
  if (!i?.input || !g?.input || !f.input || !sameActivation(f.activation, o.activation)) return undefined;
  const sum = affine(facts, f.input);
  const units = sum?.terms[0]?.weight.columns;
  if (sum === undefined || units === undefined || !isState(context, c.columns, units)) return undefined;
  const sources = sourcesOf(context, sum, units, stateOf(context, c.columns));
  if (sources === undefined) return undefined;
  const gates = [i, o, f, g].map(({ input }) => input && gateOf(context, input, sources));
  if (gates.some((gate) => gate === undefined)) return undefined;
  const numbers = assembled(gates.flatMap((gate) => gate ?? []));
  if (numbers === undefined) return undefined;
  const [x, previous] = [sources.x.source.name as string, sources.h.source.name as string];
  const activations = [o.activation, g.activation as NonNullable<Factor['activation']>, t.activation];
  return { op: 'LSTM', x, h: previous, c: c.columns.name as string, outputs: [h, next.of], ...numbers, activations };
}

/** The LSTM cell whose next h is a value; undefined where it is none. */
export function lstmCell(context: CellContext, name: string): Cell | undefined {
  if (context.facts.producer(name)?.node.op !== 'Mul') return undefined;
  const terms = polynomialOf(context.facts, name);
  const factors = terms?.length === 1 ? pair(terms[0]) : undefined;
  if (factors === undefined || allColumns(context.facts, name).of !== name) return undefined;
  for (const order of both(factors)) {
    const cell = cellOf(context, name, order);
    if (cell !== undefined) return cell;
  }
  return undefined;
}
