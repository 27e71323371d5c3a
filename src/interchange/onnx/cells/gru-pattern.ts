/** GRU cells of one step: h' = (1 - z) n + z h, with the reset gate before or behind the product. Source: Cho et al. 2014. */
import { type Affine, affine } from './affine.js';
import { allColumns, type Columns, columnsOfInput } from './columns.js';
import { assembled, biasPair, type Cell, type CellContext, type Gate, gateOf, isState, type Sources } from './gates.js';
import { type Factor, factorOf, polynomialOf, sameActivation, type Term } from './polynomial.js';

/** The parts of a mean of the candidate n and the state h. */
interface Blend {
  readonly z: Factor;
  readonly n: Factor;
  readonly h: Factor;
  /** -1 where the gate weighs the candidate: it is 1 - z. */
  readonly sign: 1 | -1;
}

const other = ({ factors }: Term, key: string) => factors.find((factor) => factor.key !== key);

/** s - z s + z t: of s and t one is the candidate, the other the state. */
function blendOf(terms: readonly Term[]): Blend | undefined {
  const single = terms.find(({ factors, number }) => factors.length === 1 && number === 1);
  const less = terms.find(({ factors, number }) => factors.length === 2 && number === -1);
  const more = terms.find(({ factors, number }) => factors.length === 2 && number === 1);
  const s = single?.factors[0];
  if (terms.length !== 3 || !s || !less || !more) return undefined;
  const z = other(less, s.key);
  const t = z && other(more, z.key);
  const isProduct = less.factors.some(({ key }) => key === s.key) && more.factors.some(({ key }) => key === z?.key);
  if (!isProduct || !z?.activation || !t) return undefined;
  if (s.activation && !t.activation) return { z, n: s, h: t, sign: 1 };
  return t.activation && !s.activation ? { z, n: t, h: s, sign: -1 } : undefined;
}

interface Candidate {
  readonly gate: Gate;
  readonly reset: Factor;
  readonly isResetAfter: boolean;
}

/** The two factors of a product, one of which is an activation. */
function resetProduct(context: CellContext, columns: Columns): (readonly [Factor, Columns])[] {
  const { facts } = context;
  const node = facts.producer(columns.of)?.node;
  if (node?.op !== 'Mul' || node.domain !== '') return [];
  const [a, b] = node.inputs.map((input) => columnsOfInput(facts, columns, input));
  if (a === undefined || b === undefined) return [];
  return (
    [
      [a, b],
      [b, a],
    ] as const
  ).flatMap(([gate, rest]): (readonly [Factor, Columns])[] => {
    const factor = factorOf(facts, gate);
    return factor.activation === undefined ? [] : [[factor, rest]];
  });
}

/** W x + b + r (R h + b) */
function candidateAfter(context: CellContext, sum: Affine, { x, h }: Sources): Candidate | undefined {
  const [product, ...others] = sum.products;
  const [ofX, ...rest] = sum.terms;
  if (product === undefined || others.length > 0 || ofX?.key !== x.key || rest.length > 0 || sum.biases.length > 1)
    return undefined;
  for (const [reset, columns] of resetProduct(context, product)) {
    const inner = affine(context.facts, columns);
    const [ofH, ...more] = inner?.terms ?? [];
    if (inner === undefined || ofH?.key !== h.key || more.length + inner.products.length > 0) continue;
    if (inner.biases.length > 1) continue;
    const biases = { W: sum.biases[0]?.numbers, R: inner.biases[0]?.numbers };
    return { gate: { x: ofX.weight, h: ofH.weight, biases, sign: 1 }, reset, isResetAfter: true };
  }
  return undefined;
}

/** W x + R (r h) + b */
function candidateBefore(context: CellContext, sum: Affine, { x, h }: Sources, h0: Factor): Candidate | undefined {
  if (sum.products.length > 0 || sum.terms.length !== 2) return undefined;
  const ofX = sum.terms.find(({ key }) => key === x.key);
  const ofReset = sum.terms.find(({ key }) => key !== x.key);
  if (ofX === undefined || ofReset === undefined) return undefined;
  for (const [reset, columns] of resetProduct(context, ofReset.source)) {
    const biases = biasPair(sum.biases, ofReset.key);
    if (factorOf(context.facts, columns).key !== h0.key || h0.key !== h.key || biases === undefined) continue;
    return { gate: { x: ofX.weight, h: ofReset.weight, biases, sign: 1 }, reset, isResetAfter: false };
  }
  return undefined;
}

function cellOf(context: CellContext, name: string, { z, n, h, sign }: Blend): Cell | undefined {
  const { facts } = context;
  if (!z.input || !n.input || !z.activation || !n.activation) return undefined;
  const sum = affine(facts, z.input);
  const units = sum?.terms[0]?.weight.columns;
  if (sum === undefined || units === undefined || !isState(context, h.columns, units)) return undefined;
  const sources = sourcesOfGate(sum, h);
  const candidate = sources && affine(facts, n.input);
  if (sources === undefined || candidate === undefined) return undefined;
  const found = candidateAfter(context, candidate, sources) ?? candidateBefore(context, candidate, sources, h);
  if (found?.reset.input === undefined || !sameActivation(found.reset.activation, z.activation)) return undefined;
  if (sign === -1 && z.activation.op !== 'Sigmoid') return undefined;
  const gates = [gateOf(context, z.input, sources, sign), gateOf(context, found.reset.input, sources), found.gate];
  const numbers = gates.every((gate) => gate !== undefined) ? assembled(gates) : undefined;
  if (numbers === undefined) return undefined;
  return {
    ...{ op: 'GRU', x: sources.x.source.name as string, h: h.columns.name as string, outputs: [name] },
    ...numbers,
    activations: [z.activation, n.activation],
    isResetAfter: found.isResetAfter,
  };
}

/** The state is the value that the gate weighs. */
function sourcesOfGate(sum: Affine, state: Factor): Sources | undefined {
  const h = sum.terms.find(({ key }) => key === state.key);
  const x = sum.terms.find(({ key }) => key !== state.key);
  if (h === undefined || x?.source.name === undefined || sum.terms.length !== 2) return undefined;
  return { x, h };
}

/** The GRU cell whose next h is a value; undefined where it is none. */
export function gruCell(context: CellContext, name: string): Cell | undefined {
  const { facts } = context;
  if (!['Add', 'Sub'].includes(facts.producer(name)?.node.op ?? '')) return undefined;
  if (allColumns(facts, name).of !== name) return undefined;
  const blend = blendOf(polynomialOf(facts, name) ?? []);
  return blend && cellOf(context, name, blend);
}
