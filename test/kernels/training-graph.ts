/** Whole training steps in small, with parameters, gradients and optimizer state in blocks of their own. */

import { differentiate } from '../../src/graph/gradients.js';
import { Graph } from '../../src/graph/graph.js';
import { affine } from '../../src/graph/operations/linear.js';
import type { Value } from '../../src/graph/value.js';
import type { AxisSamples } from '../../src/native/addon.js';
import { aligned, allocateBlock } from '../../src/native/memory.js';
import type { AxisCapacity } from '../../src/program/emit.js';
import { CompiledProgram } from '../../src/program/program.js';
import { codeOf } from '../oracle/activations.js';
import { AXIS, OTHER_AXIS } from './problems/problem.js';

/** Sizes of the network. */
export interface TrainingSizes {
  readonly symbols: number;
  readonly units: number;
  readonly steps: number;
  readonly batch: number;
}

/** A network with clipping and Adam, and what a test looks at. */
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

/** A graph with parameters that stand side by side. */
class ParameterGraph {
  readonly graph = new Graph();
  readonly parameters: Value[] = [];
  bytes = 0;

  parameter(name: string, height: number, width: number): Value {
    const value = this.graph.external(name, height, width, { source: 'parameter', offset: this.bytes });
    this.bytes += aligned(height * width * 4);
    this.parameters.push(value);
    return value;
  }

  /** The loss of the next symbols of an axis: an affine map of y and softmax cross-entropy. */
  symbolLoss(y: Value, symbols: number): Value {
    const logits = affine(this, y, this.parameter('V', symbols, y.columns), this.parameter('bV', 1, symbols));
    const targets = this.graph.indices('targets', y.rows, symbols, { ignore: true });
    return this.graph.apply('softmaxCrossEntropy', { logits, targets })['loss'] as Value;
  }

  /** Adds gradients, clipping and Adam; returns the norm of the gradients. */
  update(loss: Value): Value {
    const { graph, bytes } = this;
    const upstream = { value: loss, gradient: graph.external('one', 1, 1) };
    const gradients = differentiate(graph, [upstream], this.parameters);
    for (const { id, name, rows: height, columns, offset } of this.parameters) {
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
    return norm;
  }

  /** Completes the step and loads it, ready to run with all sequences as long as there is room. */
  load(y: Value, loss: Value, axes: ReadonlyMap<string, AxisCapacity>, threads: number, grain: number): TrainingStep {
    const { graph, bytes } = this;
    const outputs = [y, loss, this.update(loss)];
    const blocks = {
      parameter: allocateBlock(bytes),
      gradient: allocateBlock(bytes),
      optimizer: allocateBlock(2 * bytes),
    };
    const program = new CompiledProgram(graph, { outputs, axes, blocks, threads, grain, prepare: true });
    const view = ({ buffer, byteOffset }: Uint8Array) => new Float32Array(buffer, byteOffset, bytes / 4);
    const [parameters, gradients] = [view(blocks.parameter), view(blocks.gradient)];
    parameters.forEach((_, index) => {
      parameters[index] = Math.sin(index) / Math.sqrt(y.columns);
    });
    const write = () => {
      for (const { name, source, type, high } of graph.externals.values()) {
        if (source !== 'input' || type === 'float64') continue;
        if (type === 'int32') {
          const entries = program.integers(name as string);
          entries.forEach((_, row) => {
            entries[row] = (row * 7) % high;
          });
        } else {
          program.real(name as string).fill(name === 'one' ? 1 : 0.5);
        }
      }
      program.doubles('max').fill(5);
      program.doubles('h').set([0.01, 0.9, 0.999, 1e-8, 0, 0, 0.1, 0.001]);
    };
    write();
    const batchSizes = [...axes.values()].map(({ steps, batch }) => new Int32Array(steps).fill(batch));
    return { program, batchSizes, y, loss, parameters, gradients, write };
  }
}

/**
 * A language model of one LSTM, ready to run: parameters and inputs are set.
 *
 * @param grain multiply-adds that are worth a thread; 0: all threads share every instruction
 */
export function trainingStep(sizes: TrainingSizes, threads: number, grain = 0): TrainingStep {
  const { symbols, units, steps, batch } = sizes;
  const built = new ParameterGraph();
  const { graph } = built;
  const rows = graph.steps(AXIS);
  const ids = graph.indices('ids', rows, symbols);
  const x = graph.apply('embedding', { ids, table: built.parameter('table', symbols, units) })['y'] as Value;
  const a = affine(built, x, built.parameter('W', 4 * units, units), built.parameter('bW', 1, 4 * units));
  const R = built.parameter('R', 4 * units, units);
  const p = graph.apply('packGates4', { w: R }, {}, { O: 4 * units })['p'] as Value;
  const h0 = graph.external('h0', graph.batch(AXIS), units);
  const bR = built.parameter('bR', 1, 4 * units);
  const { y } = graph.apply('lstm', { a, p, bR, h0 }, { gate: codeOf('sigmoid') }) as { y: Value };
  const axes = new Map([[AXIS, { steps, batch, rows: steps * batch }]]);
  return built.load(y, built.symbolLoss(y, symbols), axes, threads, grain);
}

/** Two vanilla cells on two time axes: the final state of the encoder's is the initial state of the decoder's. */
export interface EncoderDecoderStep extends TrainingStep {
  /** Valid samples: several sequences of the decoder have the same, and one of the encoder's has none. */
  readonly samples: AxisSamples;
}

/** The encoder reads 4 sequences of 5 steps on the axis `other`, the decoder writes 3 of 4 steps on the axis `time`. */
export function encoderDecoderStep(threads: number, grain = 0): EncoderDecoderStep {
  const [symbols, units] = [7, 5];
  const built = new ParameterGraph();
  const { graph } = built;
  const cell = (name: string, axis: string, h0?: Value) => {
    const ids = graph.indices(`${name}Ids`, graph.steps(axis), symbols);
    const table = built.parameter(`${name}Table`, symbols, units);
    const a = graph.apply('embedding', { ids, table })['y'] as Value;
    const w = built.parameter(`${name}R`, units, units);
    const p = graph.apply('pack', { w }, {}, { O: units })['p'] as Value;
    return graph.apply('rnn', { a, p, h0 }, { activation: codeOf('tanh') }) as { y: Value; hT: Value };
  };
  const { hT } = cell('encoder', OTHER_AXIS);
  const h0 = graph.apply('gatherSequences', { x: hT }, {}, { B: graph.batch(AXIS) })['y'] as Value;
  const { y } = cell('decoder', AXIS, h0);
  const axes = new Map([
    [AXIS, { steps: 4, batch: 3, rows: 12 }],
    [OTHER_AXIS, { steps: 5, batch: 4, rows: 20 }],
  ]);
  const step = built.load(y, built.symbolLoss(y, symbols), axes, threads, grain);
  return { ...step, samples: [Int32Array.of(2, 0, 2), Int32Array.of(3, 2, 0, 1)] };
}
