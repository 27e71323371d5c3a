/** A compiled program: a graph with its memory plan, loaded by the native side and ready to run. */
import { RangeIndexError, ShapeError, UsageError } from '../core/errors.js';
import { type AxisSamples, asNativeError, type NativeProgram, native } from '../native/addon.js';
import { allocateBlock } from '../native/memory.js';
import { threadGrain } from '../native/threads.js';
import { type AxisCapacity, emitProgram, type Location } from './emit.js';
import { storageBytes } from './generated/operations.js';
import type { Graph } from './graph.js';
import { planMemory } from './planner.js';
import { scheduleNodes } from './schedule-nodes.js';
import { storageOf, type Value } from './value.js';
import { findViews } from './views.js';

/** Blocks of the model, by the source of the values that stand in them. */
export interface ModelBlocks {
  readonly parameter: Uint8Array;
  readonly gradient: Uint8Array;
  readonly optimizer: Uint8Array;
}

/** Settings of a compilation. */
export interface ProgramOptions {
  /** Values that are read after a run. */
  readonly outputs: readonly Value[];
  readonly axes: ReadonlyMap<string, AxisCapacity>;
  readonly blocks: ModelBlocks;
  readonly threads: number;
  /** Multiply-adds between two barriers that are worth one thread; default `BPTT_GRAIN`, else the native one. */
  readonly grain?: number;
  /** Type of the real values; float64 serves gradient checks. Default float32. */
  readonly precision?: 'float32' | 'float64';
  /** Packs the parameters in instructions that a run may leave out. Default false: packed at every run. */
  readonly prepare?: boolean;
}

/** Settings of a run off the event loop. */
export interface StartOptions {
  /** Leaves out the packing of parameters, which have not changed since the last run. */
  readonly prepared?: boolean;
  /** Stops the run, unless it has begun to change parameters. */
  readonly signal?: AbortSignal;
  /** As in `run`. */
  readonly samples?: AxisSamples;
}

const ARENA = 3;
const BLOCKS = { parameter: 0, gradient: 1, optimizer: 2, input: ARENA } as const;

/** A loaded program and its arena. */
export class CompiledProgram {
  /** Bytes of the arena that this program owns. */
  readonly arenaBytes: number;
  readonly axes: ReadonlyMap<string, AxisCapacity>;
  readonly #compute: 'float32' | 'float64';
  readonly #blocks: readonly Uint8Array[];
  readonly #locations = new Map<number, Location>();
  readonly #externals: ReadonlyMap<string, Value>;
  readonly #values: readonly Value[];
  readonly #native: NativeProgram;
  readonly #prepare: number;

