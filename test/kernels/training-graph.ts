/** A whole training step in small, with parameters, gradients and optimizer state in blocks of their own. */
import { differentiate } from '../../src/graph/gradients.js';
import { Graph } from '../../src/graph/graph.js';
import { affine } from '../../src/graph/operations/linear.js';
import { CompiledProgram } from '../../src/graph/program.js';
import type { Value } from '../../src/graph/value.js';
import { aligned, allocateBlock } from '../../src/native/memory.js';
import { codeOf } from '../oracle/activations.js';
import { AXIS } from './problem-graph.js';

/** Sizes of the network. */
export interface TrainingSizes {
  readonly symbols: number;
  readonly units: number;
  readonly steps: number;
  readonly batch: number;
}

/** A language model of one LSTM with clipping and Adam, and what a test looks at. */
export interface TrainingStep {
  readonly program: CompiledProgram;
  readonly batchSizes: readonly Int32Array[];
  readonly y: Value;
  readonly loss: Value;
  readonly parameters: Float32Array;
  readonly gradients: Float32Array;
  /** Writes the inputs. To be called before each run, which may reuse their memory. */
  write(): void;
}

/**
 * Builds and loads it, ready to run: parameters and inputs are set.
 *
 * @param grain multiply-adds that are worth a thread; 0: all threads share every instruction
 */
export function trainingStep(sizes: TrainingSizes, threads: number, grain = 0): TrainingStep {
  const { symbols, units, steps, batch } = sizes;
  const graph = new Graph();
  const rows = graph.steps(AXIS);
  let bytes = 0;
  const parameters: Value[] = [];
  const parameter = (name: string, height: number, width: number): Value => {
    const value = graph.external(name, height, width, { source: 'parameter', offset: bytes });
    bytes += aligned(height * width * 4);
    parameters.push(value);
    return value;
  };
  const ids = graph.indices('ids', rows, symbols);
  const x = graph.apply('embedding', { ids, table: parameter('table', symbols, units) })['y'] as Value;
  const a = affine({ graph }, x, parameter('W', 4 * units, units), parameter('bW', 1, 4 * units));
  const R = parameter('R', 4 * units, units);
  const p = graph.apply('packGates4', { w: R }, {}, { O: 4 * units })['p'] as Value;
  const h0 = graph.external('h0', graph.batch(AXIS), units);
  const { y } = graph.apply('lstm', { a, p, bR: parameter('bR', 1, 4 * units), h0 }, { gate: codeOf('sigmoid') }) as {
    y: Value;
  };
  const logits = affine({ graph }, y, parameter('V', symbols, units), parameter('bV', 1, symbols));
  const targets = graph.indices('targets', rows, symbols, { ignore: true });
  const { loss } = graph.apply('softmaxCrossEntropy', { logits, targets }) as { loss: Value };

  const gradients = differentiate(graph, [{ value: loss, gradient: graph.external('one', 1, 1) }], parameters);
  for (const { id, name, rows: height, columns, offset } of parameters) {
    const memory = { source: 'gradient', offset: offset as number } as const;
    graph.assign(gradients.get(id) as Value, graph.external(`d${name}`, height, columns, memory));
  }
  const whole = (name: string, source: 'parameter' | 'gradient' | 'optimizer', offset = 0): Value =>
    graph.external(name, 1, bytes / 4, { source, offset });
  const number = (name: string, count = 1): Value => graph.external(name, 1, count, { type: 'float64' });
  const [w, g] = [whole('w', 'parameter'), whole('g', 'gradient')];
  const norm = graph.apply('clipNorm', { g, max: number('max'), loss })['norm'] as Value;
  const state = { m: whole('m', 'optimizer'), v: whole('v', 'optimizer', bytes) };
  graph.apply('adam', { w, g, ...state, norm, h: number('h', 8) });

  const blocks = {
    parameter: allocateBlock(bytes),
    gradient: allocateBlock(bytes),
    optimizer: allocateBlock(2 * bytes),
  };
  const axes = new Map([[AXIS, { steps, batch, rows: steps * batch }]]);
  const program = new CompiledProgram(graph, {
    outputs: [y, loss, norm],
    axes,
    blocks,
    threads,
    grain,
    prepare: true,
  });
  const view = ({ buffer, byteOffset }: Uint8Array) => new Float32Array(buffer, byteOffset, bytes / 4);
  const [w0, gradientsView] = [view(blocks.parameter), view(blocks.gradient)];
  w0.forEach((_, index) => {
    w0[index] = Math.sin(index) / Math.sqrt(units);
  });
  const write = () => {
    for (const name of ['ids', 'targets']) {
      const entries = program.integers(name);
      entries.forEach((_, row) => {
        entries[row] = (row * 7) % symbols;
      });
    }
    program.real('h0').fill(0.5);
    program.real('one').fill(1);
    program.doubles('max').fill(5);
    program.doubles('h').set([0.01, 0.9, 0.999, 1e-8, 0, 0, 0.1, 0.001]);
  };
  write();
  const batchSizes = [new Int32Array(steps).fill(batch)];
  return { program, batchSizes, y, loss, parameters: w0, gradients: gradientsView, write };
}
