/** A compiled problem: memory that is poisoned before a run, operands that are written, results that are read. */

import type { Value } from '../../src/graph/value.js';
import type { AxisSamples } from '../../src/native/addon.js';
import { allocateBlock } from '../../src/native/memory.js';
import type { AxisCapacity } from '../../src/program/emit.js';
import { CompiledProgram, type ModelBlocks } from '../../src/program/program.js';
import type { Matrix } from '../oracle/matrix.js';
import { rowCount, sequenceCount } from '../oracle/packed.js';
import { LEFT_OUT, type ProblemGraph } from './problem-graph.js';
import { axesOf, type Problem, runArguments } from './problems/problem.js';

/** Settings of a compilation. */
export interface ProblemProgramOptions {
  readonly precision?: 'float32' | 'float64';
  readonly threads?: number;
  /** Keeps the operands in memory of their own, so that no operation writes over them. */
  readonly keepOperands?: boolean;
  /** Capacity beyond the batch: steps, sequences. */
  readonly spare?: number;
}

type Entries = Float32Array | Float64Array | Int32Array;

/** NaN in float32 and float64, -1 in whole numbers. */
const POISON = 0xff;

const isComputed = (value: Value): boolean => value.node !== undefined;

/** Rows of a value of a problem. */
export function rowsOf(problem: Problem, { rows }: Value): number {
  if (typeof rows === 'number') return rows;
  const batchSizes = axesOf(problem).get(rows.axis) ?? [];
  return rows.kind === 'steps' ? rowCount(batchSizes) : sequenceCount(batchSizes);
}

/** A program for one problem. */
export class ProblemProgram {
  readonly program: CompiledProgram;
  readonly #batchSizes: readonly Int32Array[];
  readonly #samples: AxisSamples;
  readonly #built: ProblemGraph;
  readonly #extra: ReadonlyMap<string, Matrix>;
  readonly #values: readonly Value[];

  /**
   * @param outputs values to be read after a run
   * @param extra   inputs that the problem does not have: upstream gradients
   */
  constructor(
    built: ProblemGraph,
    outputs: Iterable<Value>,
    options: ProblemProgramOptions = {},
    extra: ReadonlyMap<string, Matrix> = new Map(),
  ) {
    const { precision = 'float32', threads = 1, keepOperands = false, spare = 0 } = options;
    const { problem, graph } = built;
    const axes = new Map<string, AxisCapacity>();
    for (const [axis, batchSizes] of axesOf(problem)) {
      const steps = batchSizes.length + spare;
      const batch = sequenceCount(batchSizes) + spare;
      axes.set(axis, { steps, batch, rows: spare === 0 ? rowCount(batchSizes) : steps * batch });
    }
    const externals = [...graph.externals.values()];
    const inputs = externals.filter((value) => value.source === 'input');
    const ends = externals.map(({ offset = 0, rows, columns }) => offset + Number(rows) * columns * 8);
    const blockBytes = externals.reduce((most, { source }, at) => {
      return source === 'input' ? most : Math.max(most, ends[at] as number);
    }, 0);
    const blocks: ModelBlocks = {
      parameter: allocateBlock(blockBytes),
      gradient: allocateBlock(blockBytes),
      optimizer: allocateBlock(blockBytes),
    };
    const wanted = [...outputs];
    this.program = new CompiledProgram(graph, {
      outputs: keepOperands ? [...wanted, ...inputs] : wanted,
      axes,
      blocks,
      threads,
      grain: 0, // small as the problems are, all threads take part
      precision,
    });
    const { batchSizes, samples } = runArguments(problem);
    this.#batchSizes = batchSizes;
    this.#samples = samples;
    this.#built = built;
    this.#extra = extra;
    const present = externals.filter(
      (value) => value.source !== 'input' || this.program.hasInput(value.name as string),
    );
    this.#values = [...new Set([...wanted, ...present])];
  }

  /** Fills all memory with NaN, then writes the operands. To be called before each run: a run may reuse their memory. */
  write(): void {
    for (const buffer of this.#buffers()) new Uint8Array(buffer).fill(POISON);
    const { operands, problem } = this.#built;
    for (const [name, value] of operands) this.#put(value, problem.operands[name] as Matrix | Int32Array);
    for (const [name, given] of this.#extra) this.#put(this.#built.graph.externals.get(name) as Value, given);
  }

  /** Writes, runs, and returns the program for reading. */
  run(): this {
    this.write();
    this.compute();
    return this;
  }

  /** Runs on what stands in the memory. */
  compute(): void {
    this.program.execute(this.#batchSizes, false, this.#samples);
  }

  /** The same off the event loop. */
  start(): Promise<void> {
    return this.program.start(this.#batchSizes, { samples: this.#samples });
  }

  /** The live entries of a value, in the memory of the program. */
  view(value: Value): Entries {
    const { program } = this;
    const all =
      value.type === 'int32'
        ? program.integers(value)
        : value.type === 'float64'
          ? program.doubles(value)
          : program.real(value);
    return value.type === 'packed' ? all : all.subarray(0, this.#rowsOf(value) * value.columns);
  }

  /** A copy of a real or float64 value as a matrix. */
  read(value: Value): Matrix {
    return { rows: this.#rowsOf(value), columns: value.columns, data: Float64Array.from(this.view(value)) };
  }

  /** The bits of a value. */
  bits(value: Value): Buffer {
    const { buffer, byteOffset, byteLength } = this.view(value);
    return Buffer.from(new Uint8Array(buffer, byteOffset, byteLength));
  }

  /**
   * Index and buffer of the first byte that was written although no value stands there: rows behind the batch, gaps,
   * the end of the arena. Only for programs with `keepOperands`, in which every value has its own memory.
   *
   * @param computed values that the program computes besides its outputs
   */
  firstStrayByte(computed: readonly Value[]): number | undefined {
    const values = [...new Set([...this.#values, ...computed])];
    for (const buffer of this.#buffers()) {
      const bytes = Buffer.from(new Uint8Array(buffer));
      for (const value of values) {
        const view = this.view(value);
        if (view.buffer === buffer) bytes.fill(POISON, view.byteOffset, view.byteOffset + view.byteLength);
      }
      if (!bytes.equals(Buffer.alloc(bytes.length, POISON))) return bytes.findIndex((byte) => byte !== POISON);
    }
    return undefined;
  }

  #rowsOf(value: Value): number {
    return rowsOf(this.#built.problem, value);
  }

  #put(value: Value, given: Matrix | Int32Array): void {
    if (this.#values.includes(value)) this.view(value).set(given instanceof Int32Array ? given : given.data);
  }

  #buffers(): Set<ArrayBufferLike> {
    return new Set(this.#values.map((value) => this.view(value).buffer));
  }
}

/** All values that the nodes of a graph compute. */
export function computedValues({ graph, results }: ProblemGraph): Value[] {
  const isLeftOut = (value: Value) => {
    const ofOperation = [...(value.node?.outputs ?? [])].some(
      ([name, { id }]) => id === value.id && LEFT_OUT.has(name),
    );
    return ofOperation && ![...results.values()].includes(value);
  };
  const computed = graph.nodes.flatMap((node) => [...node.outputs.values()]).filter(isComputed);
  return computed.filter((value) => !isLeftOut(value));
}
