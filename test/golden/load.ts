/**
 * Reads the reference results of PyTorch that lie beside this file (README.md says what each holds and how to remake
 * them): one JSON file per case, every tensor as little-endian base64 with its shape.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** A tensor of a golden: row-major, exactly the bytes that PyTorch gave. */
export interface GoldenTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Int32Array;
}

/** Options of an optimizer; what is absent has PyTorch's default (0, or false). */
export interface GoldenOptimizer {
  readonly kind: 'sgd' | 'momentum' | 'adam' | 'adamW' | 'adagrad' | 'rmsprop';
  readonly learningRate: number;
  readonly momentum?: number;
  readonly dampening?: number;
  readonly nesterov?: boolean;
  readonly weightDecay?: number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly alpha?: number;
  readonly epsilon?: number;
  readonly amsgrad?: boolean;
  readonly learningRateDecay?: number;
  readonly initialAccumulator?: number;
}

/** Cells of PyTorch. */
export type GoldenCell = 'rnn_tanh' | 'rnn_relu' | 'lstm' | 'gru';

/** A stack of recurrent layers of one direction over packed sequences. */
export interface GoldenLayer {
  readonly cell: GoldenCell;
  readonly inputs: number;
  readonly units: number;
  readonly layers: number;
  readonly lengths: readonly number[];
}

/** A stack with what else PyTorch's layers can do, and penalties on its output. */
export interface GoldenRecurrent extends GoldenLayer {
  readonly directions: 1 | 2;
  readonly biases: boolean;
  readonly projection?: number;
  readonly activationPenalty?: number;
  readonly temporalPenalty?: number;
}

/** What each kind of golden was asked. */
export interface GoldenOptions {
  readonly layer: GoldenLayer;
  readonly recurrent: GoldenRecurrent;
  readonly cell: {
    readonly cell: GoldenCell;
    readonly inputs: number;
    readonly units: number;
    readonly steps: number;
    readonly batch: number;
    readonly biases: boolean;
  };
  readonly schedule: {
    readonly maximum: number;
    readonly steps: number;
    readonly warmUp?: number;
    readonly startDivisor?: number;
    readonly endDivisor?: number;
    readonly shape?: 'cosine' | 'linear';
    readonly threePhase?: boolean;
  };
  readonly modelGradients: {
    readonly cell: 'lstm' | 'gru';
    readonly symbols: number;
    readonly embedding: number;
    readonly features: number;
    readonly units: number;
    readonly classes: number;
  };
  readonly layerNormalization: {
    readonly rows: number;
    readonly columns: number;
    readonly epsilon: number;
    readonly shift: boolean;
  };
  readonly pool: {
    readonly over: 'last' | 'max' | 'mean';
    readonly features: number;
    readonly lengths: readonly number[];
  };
  readonly attentionPool: {
    readonly over: 'attention';
    readonly features: number;
    readonly lengths: readonly number[];
    readonly units: number;
  };
  readonly batchNormalization: {
    readonly columns: number;
    readonly epsilon: number;
    readonly momentum: number | null;
    readonly affine: boolean;
    /** Of the sequences of each training step. */
    readonly lengths: readonly (readonly number[])[];
  };
  readonly convolution: {
    readonly padding: 'causal' | 'same' | 'valid' | readonly [front: number, behind: number];
    readonly kernel: number;
    readonly inputs: number;
    readonly units: number;
    readonly stride: number;
    readonly dilation: number;
    readonly groups: number;
    readonly bias: boolean;
    readonly lengths: readonly number[];
    /** Whether the steps before the first are given. */
    readonly context: boolean;
  };
  readonly penalty: {
    readonly features: number;
    readonly lengths: readonly number[];
    readonly activation: number;
    readonly temporal: number;
  };
  readonly padding: {
    readonly batch: number;
    readonly steps: number;
    readonly features: number;
    readonly lengths: readonly number[];
    readonly value: number;
  };
  readonly attention: {
    readonly scores: 'dot' | 'additive';
    /** Columns of queries and keys. */
    readonly width: number;
    readonly features: number;
    /** Of the longest source. */
    readonly steps: number;
    /** Of scores that are products. */
    readonly scale?: number;
  };
  readonly encoderDecoder: {
    readonly cell: 'gru' | 'lstm';
    readonly scores: 'general' | 'additive';
    readonly units: number;
    /** Of additive scores. */
    readonly width: number;
    readonly learningRate: number;
    /** Pair by pair, without marks. */
    readonly sources: readonly (readonly number[])[];
    readonly targets: readonly (readonly number[])[];
  };
  readonly loss: {
    readonly rows: number;
    readonly columns: number;
    readonly labelSmoothing?: number;
    readonly level?: number;
    readonly delta?: number;
  };
  readonly ctc: {
    readonly classes: number;
    readonly lengths: readonly number[];
    readonly targets: readonly (readonly number[])[];
    readonly blank: number;
    readonly reduction: 'mean' | 'sum';
    readonly zeroInfinity: boolean;
  };
  readonly embedding: { readonly size: number; readonly units: number };
  readonly clipNorm: { readonly maxNorm: number };
  readonly functions: { readonly one: readonly string[]; readonly two: readonly string[] };
  readonly columns: { readonly order: readonly number[] };
  readonly optimizer: GoldenOptimizer;
  readonly training: {
    readonly cell: 'rnn' | 'lstm' | 'gru';
    readonly vocabulary: number;
    readonly embedding: number;
    readonly units: number;
    readonly layers: number;
    readonly windows: number;
    readonly steps: number;
    readonly batch: number;
    readonly clipNorm: number;
    readonly clippedSteps: number;
    readonly optimizer: GoldenOptimizer;
  };
}

