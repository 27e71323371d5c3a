import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { sequential } from '../../src/model/network.js';
import { gru, lstm, rnn } from '../../src/network/layers/recurrent.js';
import { LayerProgram, type LayerProgramOptions } from '../golden/layer-program.js';
import { matrix } from '../oracle/matrix.js';
import { RandomOperands } from '../oracle/random-matrix.js';
import { compare, tolerance } from '../oracle/tolerance.js';
import { benchmarks, type Cell, cutDown, type LayerProblem, written } from './problems.js';

const { batchSizesOf, directionsOf, lengthsOf, operationsOf, parametersOf } = benchmarks;
const constructors = { rnn, gru, lstm } as const;
const GATES = { rnn: 1, gru: 3, lstm: 4 } as const;

// Small as the cut-down problems are, all threads take part in every instruction.
beforeAll(() => {
  vi.stubEnv('BPTT_GRAIN', '0');
});
afterAll(() => {
  vi.unstubAllEnvs();
});

const isSize = (value: unknown) => Number.isInteger(value) && (value as number) >= 1;

describe('every problem of bench/problems.json', () => {
  it.each(Object.entries(written.layers))(
    'of layers is well-formed: %s',
    (name, { bidirectional, ragged, ...sizes }) => {
      expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      const required = ['steps', 'batch', 'inputs', 'units'];
      expect(Object.keys(sizes).filter((key) => !isSize(sizes[key]))).toEqual([]);
      expect(Object.keys(sizes).filter((key) => key !== 'layers')).toEqual(required);
      for (const flag of [bidirectional, ragged]) expect([undefined, true]).toContain(flag);
      if (ragged === true) expect(sizes['batch']).toBeGreaterThan(1);
    },
  );

  it.each(Object.entries(written.models))('of models is well-formed: %s', (name, { optimizer, ...numbers }) => {
    expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(['adam', 'sgd']).toContain(optimizer);
    const { learningRate, clipNorm, ...sizes } = numbers;
    expect(Object.keys(sizes)).toEqual(['vocabulary', 'embedding', 'units', 'layers', 'batch', 'steps']);
    expect(Object.keys(sizes).filter((key) => !isSize(sizes[key]))).toEqual([]);
    for (const number of [learningRate, clipNorm]) expect(number).toBeGreaterThan(0);
  });

  it.each(Object.entries(written.tasks))('of tasks is well-formed: %s', (name, { ragged, ...sizes }) => {
    expect(['translate', 'transcribe']).toContain(name);
    expect(ragged).toBe(true);
    expect(Object.keys(sizes).filter((key) => !isSize(sizes[key]))).toEqual([]);
    expect(Object.keys(sizes)).toEqual(expect.arrayContaining(['units', 'batch', 'steps']));
  });

  it('has a name of its own', () => {
    const names = [written.layers, written.models, written.tasks].flatMap(Object.keys);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('what the benchmarks derive from a problem', () => {
  const problem = { steps: 8, batch: 4, inputs: 3, units: 5, layers: 2, bidirectional: true, ragged: true, name: '' };

  it('spreads the lengths evenly over [T/4, T]', () => {
    expect(lengthsOf(problem)).toEqual([8, 6, 4, 2]);
    expect([...batchSizesOf([8, 6, 4, 2])]).toEqual([4, 4, 3, 3, 2, 2, 1, 1]);
    expect(lengthsOf({ ...problem, ragged: false })).toEqual([8, 8, 8, 8]);
  });

  it('counts two operations a multiply-add of every valid step and direction, three times in training', () => {
    const perStep = 2 * 2 * 4 * 5 * (3 + 5 + (10 + 5));
    expect(operationsOf({ ...problem, cell: 'lstm' }, 'inference')).toBe(20 * perStep);
    expect(operationsOf({ ...problem, cell: 'lstm' }, 'training')).toBe(3 * 20 * perStep);
  });
});

/** The description of the stack of a problem. */
function describeStack(cell: Cell, { units, layers, bidirectional }: LayerProblem) {
  return constructors[cell]({ units, layers, direction: bidirectional ? 'bidirectional' : 'forward' });
}

/** Names of the states of a problem: `h_l0`, `c_l1_reverse`. */
function statesOf(cell: Cell, problem: LayerProblem): string[] {
  const states = cell === 'lstm' ? ['h', 'c'] : ['h'];
  return directionsOf(problem).flatMap((all) => all.flatMap(({ suffix }) => states.map((state) => state + suffix)));
}

let last:
  | { readonly cell: Cell; readonly problem: LayerProblem; readonly operands: Map<string, Float64Array> }
  | undefined;

/** Every operand of the layers by name, the same numbers at every call. Making them takes longer than the layers. */
function operandsOf(cell: Cell, problem: LayerProblem): Map<string, Float64Array> {
  if (last?.cell !== cell || last.problem !== problem) last = { cell, problem, operands: makeOperands(cell, problem) };
  return last.operands;
}

function makeOperands(cell: Cell, problem: LayerProblem): Map<string, Float64Array> {
  const random = new RandomOperands(3);
  const { units, batch, inputs, bidirectional } = problem;
  const rows = lengthsOf(problem).reduce((sum, length) => sum + length, 0);
  const operands = new Map([['x', random.matrix(rows, inputs).data]]);
  const scale = 1 / Math.sqrt(units);
  for (const size of parametersOf({ ...problem, cell })) {
    operands.set(size.name, random.matrix(size.rows, size.columns, -scale, scale).data);
  }
  operands.set('upstream/y', random.matrix(rows, units * (bidirectional ? 2 : 1)).data);
  for (const name of statesOf(cell, problem)) {
    operands.set(`${name}/initial`, new Float64Array(batch * units));
    operands.set(`upstream/${name}/final`, new Float64Array(batch * units));
  }
  return operands;
}

/** Outputs, final states and all gradients of the layers by name. */
function runLayers(cell: Cell, problem: LayerProblem, options: LayerProgramOptions) {
  const batchSizes = batchSizesOf(lengthsOf(problem));
  const program = new LayerProgram(describeStack(cell, problem), problem.inputs, batchSizes, options);
  for (const [name, values] of operandsOf(cell, problem)) program.write(name, values);
  program.run();
  const names = [
    'y',
    ...statesOf(cell, problem).map((name) => `${name}/final`),
    ...['x', ...parametersOf({ ...problem, cell }).map(({ name }) => name)].map((name) => `gradient/${name}`),
  ];
  return new Map(names.map((name) => [name, program.read(name)]));
}

/** The outputs of the same layers through the public API. */
function predict(cell: Cell, problem: LayerProblem, threads: number): Float32Array {
  const network = sequential([describeStack(cell, problem)], { features: problem.inputs });
  const model = network.compileSync({ loss: 'meanSquaredError', threads, initializer: 'uniform:0.1' });
  const operands = operandsOf(cell, problem);
  for (const { name } of parametersOf({ ...problem, cell })) {
    model.parameters.get(`${cell}.${name}`)?.data.set(operands.get(name) as Float64Array);
  }
  model.parametersChanged();
  const input = Float32Array.from(operands.get('x') as Float64Array);
  const outputs = model.predictPackedSync({ batchSizes: batchSizesOf(lengthsOf(problem)), inputs: { input } });
  model.dispose();
  return outputs;
}

/** As for the goldens: the longest sum of a result is over inputs or units, backward over all gates or all rows. */
function toleranceOf(result: string, cell: Cell, problem: LayerProblem): number {
  const { inputs, units, layers, bidirectional } = problem;
  const lengths = lengthsOf(problem);
  const steps = (lengths[0] as number) * layers;
  const width = units * (bidirectional ? 2 : 1);
  if (!result.startsWith('gradient/')) return tolerance({ terms: Math.max(inputs, width), steps });
  const rows = lengths.reduce((sum, length) => sum + length, 0);
  return tolerance({ terms: Math.max(inputs, GATES[cell] * width, rows), steps, backward: true });
}

const bitsOf = (values: Float32Array | Float64Array) =>
  Buffer.from(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));

describe.each([...benchmarks.LAYER_PROBLEMS.values()].map((problem) => [problem.name, cutDown(problem)] as const))(
  'the problem %s with few short sequences',
  (_, problem) => {
    it.each(benchmarks.CELLS)(
      '%s: gives the same bits on one and two threads and through the public API, and in float32 what it gives in float64',
      (cell) => {
        const one = runLayers(cell, problem, { precision: 'float32', threads: 1 });
        const two = runLayers(cell, problem, { precision: 'float32', threads: 2 });
        const exact = runLayers(cell, problem, { precision: 'float64', threads: 2 });
        const outputs = bitsOf(one.get('y') as Float32Array);
        for (const threads of [1, 2]) expect(bitsOf(predict(cell, problem, threads)).equals(outputs)).toBe(true);
        const batchSizes = [...batchSizesOf(lengthsOf(problem))];
        for (const [name, values] of one) {
          expect(bitsOf(two.get(name) as Float32Array).equals(bitsOf(values)), name).toBe(true);
          const data = exact.get(name) as Float64Array;
          const columns = name === 'y' ? problem.units * (problem.bidirectional ? 2 : 1) : data.length;
          const expected = matrix(data.length / columns, columns, data);
          const worst = compare(values, expected, toleranceOf(name, cell, problem), { batchSizes });
          expect(worst.ratio, `${name}: ${worst.message}`).toBeLessThanOrEqual(1);
        }
      },
    );
  },
);
