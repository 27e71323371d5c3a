/** The parameter block of a model: the offset of each parameter, and the initial values. */
import { Random } from '../../core/random.js';
import { ALIGNMENT, aligned, allocateBlock } from '../../native/memory.js';
import { initialize } from '../../network/initializers/initializer.js';
import type { BufferRequest, ParameterRequest } from '../../network/layers/layer.js';

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

/** Collects the parameters and buffers that layers ask for, in order, and gives each its place. */
export class ParameterLayout {
  readonly requests = new Map<string, PlacedRequest>();
  readonly buffers = new Map<string, PlacedBuffer>();
  /** Bytes of all parameters. */
  bytes = 0;
  /** Bytes of all buffers. */
  bufferBytes = 0;

  /** The offset of a parameter; the same at every call. */
  place(name: string, request: ParameterRequest): number {
    const known = this.requests.get(name);
    if (known !== undefined) return known.offset;
    const offset = this.bytes;
    this.requests.set(name, { name, request, offset });
    this.bytes += aligned(4 * request.rows * request.columns);
    return offset;
  }

  /** The place of a buffer; the same at every call. */
  placeBuffer(name: string, request: BufferRequest): number {
    const known = this.buffers.get(name);
    if (known !== undefined) return known.offset;
    const offset = this.bufferBytes;
    this.buffers.set(name, { name, request, offset });
    this.bufferBytes += aligned(4 * request.rows * request.columns);
    return offset;
  }
}

/** The memory of all parameters, their gradients and what the optimizer keeps for them, and of all buffers. */
export class ParameterBlocks {
  readonly parameter: Uint8Array;
  readonly gradient: Uint8Array;
  readonly optimizer: Uint8Array;
  readonly buffer: Uint8Array;
  readonly buffers: ReadonlyMap<string, ModelBuffer>;
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** The state of the optimizer, under the name `SLOT/PARAMETER`. */
  readonly optimizerState: ReadonlyMap<string, Float32Array>;
  /** Bytes of one copy of all parameters. */
  readonly bytes: number;
  /** Bytes of all buffers. */
  readonly bufferBytes: number;
  readonly #slots: ReadonlyMap<string, number>;

  /** @param slots what the optimizer keeps for each parameter: initial values by name */
  constructor(layout: ParameterLayout, slots: ReadonlyMap<string, number>) {
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

  /** Fills all buffers and parameters, each parameter with a random stream of its own, named after it, and what the optimizer keeps. */
  initialize(layout: ParameterLayout, scheme: string, seed: number): void {
    for (const [name, { request }] of layout.buffers) this.buffers.get(name)?.data.fill(request.initial);
    for (const { name, request } of layout.requests.values()) {
      const { data } = this.parameters.get(name) as Parameter;
      const random = new Random(seed, `parameter/${name}`);
      const { initial, columns } = request;
      if (initial === undefined) initialize(request.initializer ?? scheme, data, request, random);
      else for (const at of data.keys()) data[at] = initial(random, Math.floor(at / columns), at % columns);
      for (const [slot, value] of this.#slots) this.optimizerState.get(`${slot}/${name}`)?.fill(value);
    }
  }
}