/** Name of a kind: what the file was asked to hold. */
export type GoldenKind = keyof GoldenOptions;

/** One case: what was asked and what PyTorch answered. */
export class Golden<K extends GoldenKind = GoldenKind> {
  readonly name: string;
  readonly kind: K;
  readonly options: GoldenOptions[K];
  /** Tensors that PyTorch was given, in the order of the file. */
  readonly inputs: ReadonlyMap<string, GoldenTensor>;
  /** Tensors that PyTorch computed, in the order of the file. */
  readonly results: ReadonlyMap<string, GoldenTensor>;
  /** For each result, the largest absolute difference between PyTorch's own float32 and float64 computations. */
  readonly float32Error: Readonly<Record<string, number>>;

  constructor(file: GoldenFile<K>) {
    this.name = file.name;
    this.kind = file.kind;
    this.options = file.options;
    this.inputs = decodeAll(file.name, file.inputs);
    this.results = decodeAll(file.name, file.results);
    this.float32Error = file.float32Error;
  }

  /**
   * Any input or result by name.
   *
   * @throws {Error} when the case has none of that name
   */
  tensor(name: string): GoldenTensor {
    const found = this.inputs.get(name) ?? this.results.get(name);
    if (found === undefined) throw new Error(`golden ${this.name} has no tensor '${name}'`);
    return found;
  }

  /** A float32 input or result: a copy, which the test may change. @throws {Error} when there is none of that name */
  float32(name: string): Float32Array {
    const { data } = this.tensor(name);
    if (!(data instanceof Float32Array)) throw new Error(`golden ${this.name}: '${name}' is not float32`);
    return data.slice();
  }

  /** An int32 input (ids, targets, batchSizes): a copy. @throws {Error} when there is none of that name */
  int32(name: string): Int32Array {
    const { data } = this.tensor(name);
    if (!(data instanceof Int32Array)) throw new Error(`golden ${this.name}: '${name}' is not int32`);
    return data.slice();
  }

  /** Every tensor whose name starts with `prefix`, by the rest of its name: `under('weight/')`. Never empty. */
  under(prefix: string): ReadonlyMap<string, GoldenTensor> {
    const found = [...this.inputs, ...this.results].filter(([name]) => name.startsWith(prefix));
    if (found.length === 0) throw new Error(`golden ${this.name} has no tensor under '${prefix}'`);
    return new Map(found.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
  }
}

interface EncodedTensor {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly base64: string;
}

interface GoldenFile<K extends GoldenKind> {
  readonly name: string;
  readonly kind: K;
  readonly options: GoldenOptions[K];
  readonly float32Error: Readonly<Record<string, number>>;
  readonly inputs: Readonly<Record<string, EncodedTensor>>;
  readonly results: Readonly<Record<string, EncodedTensor>>;
}

const folder = new URL('.', import.meta.url);

function read(name: string): GoldenFile<GoldenKind> {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as GoldenFile<GoldenKind>;
}

function hasKind<K extends GoldenKind>(file: GoldenFile<GoldenKind>, kind: K): file is GoldenFile<K> {
  return file.kind === kind;
}

function decodeAll(golden: string, encoded: Readonly<Record<string, EncodedTensor>>): Map<string, GoldenTensor> {
  return new Map(Object.entries(encoded).map(([name, tensor]) => [name, decode(`${golden}: '${name}'`, tensor)]));
}

function decode(label: string, { shape, dtype, base64 }: EncodedTensor): GoldenTensor {
  // Copied into a buffer of its own: what Buffer.from returns may start at an unaligned offset of a shared pool.
  const bytes = new Uint8Array(Buffer.from(base64, 'base64'));
  const size = shape.reduce((product, extent) => product * extent, 1);
  const Numbers = { float32: Float32Array, float64: Float64Array, int32: Int32Array }[dtype];
  if (Numbers === undefined) throw new Error(`golden ${label} has unknown dtype ${dtype}`);
  if (bytes.length !== Numbers.BYTES_PER_ELEMENT * size) {
    throw new Error(`golden ${label} has ${bytes.length} bytes, its shape [${shape}]`);
  }
  return { shape, data: new Numbers(bytes.buffer) };
}

/**
 * Reads one case.
 *
 * @param kind what the caller expects it to be
 * @param name file name without `.json`, for example `lstm_ragged`
 * @throws {Error} when there is no such file, or it is of another kind
 */
export function loadGolden<K extends GoldenKind>(kind: K, name: string): Golden<K> {
  const file = read(name);
  if (!hasKind(file, kind)) throw new Error(`golden ${name} is of kind ${file.kind}, not ${kind}`);
  return new Golden(file);
}

/** Every case of one kind, by name. Never empty, so that a loop over them cannot pass by testing nothing. */
export function loadGoldens<K extends GoldenKind>(kind: K): Golden<K>[] {
  const names = readdirSync(folder).filter((file) => file.endsWith('.json'));
  const files = names.sort().map((file) => read(file.slice(0, -'.json'.length)));
  const found = files.filter((file) => hasKind(file, kind)).map((file) => new Golden(file));
  if (found.length === 0) throw new Error(`no golden of kind ${kind}`);
  return found;
}
