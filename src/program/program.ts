/** A compiled program: a graph with its memory plan, loaded by the native side and ready to be executed. */
import { RangeIndexError, ShapeError, UsageError } from '../core/errors.js';
import { onAbort } from '../core/on-abort.js';
import { storageBytes } from '../graph/generated/operations.js';
import type { Graph } from '../graph/graph.js';
import { storageOf, type Value } from '../graph/value.js';
import { type AxisSamples, asNativeError, type NativeProgram, type NativeUpdateLock, native } from '../native/addon.js';
import { ALIGNMENT, allocateBlock } from '../native/memory.js';
import { requireMemory } from '../native/planned-memory.js';
import { threadGrain } from '../native/threads.js';
import { type AxisCapacity, emitProgram } from './emit.js';
import { type Location, layOut } from './layout.js';

/** Blocks of the model, by the source of the values that they hold. */
export interface ModelBlocks {
  readonly parameter: Uint8Array;
  readonly gradient: Uint8Array;
  readonly optimizer: Uint8Array;
  /** Numbers that a training step computes anew; left out where there are none. */
  readonly buffer?: Uint8Array;
  /** Taken while an execution writes parameters and buffers; left out where nobody reads them meanwhile. */
  readonly lock?: NativeUpdateLock;
}

/** Settings of a compilation. */
export interface ProgramOptions {
  /** Values that are read after an execution. */
  readonly outputs: readonly Value[];
  readonly axes: ReadonlyMap<string, AxisCapacity>;
  readonly blocks: ModelBlocks;
  readonly threads: number;
  /** Multiply-adds between two barriers that justify one more thread; default `BPTT_GRAIN`, else the native one. */
  readonly grain?: number;
  /** Type of the real values; float64 is for gradient checks. Default float32. */
  readonly precision?: 'float32' | 'float64';
  /** Packs the parameters in instructions that an execution may skip. Default false: every execution packs them. */
  readonly prepare?: boolean;
}

/** Settings of an execution off the event loop. */
export interface StartOptions {
  /** Skips the packing of parameters, which have not changed since the last execution. */
  readonly prepared?: boolean;
  /** Stops the execution, unless it has begun to change parameters. */
  readonly signal?: AbortSignal;
  /** As in `execute`. */
  readonly samples?: AxisSamples;
}

const allocateScratch = (bytes: number): Uint8Array => allocateBlock(bytes, 'intermediate results of a program');

