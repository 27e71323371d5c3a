/** The parameter block of a model: the offset of each parameter, and the initial values. */
import { OptionError, UsageError } from '../../core/errors.js';
import { Random } from '../../core/random.js';
import { type NativeUpdateLock, native } from '../../native/addon.js';
import { ALIGNMENT, aligned, allocateBlock } from '../../native/memory.js';
import { requireMemory } from '../../native/planned-memory.js';
import { initialize } from '../../network/initializers/initializer.js';
import type { BufferRequest, ParameterRequest } from '../../network/layers/layer.js';
import type { Precision } from './precision.js';

/** One parameter of a model: views into its blocks, not copies. */
export interface Parameter {
  readonly name: string;
  /** [n] for biases, [rows, columns] for matrices, row-major. */
  readonly shape: readonly number[];
  /** Values. After writing into them call `model.parametersChanged()`. */
  readonly data: Float32Array;
  /** Gradient of the last training step, after clipping. */
  readonly gradient: Float32Array;
}

/** Numbers of a layer that are not trained, as a view into the model's memory. */
export interface ModelBuffer {
  readonly name: string;
  /** [n] for a row, [rows, columns] for a matrix, row-major. */
  readonly shape: readonly number[];
  readonly data: Float32Array;
  /** Smallest number that it can hold, -Infinity where there is none; all of its numbers are finite. */
  readonly least: number;
}

/** A buffer before it has memory. */
export interface PlacedBuffer {
  readonly name: string;
  readonly request: BufferRequest;
  /** Byte offset in the block. */
  readonly offset: number;
}

/** A parameter before it has memory. */
export interface PlacedRequest {
  readonly name: string;
  readonly request: ParameterRequest;
  /** Byte offset in the block. */
  readonly offset: number;
}

/** What two builds of a network must ask for alike, as text. Functions of initial values cannot be compared. */
function askedFor({ shape, ...request }: ParameterRequest | BufferRequest): string {
  const { role, initializer, initial } = request as Partial<ParameterRequest>;
  const first = typeof initial === 'number' ? `with the initial value ${initial}` : initializer;
  return [`[${shape.join(', ')}]`, ...(role === undefined ? [] : [`as ${role}`]), first].filter(Boolean).join(' ');
}

/**
 * A layer asks for other numbers at one build than at another.
 *
 * @param name that of the parameter or buffer: the name of its layer, a dot, its own
 * @param difference stands behind "is asked for"
 */
export function refuseBuild(what: 'parameter' | 'buffer', name: string, difference: string): never {
  const [layer, part] = [name.slice(0, name.indexOf('.')), name.slice(name.indexOf('.') + 1)];
  const message = `the ${what} '${part}' of the layer '${layer}' is asked for ${difference}: ask for the same ones at every build, whether training is on or not`;
  throw new UsageError('invalid_definition', message, { layer, [what]: part });
}

/**
 * Collects the parameters and buffers that layers ask for, in order, and gives each its place. Each must be asked for alike at every
 * build of the network, and after `seal` there are no others.
 */
export class ParameterLayout {
  /** How graphs pack the parameters. */
  readonly precision: Precision;
  readonly requests = new Map<string, PlacedRequest>();
  readonly buffers = new Map<string, PlacedBuffer>();
  /** Bytes of all parameters. */
  bytes = 0;
  /** Bytes of all buffers. */
  bufferBytes = 0;
  #isSealed = false;

  constructor(precision: Precision = 'float32') {
    this.precision = precision;
  }

  /** Says that every parameter and buffer of the network has its place: memory is allocated for these. */
  seal(): void {
    this.#isSealed = true;
  }

  /**
   * The offset of a parameter; the same at every call.
   *
   * @throws {UsageError} `invalid_definition` where it was asked for otherwise before, or not at all
   */
  place(name: string, request: ParameterRequest): number {
    const known = this.#known('parameter', this.requests, name, request);
    if (known !== undefined) return known.offset;
    const offset = this.bytes;
    this.requests.set(name, { name, request, offset });
    this.bytes += aligned(4 * request.rows * request.columns);
    return offset;
  }

  /** The place of a buffer, as `place`. */
  placeBuffer(name: string, request: BufferRequest): number {
    const known = this.#known('buffer', this.buffers, name, request);
    if (known !== undefined) return known.offset;
    const offset = this.bufferBytes;
    this.buffers.set(name, { name, request, offset });
    this.bufferBytes += aligned(4 * request.rows * request.columns);
    return offset;
  }

  #known<P extends PlacedRequest | PlacedBuffer>(
    what: 'parameter' | 'buffer',
    all: ReadonlyMap<string, P>,
    name: string,
    request: P['request'],
  ): P | undefined {
    const known = all.get(name);
    if (known === undefined) {
      if (this.#isSealed) refuseBuild(what, name, 'at this build, but was not at the first');
      return undefined;
    }
    const [before, now] = [askedFor(known.request), askedFor(request)];
    if (before !== now) refuseBuild(what, name, `${now} at this build, ${before} at the first`);
    return known;
  }
}

