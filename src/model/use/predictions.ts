/** Predictions of any number of sequences, in the order in which these were given. */
import { TIME } from '../../batch/axes.js';
import type { AxisSizes, Batch } from '../../batch/batch.js';
import { sizesOf } from '../../batch/check-axes.js';
import { unpackSequences } from '../../batch/packed-batch.js';
import { padSequences } from '../../batch/padding.js';
import { CheckedExamples, isPlain, type PlainExamples, type PlainForm } from '../../batch/plain-examples.js';
import type { NamedSequences, PlainSequences } from '../../batch/plain-sequences.js';
import type { Rows } from '../../batch/rows.js';
import { restoreOrder } from '../../batch/sequence-rows.js';
import { requireNumber, requireOneOf } from '../../core/options.js';
import type { Pieces } from '../../core/time-slices.js';
import type { OutputShape } from '../build/build-graph.js';

/**
 * The argument of `predict`: sequences, by name if the network has several inputs; an object with these as `inputs`, such as the one
 * that `fit` and `evaluate` take, whose targets are not read; or a packed batch.
 */
export type PredictInput = PlainSequences | NamedSequences | Pick<PlainExamples, 'inputs'> | Batch;

/** How predictions are computed and returned. */
export interface PredictOptions {
  /** One array for each sequence (`sequences`, the default), or one array of all with padding at the end (`padded`). */
  readonly as?: 'sequences' | 'padded';
  /**
   * Number of sequences that are computed together, integer >= 1; default 64. It changes memory and speed, not the
   * results. A packed batch is computed as it is.
   */
  readonly batch?: number;
  /** Stops the prediction; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Outputs with padding. */
export interface PaddedOutput {
  /** Row-major, with zeros after the end of each sequence. */
  readonly values: Float32Array;
  /** [B] valid rows of each sequence: its steps, 1 for an output per sequence. */
  readonly lengths: Int32Array;
  /** [B, T, outputs], or [B, outputs] for an output per sequence. */
  readonly shape: readonly number[];
}

/** The result of `predict` for an output. */
export type PredictedOutput = Float32Array[] | PaddedOutput;

type Sequences = PlainSequences | NamedSequences;

/** Names of the options, but for `signal`. */
export const PREDICT_OPTIONS = ['as', 'batch'];

/** Number of sequences that are computed together. */
export const AT_ONCE = 64;

/** A batch, and the places of its sequences among those that were given. */
interface PlacedBatch {
  readonly batch: Batch;
  /** Undefined when there is only one batch. */
  readonly indices: Int32Array | undefined;
}

/** A packed batch, or sequences. An input of the network may have the name of one of the fields of a batch. */
function readInput(input: PredictInput, { inputs }: PlainForm): { batch: Batch } | { sequences: Sequences } {
  if (typeof input !== 'object' || input === null || Array.isArray(input) || ArrayBuffer.isView(input)) {
    return { sequences: input as PlainSequences };
  }
  const hasField = (name: string) => name in input && !inputs.has(name);
  if (hasField('inputs') && isPlain(input as Batch | PlainExamples))
    return { sequences: (input as PlainExamples).inputs };
  return ['batchSizes', 'inputs'].some(hasField) ? { batch: input as Batch } : { sequences: input as NamedSequences };
}

/** One call of `predict`: the batches to compute, and their results in the caller's order. */
export class Prediction {
  readonly #outputs: ReadonlyMap<string, OutputShape>;
  readonly #results: ReadonlyMap<string, Float32Array[]>;
  readonly #as: 'sequences' | 'padded';
  readonly #batches: () => Iterable<PlacedBatch>;

  private constructor(
    outputs: ReadonlyMap<string, OutputShape>,
    as: 'sequences' | 'padded',
    batches: () => Iterable<PlacedBatch>,
  ) {
    this.#outputs = outputs;
    this.#results = new Map([...outputs.keys()].map((name) => [name, []]));
    this.#as = as;
    this.#batches = batches;
  }

  /** Reads the input, in pieces. @throws {OptionError} `invalid_option`; others as `CheckedExamples.reading` */
  static *reading(
    outputs: ReadonlyMap<string, OutputShape>,
    form: PlainForm,
    input: PredictInput,
    { as = 'sequences', batch = AT_ONCE }: PredictOptions,
  ): Pieces<Prediction> {
    requireOneOf('as', as, ['sequences', 'padded']);
    const size = requireNumber('batch', batch, { integer: true, min: 1 });
    const read = readInput(input, form);
    if ('batch' in read) return new Prediction(outputs, as, () => [{ batch: read.batch, indices: undefined }]);
    const examples = yield* CheckedExamples.reading(form, read.sequences);
    return new Prediction(outputs, as, () => batchesOf(examples, size));
  }

  /** The batches, longest sequences first: the first one needs the largest program. */
  batches(): Iterable<PlacedBatch> {
    return this.#batches();
  }

  /** Copies the outputs of a batch, which are in packed order, to their places. */
  take({ batch, indices }: PlacedBatch, packed: Readonly<Record<string, Float32Array>>): void {
    for (const [name, shape] of this.#outputs) {
      const results = this.#results.get(name) as Float32Array[];
      const sequences = inOrder(batch, shape, packed[name] as Float32Array);
      for (const [at, rows] of sequences.entries()) results[indices?.[at] ?? at] = rows;
    }
  }

  /** The results by output. */
  results(): Record<string, PredictedOutput> {
    const all = [...this.#results].map(([name, sequences]) => {
      return [name, this.#as === 'padded' ? padded(sequences, this.#outputs.get(name) as OutputShape) : sequences];
    });
    return Object.fromEntries(all);
  }
}

/** Groups examples of similar lengths. */
function* batchesOf(examples: CheckedExamples, size: number): Generator<PlacedBatch> {
  const { count, lengths } = examples;
  const order = Int32Array.from({ length: count }, (_, index) => index).sort(
    (left, right) => (lengths[right] as number) - (lengths[left] as number) || left - right,
  );
  for (let begin = 0; begin < count; begin += size) {
    const indices = order.slice(begin, begin + size);
    yield { batch: examples.pack(indices), indices };
  }
}

/** The rows of each sequence, in the order in which they were packed. */
export function inOrder<R extends Rows>(batch: Batch, { axis, per, columns }: OutputShape, packed: R): R[] {
  const sizes = sizesOf(batch, axis ?? TIME) as AxisSizes;
  if (per === 'step') return unpackSequences(sizes, packed, columns);
  const rows = restoreOrder(sizes, packed, columns);
  return Array.from({ length: rows.length / columns }, (_, at) => rows.slice(at * columns, (at + 1) * columns) as R);
}

function padded(sequences: readonly Float32Array[], { per, columns }: OutputShape): PaddedOutput {
  const count = sequences.length;
  const shapeOf = (steps: number) => (per === 'step' ? [count, steps, columns] : [count, columns]);
  if (count === 0) return { values: new Float32Array(0), lengths: new Int32Array(0), shape: shapeOf(0) };
  const { values, lengths, steps } = padSequences(sequences, { features: columns });
  return { values, lengths, shape: shapeOf(steps) };
}