/** A loaded program and its arena. */
export class CompiledProgram {
  /** Bytes of the arena that this program owns. */
  readonly arenaBytes: number;
  readonly axes: ReadonlyMap<string, AxisCapacity>;
  readonly #compute: 'float32' | 'float64';
  readonly #blocks: readonly Uint8Array[];
  readonly #locations = new Map<number, Location>();
  readonly #externals: ReadonlyMap<string, Value>;
  /** Memory of the constants, and what they hold. */
  readonly #constants: readonly (readonly [
    memory: Int32Array | Float32Array | Float64Array,
    numbers: readonly number[],
  ])[];
  readonly #values: readonly Value[];
  readonly #native: NativeProgram;
  readonly #prepare: number;

  /**
   * Compiles and loads the graph.
   *
   * @throws {UsageError} `too_large` when there is no memory for it
   * @throws {NativeError} `invalid_program` when the native side refuses it
   */
  constructor(graph: Graph, options: ProgramOptions) {
    this.axes = options.axes;
    this.#compute = options.precision ?? 'float32';
    const layout = layOut(graph, {
      outputs: options.outputs,
      prepare: options.prepare === true,
      bytesOf: (value) => this.#elementsOf(value) * this.#bytesPerEntry(value),
    });
    const { instructions, views, inputs, locationOf } = layout;
    const text = emitProgram(instructions, this.#compute, options.axes, locationOf);
    for (const value of [...text.values, ...options.outputs, ...inputs]) {
      if (!views.has(value.id)) this.#locations.set(value.id, locationOf(value));
    }
    this.arenaBytes = layout.arenaBytes;
    const { parameter, gradient, optimizer, buffer = allocateBlock(ALIGNMENT), lock } = options.blocks;
    requireMemory(
      'the program for such a batch',
      layout.arenaBytes,
      'make the batch, its sequences or the layers smaller',
    );
    this.#blocks = [parameter, gradient, optimizer, allocateBlock(layout.arenaBytes, 'values of a program'), buffer];
    this.#externals = new Map(inputs.map((value) => [value.name as string, value]));
    this.#constants = inputs.flatMap((value) => {
      if (value.constant === undefined) return [];
      const memory = value.type === 'int32' ? this.integers(value) : this.real(value);
      return [[memory, value.constant] as const];
    });
    this.#values = text.values;
    this.#prepare = instructions.prepare;
    const grain = options.grain ?? threadGrain();
    try {
      const { Program } = native();
      this.#native = new Program(
        text.words,
        text.attributes,
        this.#blocks,
        options.threads,
        grain,
        lock,
        allocateScratch,
      );
    } catch (error) {
      if (error instanceof UsageError) throw error; // no memory
      const refused = asNativeError(error);
      throw refused.code === 'too_large' ? new UsageError('too_large', refused.message, {}, error) : refused;
    }
  }

  /** Bytes of scratch memory. */
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

  /**
   * The memory of a real value at full capacity, in numbers of the type in which it is stored; its first rows are those of
   * the batch at hand.
   */
  real(value: Value | string): Float32Array | Float64Array {
    const { buffer, offset, elements } = this.#memory(value);
    const from = typeof value === 'string' ? (this.#externals.get(value) as Value) : value;
    return storageOf(from, this.#compute) === 'float64'
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
   * Executes on the calling thread. `batchSizes` hold the batch size of every step for each axis. Every input except
   * the constants must be written before every execution, because other values may use its memory later in an
   * execution.
   *
   * @param prepared leaves out the packing of parameters, which have not changed since the last execution
   * @param samples  for each axis the sample of each sequence, in the order of `batchSizes`, for operations that join two
   *   axes: each sample once on their other axis, any of these on their own. They are copied before the execution begins
   * @throws {ShapeError} `shape_mismatch` when the batch does not fit, or the samples do not
   * @throws {RangeIndexError} `index_out_of_range` with the input, the row and the index
   * @throws {UsageError} `model_busy` while another execution is under way
   */
  execute(batchSizes: readonly Int32Array[], prepared = false, samples?: AxisSamples): void {
    this.#writeConstants();
    try {
      this.#native.execute(batchSizes, prepared ? this.#prepare : 0, samples);
    } catch (error) {
      throw this.#translate(error);
    }
  }

  /**
   * Like `execute`, off the event loop. Rejects with the signal's reason when it was stopped; no parameter has
   * changed then.
   */
  start(batchSizes: readonly Int32Array[], options: StartOptions = {}): Promise<void> {
    const { prepared = false, signal, samples } = options;
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason);
        return;
      }
      let stopListening = () => {};
      this.#writeConstants();
      try {
        const done = (cancelled: boolean) => {
          stopListening();
          if (cancelled) reject(signal?.reason);
          else resolve();
        };
        this.#native.start(batchSizes, prepared ? this.#prepare : 0, done, samples);
      } catch (error) {
        reject(this.#translate(error));
        return;
      }
      if (signal !== undefined) stopListening = onAbort(signal, () => this.#native.cancel());
    });
  }

  /** Frees the native part. @throws {UsageError} `model_busy` while an execution is under way */
  dispose(): void {
    try {
      this.#native.dispose();
    } catch (error) {
      throw this.#translate(error);
    }
  }

  /** Constants share memory with other values, like all inputs. */
  #writeConstants(): void {
    for (const [memory, numbers] of this.#constants) memory.set(numbers);
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