  /**
   * Compiles and loads the graph.
   *
   * @throws {NativeError} `invalid_program` when the native side refuses it
   */
  constructor(graph: Graph, options: ProgramOptions) {
    this.axes = options.axes;
    this.#compute = options.precision ?? 'float32';
    const scheduled = scheduleNodes(graph, options.outputs, options.prepare === true);
    const outside = new Set(options.outputs.map((value) => value.id));
    const isFree = (value: Value) => !outside.has(value.id) && !graph.assignments.has(value);
    const { instructions, views } = findViews(scheduled, isFree);
    const { nodes } = instructions;
    const read = nodes.flatMap((node) => [...node.inputs.values()].map((value) => views.get(value.id)?.base ?? value));
    const used = new Set([...read, ...options.outputs].map((value) => value.id));
    const inputs = [...graph.externals.values()].filter((value) => value.source === 'input' && used.has(value.id));
    const place = (value: Value): Location | undefined => {
      const target = graph.assignments.get(value) ?? value;
      if (target.source === undefined || target.source === 'input') return undefined;
      return { block: BLOCKS[target.source], offset: target.offset as number, stride: value.columns, first: 0 };
    };
    const plan = planMemory({
      nodes,
      bytesOf: (value) => this.#elementsOf(value) * this.#bytesPerEntry(value),
      isPlaced: (value) => place(value) !== undefined,
      inputs,
      outputs: options.outputs,
      views,
      kept: nodes.slice(0, instructions.prepare).flatMap((node) => [...node.outputs.values()]),
    });
    const locationOf = (value: Value): Location => {
      const view = views.get(value.id);
      if (view !== undefined) return { ...locationOf(view.base), first: view.first };
      const offset = plan.offsets.get(value.id) as number;
      return place(value) ?? { block: ARENA, offset, stride: value.columns, first: 0 };
    };
    const text = emitProgram(instructions, this.#compute, options.axes, locationOf);
    for (const value of [...text.values, ...options.outputs, ...inputs]) {
      if (!views.has(value.id)) this.#locations.set(value.id, locationOf(value));
    }
    this.arenaBytes = plan.bytes;
    const { parameter, gradient, optimizer } = options.blocks;
    this.#blocks = [parameter, gradient, optimizer, allocateBlock(plan.bytes)];
    this.#externals = new Map(inputs.map((value) => [value.name as string, value]));
    this.#values = text.values;
    this.#prepare = instructions.prepare;
    const grain = options.grain ?? threadGrain();
    try {
      this.#native = new (native().Program)(text.words, text.attributes, this.#blocks, options.threads, grain);
    } catch (error) {
      throw asNativeError(error);
    }
  }

  /** Bytes of native scratch memory. */
  get scratchBytes(): number {
    return this.#native.scratchBytes();
  }

  /** Names of the inputs that the program reads. */
  get inputNames(): string[] {
    return [...this.#externals.keys()];
  }

  /** Whether the program reads an input of that name. */
  hasInput(name: string): boolean {
    return this.#externals.has(name);
  }

  /** The memory of a real value at full capacity; its first rows are those of the running batch. */
  real(value: Value | string): Float32Array | Float64Array {
    const { buffer, offset, elements } = this.#memory(value);
    return this.#compute === 'float64'
      ? new Float64Array(buffer, offset, elements)
      : new Float32Array(buffer, offset, elements);
  }

  /** The memory of whole numbers: indices, random keys. */
  integers(value: Value | string): Int32Array {
    const { buffer, offset, elements } = this.#memory(value);
    return new Int32Array(buffer, offset, elements);
  }

  /** The memory of run-time numbers: hyperparameters, norms. */
  doubles(value: Value | string): Float64Array {
    const { buffer, offset, elements } = this.#memory(value);
    return new Float64Array(buffer, offset, elements);
  }

  /**
   * Runs on the calling thread. `batchSizes` hold the batch size of every step for each axis. Every input must be written
   * before every run: its memory may be another value's by the end of one.
   *
   * @param prepared leaves out the packing of parameters, which have not changed since the last run
   * @param samples  for each axis the sample of each sequence, in the order of `batchSizes`, for operations that join two
   *   axes: each sample once on their other axis, any of these on their own. They are copied before the run begins
   * @throws {ShapeError} `shape_mismatch` when the batch does not fit, or the samples do not
   * @throws {RangeIndexError} `index_out_of_range` with the input, the row and the index
   * @throws {UsageError} `model_busy` while another run is under way
   */
  run(batchSizes: readonly Int32Array[], prepared = false, samples?: AxisSamples): void {
    try {
      this.#native.run(batchSizes, prepared ? this.#prepare : 0, samples);
    } catch (error) {
      throw this.#translate(error);
    }
  }

  /**
   * Like `run`, off the event loop. Rejects with the signal's reason when the run was stopped; no parameter has
   * changed then.
   */
  start(batchSizes: readonly Int32Array[], options: StartOptions = {}): Promise<void> {
    const { prepared = false, signal, samples } = options;
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason);
        return;
      }
      const cancel = () => this.#native.cancel();
      try {
        const done = (cancelled: boolean) => {
          signal?.removeEventListener('abort', cancel);
          if (cancelled) reject(signal?.reason);
          else resolve();
        };
        this.#native.start(batchSizes, prepared ? this.#prepare : 0, done, samples);
      } catch (error) {
        reject(this.#translate(error));
        return;
      }
      signal?.addEventListener('abort', cancel, { once: true });
    });
  }

  /** Frees the native part. @throws {UsageError} `model_busy` while a run is under way */
  dispose(): void {
    try {
      this.#native.dispose();
    } catch (error) {
      throw this.#translate(error);
    }
  }

  #bytesPerEntry(value: Value): number {
    return storageBytes[storageOf(value, this.#compute)];
  }

  #elementsOf(value: Value): number {
    if (value.type === 'packed') {
      const storage = storageOf(value, this.#compute);
      return native().packedSize(value.rows as number, value.columns, value.low, this.#compute, storage);
    }
    if (typeof value.rows === 'number') return value.rows * value.columns;
    const axis = this.axes.get(value.rows.axis);
    if (axis === undefined)
      throw new ShapeError('shape_mismatch', `no capacity is given for the time axis ${value.rows.axis}`);
    return (value.rows.kind === 'steps' ? axis.rows : axis.batch) * value.columns;
  }

  #memory(from: Value | string): { buffer: ArrayBufferLike; offset: number; elements: number } {
    const value = typeof from === 'string' ? this.#externals.get(from) : from;
    const location = value === undefined ? undefined : this.#locations.get(value.id);
    if (value === undefined || location === undefined) {
      const name = typeof from === 'string' ? from : (from.name ?? `value ${from.id}`);
      throw new ShapeError('shape_mismatch', `the program has no value ${name}`, { name });
    }
    const block = this.#blocks[location.block] as Uint8Array;
    return { buffer: block.buffer, offset: block.byteOffset + location.offset, elements: this.#elementsOf(value) };
  }

  #translate(error: unknown): Error {
    const { code, message, value, axis, position, entry } = error as Record<string, unknown>;
    if (code === 'model_busy' || code === 'model_disposed') return new UsageError(code, String(message));
    if (code === 'index_out_of_range') {
      const culprit = this.#values[value as number] as Value;
      const text = `${culprit.name} has index ${entry} at row ${position}, expected ${culprit.low}..${culprit.high - 1}`;
      return new RangeIndexError(code, text, {
        name: culprit.name,
        row: position,
        index: entry,
        low: culprit.low,
        high: culprit.high - 1,
      });
    }
    if (code === 'shape_mismatch') {
      const names = [...this.axes.keys()];
      const text = String(message).replace(/\baxis (\d+)/g, (_, number) => `axis ${names[number]}`);
      const isSample = typeof axis === 'number' && axis >= 0;
      return new ShapeError(code, text, isSample ? { axis: names[axis], position, sample: entry } : {});
    }
    return asNativeError(error);
  }
}
