import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import type { Node, Value } from '../../src/graph/value.js';
import { allocateBlock } from '../../src/native/memory.js';
import { CompiledProgram } from '../../src/program/program.js';
import { type OperationName, oracles } from '../oracle/index.js';
import { type Matrix, matrix } from '../oracle/matrix.js';
import { AXIS, buildRandomGraph, type RandomGraph, recipes, rowsIn } from './random-graphs.js';

/** The numbers of every value that comes from outside, by its name. */
function numbersOf({ graph, batchSizes }: RandomGraph): Map<string, Matrix> {
  const values = [...graph.externals.values()].map((value) => {
    const rows = rowsIn(batchSizes, value.rows);
    const random = new Random(1, value.name as string);
    const numbers = Float64Array.from({ length: rows * value.columns }, () => random.uniform() - 0.5);
    return [value.name as string, matrix(rows, value.columns, numbers)] as const;
  });
  return new Map(values);
}

/** Compiles, executes twice, the second time without packing if it is separate, and reads the outputs. */
function execute(random: RandomGraph, outputs: readonly Value[], prepare: boolean): Map<Value, Float64Array> {
  const { graph, batchSizes } = random;
  const [steps, batch] = [batchSizes.length, batchSizes[0] as number];
  const axes = new Map([[AXIS, { steps, batch, rows: rowsIn(batchSizes, { kind: 'steps', axis: AXIS }) }]]);
  const parameter = allocateBlock(1 << 14);
  const blocks = { parameter, gradient: allocateBlock(64), optimizer: allocateBlock(64) };
  const program = new CompiledProgram(graph, { outputs, axes, blocks, threads: 1, precision: 'float64', prepare });
  const numbers = numbersOf(random);
  try {
    for (const value of graph.externals.values()) {
      const { data } = numbers.get(value.name as string) as Matrix;
      if (value.source === 'parameter') {
        new Float64Array(parameter.buffer, parameter.byteOffset + (value.offset as number), data.length).set(data);
      }
    }
    for (const prepared of [false, prepare]) {
      for (const [name, { data }] of numbers) if (program.hasInput(name)) program.real(name).set(data);
      program.execute([Int32Array.from(batchSizes)], prepared);
    }
    return new Map(outputs.map((value) => [value, Float64Array.from(program.real(value))]));
  } finally {
    program.dispose();
  }
}

const isPacking = ({ operation }: Node) => operation.role === 'packing';

/** Evaluates forward nodes by the reference, one after the other. */
function evaluate(random: RandomGraph): Map<number, Matrix> {
  const numbers = numbersOf(random);
  const known = new Map<number, Matrix>();
  for (const value of random.graph.externals.values()) known.set(value.id, numbers.get(value.name as string) as Matrix);
  for (const node of random.graph.nodes) {
    const { operation, inputs, outputs } = node;
    if ([...inputs.values()].some(({ id }) => !known.has(id))) continue;
    if (isPacking(node)) {
      const [packed, weights] = [outputs.get('p') as Value, inputs.get('w') as Value];
      known.set(packed.id, known.get(weights.id) as Matrix);
      continue;
    }
    if (operation.role !== 'forward') continue;
    const operands = [...inputs].map(([name, { id }]) => {
      const reference = name !== 'p' ? name : operation.name === 'linear' ? 'w' : 'R';
      return [reference, known.get(id) as Matrix] as const;
    });
    const attributes = operation.attributes.map((name, index) => [name, node.attributes[index] as number] as const);
    const columns = operation.name === 'slice' ? { columns: (outputs.get('y') as Value).columns } : {};
    const results = oracles[operation.name as OperationName](
      Object.fromEntries(operands),
      { ...Object.fromEntries(attributes), ...columns },
      random.batchSizes,
    );
    for (const [name, value] of outputs) if (results[name] !== undefined) known.set(value.id, results[name]);
  }
  return known;
}

describe('a program of any graph', () => {
  it('computes the same bits as one in which every value keeps memory of its own', () => {
    fc.assert(
      fc.property(recipes(20), (recipe) => {
        const random = buildRandomGraph(recipe);
        if (random.outputs.length === 0) return;
        const everything = random.graph.nodes.flatMap(({ outputs }) => [...outputs.values()]);
        const apart = execute(random, [...new Set([...random.outputs, ...everything.filter(isReal)])], false);
        for (const [value, numbers] of execute(random, random.outputs, recipe.prepare)) {
          expect(numbers).toEqual(apart.get(value));
        }
      }),
      { numRuns: 150, seed: 5 },
    );
  });

  it('computes what the reference does', () => {
    fc.assert(
      fc.property(recipes(20), (recipe) => {
        const random = buildRandomGraph({ ...recipe, gradients: false });
        if (random.outputs.length === 0) return;
        const wanted = evaluate(random);
        for (const [value, numbers] of execute(random, random.outputs, recipe.prepare)) {
          const { data } = wanted.get(value.id) as Matrix;
          expect(numbers.length).toBe(data.length);
          for (const [at, number] of numbers.entries()) expect(number).toBeCloseTo(data[at] as number, 9);
        }
      }),
      { numRuns: 100, seed: 6 },
    );
  });
});

function isReal({ type }: Value): boolean {
  return type === 'real';
}