/** Refuses first values that an initializer has made infinite or NaN. */
function requireFinite(parameter: string, data: Float32Array): void {
  if (native().probe(data).nonFinite === 0) return;
  const value = data.find((each) => !Number.isFinite(each));
  const message = `the initializer makes the parameter '${parameter}' begin with ${value}, expected finite numbers that float32 can hold, up to 3.4e38`;
  throw new OptionError('invalid_option', message, { name: 'initializer', parameter, value });
}

/** The memory of all parameters, their gradients and what the optimizer keeps for them, and of all buffers. */
export class ParameterBlocks {
  readonly parameter: Uint8Array;
  readonly gradient: Uint8Array;
  readonly optimizer: Uint8Array;
  readonly buffer: Uint8Array;
  /** Held by those who read parameters and buffers while a training step may be under way, and by its update. */
  readonly lock: NativeUpdateLock = new (native().UpdateLock)();
  readonly buffers: ReadonlyMap<string, ModelBuffer>;
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** The state of the optimizer, under the name `SLOT/PARAMETER`. */
  readonly optimizerState: ReadonlyMap<string, Float32Array>;
  /** Bytes of one copy of all parameters. */
  readonly bytes: number;
  /** Bytes of all buffers. */
  readonly bufferBytes: number;
  readonly #slots: ReadonlyMap<string, number>;

  /**
   * @param slots what the optimizer keeps for each parameter: initial values by name
   * @throws {UsageError} `too_large` with the planned bytes, where the machine or the container has less memory
   */
  constructor(layout: ParameterLayout, slots: ReadonlyMap<string, number>) {
    // Gradients count where there is an optimizer with a state: else their pages may never be used.
    const copies = slots.size === 0 ? 1 : 2 + slots.size;
    requireMemory('the model', layout.bytes * copies + layout.bufferBytes);
    this.#slots = slots;
    this.bytes = Math.max(layout.bytes, ALIGNMENT);
    this.parameter = allocateBlock(this.bytes, 'parameters');
    this.gradient = allocateBlock(this.bytes, 'gradients');
    this.optimizer = allocateBlock(this.bytes * slots.size, 'numbers of the optimizer');
    this.bufferBytes = layout.bufferBytes;
    this.buffer = allocateBlock(this.bufferBytes, 'buffers');
    const view = (block: Uint8Array, offset: number, elements: number) =>
      new Float32Array(block.buffer, block.byteOffset + offset, elements);
    const parameters = new Map<string, Parameter>();
    const optimizerState = new Map<string, Float32Array>();
    for (const { name, request, offset } of layout.requests.values()) {
      const elements = request.rows * request.columns;
      const data = view(this.parameter, offset, elements);
      const gradient = view(this.gradient, offset, elements);
      parameters.set(name, Object.freeze({ name, shape: request.shape, data, gradient }));
      [...slots.keys()].forEach((slot, index) => {
        optimizerState.set(`${slot}/${name}`, view(this.optimizer, index * this.bytes + offset, elements));
      });
    }
    const buffers = [...layout.buffers.values()].map(({ name, request, offset }) => {
      const { rows, columns, shape, least = Number.NEGATIVE_INFINITY } = request;
      const data = view(this.buffer, offset, rows * columns);
      return [name, Object.freeze({ name, shape, data, least })] as const;
    });
    this.buffers = new Map(buffers);
    this.parameters = parameters;
    this.optimizerState = optimizerState;
  }

  /** Copies parameters and buffers from those of the same network. */
  copyWeights(from: ParameterBlocks): void {
    this.parameter.set(from.parameter);
    this.buffer.set(from.buffer);
  }

  /**
   * Fills all buffers and parameters, each parameter with a random stream of its own, named after it, and what the optimizer keeps.
   *
   * @throws {OptionError} `invalid_option` for first values that are not finite in float32
   */
  initialize(layout: ParameterLayout, scheme: string, seed: number): void {
    for (const [name, { request }] of layout.buffers) this.buffers.get(name)?.data.fill(request.initial);
    for (const { name, request } of layout.requests.values()) {
      const { data } = this.parameters.get(name) as Parameter;
      const random = new Random(seed, `parameter/${name}`);
      const { initial, columns } = request;
      if (initial === undefined) initialize(request.initializer ?? scheme, data, request, random);
      else if (typeof initial === 'number') data.fill(initial);
      else for (const at of data.keys()) data[at] = initial(random, Math.floor(at / columns), at % columns);
      requireFinite(name, data);
    }
    this.initializeOptimizer();
  }

  /** Fills what the optimizer keeps, as it is before the first step. Call it on new blocks alone: zeros are there already. */
  initializeOptimizer(): void {
    for (const [slot, value] of this.#slots) {
      // Written zeros would be in resident memory, and a model that only predicts never needs them.
      if (Object.is(value, 0)) continue;
      for (const name of this.parameters.keys()) this.optimizerState.get(`${slot}/${name}`)?.fill(value);
    }
  }
}
