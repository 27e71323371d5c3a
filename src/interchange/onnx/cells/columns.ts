/** Columns of values, and which columns of what other value they are. */
import type { OnnxNode } from '../ir.js';
import { int, type Sizes, sliceRanges, splitParts } from './cuts.js';
import type { GraphFacts } from './graph-facts.js';

/** The columns [from, to) of a value; all of them where there is no range. */
export interface Columns {
  /** The value that these columns were cut from. */
  readonly of: string;
  readonly range: { readonly from: number; readonly to: number } | undefined;
  /** The value that has exactly these columns, where there is one. */
  readonly name: string | undefined;
}

/** Most cuts after each other. A graph may go round in a circle. */
const MOST_CUTS = 64;

/** All columns of a value, followed to what it was cut from. */
export function allColumns(facts: GraphFacts, name: string): Columns {
  return followed(facts, { of: name, range: undefined, name });
}

/** Equal for equal columns. */
export function columnsKey({ of, range }: Columns): string {
  return range === undefined ? of : `${of}[${range.from}:${range.to}]`;
}

/** How many there are. */
export function width(facts: GraphFacts, { of, range }: Columns): number | undefined {
  return range === undefined ? facts.sizes(of)?.at(-1) : range.to - range.from;
}

/** The same columns of an input of an operator that acts on each number by itself; undefined where its columns are others. */
export function columnsOfInput(facts: GraphFacts, columns: Columns, input: string): Columns | undefined {
  if (columns.range === undefined) return allColumns(facts, input);
  const [all, own] = [facts.sizes(columns.of)?.at(-1), facts.sizes(input)?.at(-1)];
  if (own === undefined || own !== all) return undefined;
  return followed(facts, { of: input, range: columns.range, name: undefined });
}

/** The range of columns that a node cuts out of its input. */
function cutBy(facts: GraphFacts, node: OnnxNode, output: number): Columns['range'] | 'all' | undefined {
  if (facts.isNothing(node)) return 'all';
  const sizes = facts.sizes(node.inputs[0] as string);
  if (sizes === undefined) return undefined;
  const last = sizes.length - 1;
  if (node.op === 'Split') {
    const axis = int(node, 'axis', 0);
    return axis === last || axis === -1 ? splitParts(facts, node, sizes)?.[output] : undefined;
  }
  if (node.op !== 'Slice') return undefined;
  const ranges = sliceRanges(facts, node, sizes);
  const isWhole = ({ from, to }: { from: number; to: number | undefined }, size: Sizes[number]) =>
    from === 0 && (to === undefined || to === size);
  const own = ranges?.[last];
  if (
    ranges === undefined ||
    own === undefined ||
    !ranges.slice(0, -1).every((range, at) => isWhole(range, sizes[at]))
  ) {
    return undefined;
  }
  return own.to === undefined ? 'all' : { from: own.from, to: own.to };
}

/** Columns as those of what they were cut from, as far back as it goes. */
function followed(facts: GraphFacts, given: Columns): Columns {
  let columns = given;
  for (let step = 0; ; step++) {
    const producer = facts.producer(columns.of);
    const cut = producer?.node.domain === '' ? cutBy(facts, producer.node, producer.output) : undefined;
    if (producer === undefined || cut === undefined || step > MOST_CUTS) return normalized(facts, columns);
    const of = producer.node.inputs[0] as string;
    const { range } = columns;
    if (cut === 'all') columns = { ...columns, of };
    else {
      const begin = cut.from;
      columns = {
        ...columns,
        of,
        range: range === undefined ? cut : { from: begin + range.from, to: begin + range.to },
      };
    }
  }
}

function normalized(facts: GraphFacts, columns: Columns): Columns {
  const { of, range } = columns;
  const isAll = range !== undefined && range.from === 0 && range.to === facts.sizes(of)?.at(-1);
  return isAll ? { ...columns, range: undefined, name: columns.name ?? of } : columns;
}
