/** Problems of embedding, of affine maps and of their gradients. Letters: R rows, K inputs, O outputs, V symbols. */
import { rowCount } from '../../oracle/packed.js';
import { batches, indicesWithEnds, operandsFor, type Problem } from './problem.js';

/** R, V, F of embeddings; the rows of the last one are those of a time axis. */
const tables = [
  { rows: 1, size: 1, columns: 1 },
  { rows: 7, size: 3, columns: 17 },
  { rows: 33, size: 50, columns: 3 },
  { rows: 90, size: 7, columns: 50 },
  { batchSizes: batches.allLengthsDifferent, size: 5, columns: 70 },
];

/** R, K, O of affine maps. Fewer rows than a tile, more columns than a panel, more rows than fit the second cache. */
const maps = [
  { rows: 1, inputs: 1, outputs: 1, bias: true },
  { rows: 2, inputs: 3, outputs: 7, bias: true },
  { rows: 7, inputs: 17, outputs: 33, bias: false },
  { rows: 3, inputs: 50, outputs: 70, bias: true },
  { rows: 33, inputs: 70, outputs: 50, bias: false },
  { rows: 300, inputs: 7, outputs: 50, bias: true },
  { rows: 150, inputs: 700, outputs: 3, bias: true },
  { batchSizes: batches.moreSequencesThanATile, inputs: 17, outputs: 50, bias: true },
];

/** R, O, K of weight gradients. The sum over rows is made in blocks of 256. */
const sums = [
  { rows: 1, outputs: 1, inputs: 1 },
  { rows: 5, outputs: 7, inputs: 3 },
  { rows: 256, outputs: 3, inputs: 17 },
  { rows: 257, outputs: 1, inputs: 70 },
  { rows: 300, outputs: 50, inputs: 33 },
  { rows: 600, outputs: 33, inputs: 50 },
  { batchSizes: batches.oneSequence, outputs: 17, inputs: 7 },
];

interface Rows {
  readonly rows?: number;
  readonly batchSizes?: readonly number[];
}

function rowsOf({ rows, batchSizes }: Rows): number {
  return rows ?? rowCount(batchSizes ?? []);
}

function onAxis({ batchSizes }: Rows): { readonly batchSizes?: readonly number[] } {
  return batchSizes === undefined ? {} : { batchSizes };
}

function embeddings(table: (typeof tables)[number]): Problem[] {
  const rows = rowsOf(table);
  const { size, columns } = table;
  const title = `${rows} rows${'batchSizes' in table ? ' of a time axis' : ''}, ${size} symbols, ${columns} units`;
  const random = operandsFor(title);
  const ids = indicesWithEnds(random, rows, size);
  return [
    {
      name: `embedding, ${title}`,
      operation: 'embedding',
      operands: { ids, table: random.matrix(size, columns) },
      ...onAxis(table),
      terms: 1,
    },
    {
      name: `embeddingGradient, ${title}`,
      operation: 'embeddingGradient',
      operands: { ids, dy: random.matrix(rows, columns) },
      extents: { V: size },
      ...onAxis(table),
      terms: rows,
    },
  ];
}

function linear(map: (typeof maps)[number]): Problem {
  const rows = rowsOf(map);
  const { inputs, outputs, bias } = map;
  const name = `linear, ${rows} rows${'batchSizes' in map ? ' of a time axis' : ''}, ${inputs} to ${outputs}`;
  const random = operandsFor(name);
  const operands = { x: random.matrix(rows, inputs), w: random.matrix(outputs, inputs) };
  return {
    name: bias ? name : `${name}, no bias`,
    operation: 'linear',
    operands: bias ? { ...operands, b: random.matrix(1, outputs) } : operands,
    ...onAxis(map),
    terms: inputs + 1,
  };
}

function gradients(sum: (typeof sums)[number]): Problem[] {
  const rows = rowsOf(sum);
  const { outputs, inputs } = sum;
  const title = `${rows} rows${'batchSizes' in sum ? ' of a time axis' : ''}, ${inputs} to ${outputs}`;
  const random = operandsFor(title);
  const dy = random.matrix(rows, outputs);
  return [
    {
      name: `weightGradient, ${title}`,
      operation: 'weightGradient',
      operands: { dy, x: random.matrix(rows, inputs) },
      ...onAxis(sum),
      terms: rows,
    },
    {
      name: `biasGradient, ${title}`,
      operation: 'biasGradient',
      operands: { dy },
      ...onAxis(sum),
      terms: rows,
      // Size of a sum of so many numbers in -1..1: a single one may happen to be near 0.
      scales: { db: Math.sqrt(rows / 3) },
    },
  ];
}

/** Embedding and affine maps with their gradients. */
export const linearProblems: readonly Problem[] = [
  ...tables.flatMap(embeddings),
  ...maps.map(linear),
  ...sums.flatMap(gradients),
];
