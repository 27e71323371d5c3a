import { describe, expect, it } from 'vitest';
import type { Extent } from '../../src/graph/extent.js';
import { Graph } from '../../src/graph/graph.js';
import { CompiledProgram } from '../../src/program/program.js';
import { emptyBlocks } from '../golden/blocks.js';

const [N, B, H] = [6, 3, 4];
const axes = new Map([['time', { steps: 3, batch: B, rows: N }]]);

/** Operands by name as rows and columns; packed weights as the packing and the size of the matrix before it. */
type Sizes = Readonly<Record<string, readonly ['N' | 'B' | number, number] | { readonly packed: string }>>;

/** Compiles one operation on operands of these sizes. */
function compile(operation: string, sizes: Sizes, attributes: Readonly<Record<string, number>> = {}): CompiledProgram {
  const graph = new Graph();
  const extents: Readonly<Record<string, Extent>> = { N: graph.steps('time'), B: graph.batch('time') };
  const operands = Object.fromEntries(
    Object.entries(sizes).map(([name, size]) => {
      if ('packed' in size) {
        const [packing, rows, columns] = size.packed.split(' ');
        const w = graph.external(name, Number(rows), Number(columns));
        const letters = packing === 'packTransposed' ? { K: Number(rows) } : { O: Number(rows) };
        return [name, graph.applyNamed(packing as string, { w }, { rowBegin: 0 }, letters).get('p')];
      }
      const [rows, columns] = size;
      return [name, graph.external(name, typeof rows === 'number' ? rows : (extents[rows] as Extent), columns)];
    }),
  );
  const outputs = [...graph.applyNamed(operation, operands, attributes).values()];
  return new CompiledProgram(graph, { outputs, axes, blocks: emptyBlocks(), threads: 1 });
}

const rnnBackward: Sizes = { y: ['N', H], pT: { packed: `packTransposed ${H} ${H}` } };
const gruBackward: Sizes = {
  y: ['N', H],
  gates: ['N', 3 * H],
  s: ['N', H],
  pT: { packed: `packTransposed ${3 * H} ${H}` },
};
const lstm: Sizes = { a: ['N', 4 * H], p: { packed: `packGates4 ${4 * H} ${H}` } };
const lstmBackward: Sizes = {
  gates: ['N', 4 * H],
  c: ['N', H],
  pT: { packed: `packTransposed ${4 * H} ${H}` },
};
const narrow = { p: { packed: `packGates4 ${4 * H} ${H + 3}` } };

describe('the program of a cell', () => {
  it.each<[string, string, Sizes, Readonly<Record<string, number>>?]>([
    ['gain without sum', 'rnnBackward', { ...rnnBackward, gain: [1, H] }],
    ['zone without candidate', 'rnnBackward', { ...rnnBackward, zone: ['N', H] }],
    ['zoneout without candidate', 'rnnBackward', rnnBackward, { zoneout: 0.5 }],
    ['gain without product', 'gruBackward', { ...gruBackward, gain: [1, 3 * H] }],
    ['cellShift without cellGain', 'lstm', { ...lstm, cellShift: [1, H] }],
    [`P (${H + 3}) and H (${H}) differ without pr`, 'lstm', { ...lstm, ...narrow }],
    ['gain without product', 'lstmBackward', { ...lstmBackward, gain: [1, 4 * H] }],
    ['cellShift without cellGain', 'lstmBackward', { ...lstmBackward, cellShift: [1, H] }],
    ['zoneCell without candidate', 'lstmBackward', { ...lstmBackward, zoneCell: ['N', H] }],
    ['zoneoutCell without candidate', 'lstmBackward', lstmBackward, { zoneoutCell: 0.5 }],
    [
      `P (${H + 3}) and H (${H}) differ without prT`,
      'lstmBackward',
      { ...lstmBackward, pT: { packed: `packTransposed ${4 * H} ${H + 3}` } },
    ],
  ])('is refused: %s (%s)', (message, operation, sizes, attributes) => {
    expect(() => compile(operation, sizes, attributes)).toThrow(
      expect.objectContaining({ code: 'invalid_program', message: expect.stringContaining(message) }),
    );
  });

  it('is accepted when nothing is missing', () => {
    for (const [operation, sizes] of Object.entries({ rnnBackward, gruBackward, lstm, lstmBackward })) {
      compile(operation, sizes).dispose();
    }
    compile('rnnBackward', {
      ...rnnBackward,
      gain: [1, H],
      sum: ['N', H],
      zone: ['N', H],
      candidate: ['N', H],
    }).dispose();
    compile('lstm', { ...lstm, ...narrow, pr: { packed: `pack ${H + 3} ${H}` } }).dispose();
  });

  it('is refused when it asks for scratch memory that no operand stands behind', () => {
    const many = 1 << 20;
    const graph = new Graph();
    const steps = graph.steps('time');
    const pT = graph.apply('packTransposed', { w: graph.external('R', 4, many) }, { rowBegin: 0 }, { K: 4 })['p'];
    const prT = graph.apply('packTransposed', { w: graph.external('Wr', many, 1) }, { rowBegin: 0 }, { K: many })['p'];
    const operands = { gates: graph.external('gates', steps, 4), c: graph.external('c', steps, 1), pT, prT };
    const { da } = graph.apply('lstmBackward', operands);
    const wide = new Map([['time', { steps: 1, batch: many, rows: many }]]);
    const options = { outputs: [da as NonNullable<typeof da>], axes: wide, blocks: emptyBlocks(), threads: 1 };
    expect(() => new CompiledProgram(graph, options)).toThrow(
      expect.objectContaining({ code: 'invalid_program', message: expect.stringContaining('scratch memory') }),
    );
  });
});
