import { describe, expect, it } from 'vitest';
import { format } from '../../src/graph/generated/operations.js';
import { Graph } from '../../src/graph/graph.js';
import type { Value } from '../../src/graph/value.js';
import { CompiledProgram } from '../../src/program/program.js';
import { emptyBlocks } from '../golden/blocks.js';
import { element, type Matrix, matrix } from '../oracle/matrix.js';
import { sequenceCount } from '../oracle/packed.js';
import { partners } from '../oracle/two-axes.js';
import { capture, codeOf, GuardedBlocks, load } from './captured-program.js';
import { addGradients, buildProblem } from './problem-graph.js';
import { ProblemProgram } from './problem-program.js';
import { type Problem, problems } from './problems/index.js';
import { AXIS, OTHER_AXIS, operandsFor, otherAxisOf } from './problems/problem.js';
import { encoderDecoderStep } from './training-graph.js';

/** Gathered rows and the gradient of x. */
function gather(problem: Problem, dy: Matrix): { y: Matrix; dx: Matrix } {
  const built = buildProblem(problem);
  const y = built.results.get('y') as Value;
  const dx = addGradients(built, ['y']).get('x') as Value;
  const run = new ProblemProgram(built, [y, dx], {}, new Map([['dy', dy]])).run();
  return { y: run.read(y), dx: run.read(dx) };
}

function rowsOf(source: Matrix, chosen: readonly number[]): Matrix {
  const { columns, data } = source;
  return matrix(
    chosen.length,
    columns,
    chosen.flatMap((row) => [...data.subarray(row * columns, (row + 1) * columns)]),
  );
}

const gathering = problems.filter(({ operation }) => operation === 'gatherSequences');

describe.each(gathering)('$name', (problem) => {
  const { batchSizes = [], operands } = problem;
  const other = otherAxisOf(problem);
  const x = operands['x'] as Matrix;
  const dy = operandsFor(`gradient, ${problem.name}`).matrix(sequenceCount(batchSizes), x.columns);
  const { y, dx } = gather(problem, dy);
  const places = partners({ batchSizes, other });

  it('carries the row of each sequence as when it is alone with the sequence of its sample', () => {
    for (const [b, e] of places.entries()) {
      const alone = { name: 'alone', operation: problem.operation, operands: { x: rowsOf(x, [e]) }, terms: 1 };
      const upstream = rowsOf(dy, [b]);
      const pair = gather({ ...alone, batchSizes: [1], otherBatchSizes: [1, 1] }, upstream);
      expect(pair.y).toEqual(rowsOf(y, [b]));
      expect(pair.dx).toEqual(upstream);
    }
  });

  it('sums the gradients of one sample in the order of the sequences, and gives 0 where there is none', () => {
    for (let e = 0; e < x.rows; e++) {
      const sum = new Float32Array(x.columns);
      for (const [b, place] of places.entries()) {
        if (place !== e) continue;
        for (let column = 0; column < x.columns; column++) {
          sum[column] = element(sum, column) + element(dy.data, b * x.columns + column);
        }
      }
      expect([...rowsOf(dx, [e]).data]).toEqual([...sum]);
    }
  });

  it('does not depend on the numbers that the samples have', () => {
    const count = x.rows;
    const renamed = (samples: readonly number[]) => samples.map((sample) => (sample + 1) % count);
    const samples = { samples: renamed(other.ownSamples), otherSamples: renamed(other.samples) };
    expect(gather({ ...problem, ...samples }, dy)).toEqual({ y, dx });
  });
});

describe('a training step of two time axes', () => {
  it('gives the same bits with any threads, whichever of its instructions they share', async () => {
    let expected: Float32Array | Float64Array | undefined;
    for (const threads of [1, 2, 3]) {
      for (const grain of [0, 100, 1e9]) {
        const { program, batchSizes, samples, parameters, write } = encoderDecoderStep(threads, grain);
        program.execute(batchSizes, false, samples);
        write();
        await program.start(batchSizes, { prepared: false, samples });
        expected ??= parameters;
        expect(parameters, `${threads} threads, grain ${grain}`).toEqual(expected);
      }
    }
  });
});

describe('the axes of an operation', () => {
  const [EXTENT_KIND, EXTENT] = [4, 5];
  const capacity = { steps: 2, batch: 2, rows: 4 };
  const axes = new Map([
    [AXIS, capacity],
    [OTHER_AXIS, capacity],
  ]);
  /** Ends of loading the program of an operation with one word of its first or second value changed. */
  const loaded = (build: (graph: Graph) => Value, value: number, word: number, number: number) => {
    const graph = new Graph();
    const outputs = [build(graph)];
    const program = capture(() => new CompiledProgram(graph, { outputs, axes, blocks: emptyBlocks(), threads: 1 }));
    const { blocks } = new GuardedBlocks(program.blockBytes);
    const words = program.words.slice();
    words[format.headerWords + format.axisWords * axes.size + format.valueWords * value + word] = number;
    expect(codeOf(() => load(program, blocks))).toBeUndefined();
    try {
      load({ ...program, words }, blocks);
      return 'loaded';
    } catch (error) {
      return (error as Error).message;
    }
  };
  const masked = (graph: Graph) => {
    const operands = {
      x: graph.external('x', graph.steps(AXIS), 3),
      mask: graph.external('mask', graph.batch(AXIS), 3),
    };
    return graph.apply('multiplySequence', operands)['y'] as Value;
  };
  const gathered = (graph: Graph) => {
    const x = graph.external('x', graph.batch(OTHER_AXIS), 3);
    return graph.apply('gatherSequences', { x }, {}, { B: graph.batch(AXIS) })['y'] as Value;
  };

  it('must be one for N and B', () => {
    const message =
      'multiplySequence: mask has sequences of axis 1 rows, an operand before it has those of another axis';
    expect(loaded(masked, 1, EXTENT, 1)).toBe(message);
  });

  it('may be one for B and E as well as two, but both must be sequences', () => {
    expect(loaded(gathered, 0, EXTENT, 0)).toBe('loaded');
    expect(loaded(gathered, 1, EXTENT, 1)).toBe('loaded');
    expect(loaded(gathered, 0, EXTENT_KIND, 1)).toBe('gatherSequences: x has steps of axis 1 rows, expected E');
    expect(loaded(gathered, 1, EXTENT_KIND, 1)).toBe('gatherSequences: y has steps of axis 0 rows, expected B');
  });
});
