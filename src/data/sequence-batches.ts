/** Makes batches of similar lengths from sequences of any lengths, new ones in every epoch. */

import type { Batch } from '../batch/batch.js';
import {
  PACKING_OPTIONS,
  type SequenceExample,
  SequencePacking,
  type SequencePackingOptions,
} from '../batch/sequence-packing.js';
import { checksumOf } from '../core/checksum.js';
import { DataError, OptionError } from '../core/errors.js';
import type { JsonObject } from '../core/json.js';
import { describeValue, rejectUnknownKeys, requireNumber, requireOneOf } from '../core/options.js';
import { Random } from '../core/random.js';
import { BatchPlan, type BatchRule } from './batch-plan.js';
import { type EpochOrder, type Examples, examplesOfArray } from './examples.js';

/** How examples become batches. Exactly one of `batch` and `tokens` must be given. */
export interface SequenceBatchesOptions<E = SequenceExample> extends SequencePackingOptions {
  /** Sequences in a batch; the last batch of an epoch may have fewer, and two where a trained model needs that. Integer >= 1. */
  readonly batch?: number;
  /** Instead: the largest number of valid steps of a batch, as `length` counts them. Integer >= 1. */
  readonly tokens?: number;
  /**
   * Number of batches in a pool, within which examples are sorted by length. More batches give more even lengths; fewer
   * give more random batches. With 1 batches are fully random. Integer >= 1, or `all`; default 100.
   */
  readonly pool?: number | 'all';
  /** Other batches in another order in every epoch of training. Default true; validation never shuffles. */
  readonly shuffle?: boolean;
  /** The treatment of an example with more steps than `tokens`: a batch by itself, or an error. Default `alone`. */
  readonly overlong?: 'alone' | 'error';
  /** Steps of an example of an array, integer >= 1. Default: those of its `input`. */
  readonly length?: (example: E) => number;
  /** Makes a batch, for examples of another form than `SequenceExample`. `indices` are the numbers of the examples. */
  readonly pack?: (examples: readonly E[], indices: Int32Array) => Batch;
}

export type { EpochOrder } from './examples.js';

const BATCHES = ['batch', 'tokens', 'pool', 'shuffle', 'overlong', 'length', 'pack'];

/**
 * A source of batches. Examples are shuffled, grouped into batches of similar lengths and packed, again in every epoch.
 * The same seed and epoch always give the same batches, so a resumed run continues with the next batch. Iterating it
 * gives the batches in a fixed order, as validation reads them. Memory besides the examples: 8 bytes for each.
 *
 * @example
 * const training = new SequenceBatches(examples, { batch: 32 });
 * const validation = new SequenceBatches(held, { batch: 64 });
 * await new Trainer(model, { epochs: 10 }).fit({ training, validation });
 */
export class SequenceBatches<E = SequenceExample> implements AsyncIterable<Batch> {
  /** Number of examples. */
  readonly examples: number;
  /** Steps of all examples together. */
  readonly steps: number;
  /** Steps of the longest example. */
  readonly longest: number;
  readonly #rule: BatchRule;
  readonly #shuffle: boolean;
  readonly #overlong: string;
  readonly #lengths: Int32Array;
  readonly #examples: Examples<E>;
  readonly #pack: (examples: readonly E[], indices: Int32Array) => Batch;
  #fixedPlan: BatchPlan | undefined;

  /**
   * @param examples an array, or another source of examples, such as `FileExamples`
   * @throws {OptionError} `invalid_option`, `unknown_option`
   * @throws {DataError} `empty_data` when there is no example, or one has no step; `mixed_examples`; `too_long` with
   *   `overlong: 'error'`
   * @throws {ShapeError} `shape_mismatch`, `length_mismatch`, naming the example
   */
  constructor(examples: readonly E[] | Examples<E>, options: SequenceBatchesOptions<E>) {
    rejectUnknownKeys('sequence batches', options, [...BATCHES, ...PACKING_OPTIONS]);
    this.#rule = checkRule(options);
    this.#shuffle = requireOneOf('shuffle', options.shuffle ?? true, [true, false]);
    this.#overlong = requireOneOf('overlong', options.overlong ?? 'alone', ['alone', 'error']);
    const { examples: own, pack } = readerOf(examples, options);
    this.#examples = own;
    this.#pack = pack;
    this.#lengths = lengthsOf(own);
    this.examples = this.#lengths.length;
    this.steps = this.#lengths.reduce((sum, length) => sum + length, 0);
    this.longest = this.#lengths.reduce((longest, length) => Math.max(longest, length), 0);
    this.#refuseOverlong(this.#lengths);
  }

  #refuseOverlong(lengths: Int32Array): void {
    const { limit, size } = this.#rule;
    if (this.#overlong !== 'error' || limit !== 'tokens') return;
    const index = lengths.findIndex((length) => length > size);
    if (index < 0) return;
    const length = lengths[index] as number;
    const message = `example ${index} has ${length} steps, more than the ${size} of a batch`;
    throw new DataError('too_long', message, { index, length, tokens: size });
  }

  async #batchOf(examples: Examples<E>, indices: Int32Array): Promise<Batch> {
    const chosen = await examples.read(indices);
    if (chosen.length === indices.length) return this.#pack(chosen, indices);
    const message = `${indices.length} examples were asked for, but ${chosen.length} were read`;
    throw new DataError('too_short', message, { expected: indices.length, actual: chosen.length });
  }

  /** The examples of an epoch and their lengths; they change from epoch to epoch when examples are drawn again. */
  #examplesOf(order?: EpochOrder): { readonly examples: Examples<E>; readonly lengths: Int32Array } {
    const drawn = order && this.#examples.inEpoch?.(order);
    if (drawn === undefined) return { examples: this.#examples, lengths: this.#lengths };
    const lengths = lengthsOf(drawn);
    if (lengths.length !== this.examples) {
      const message = `an epoch has ${lengths.length} examples, expected ${this.examples} as in every other epoch`;
      throw new DataError('too_short', message, { expected: this.examples, actual: lengths.length });
    }
    this.#refuseOverlong(lengths);
    return { examples: drawn, lengths };
  }

  #isRandom(order: 'training' | 'fixed'): boolean {
    return order === 'training' && this.#shuffle;
  }

  #plan(lengths: Int32Array, shortestAlone: number, order?: EpochOrder): BatchPlan {
    const rule = { ...this.#rule, shortestAlone };
    if (order !== undefined && this.#isRandom('training')) {
      return new BatchPlan(lengths, rule, new Random(order.seed, `shuffle/${order.epoch}`));
    }
    if (lengths !== this.#lengths || shortestAlone > 1) return new BatchPlan(lengths, rule);
    this.#fixedPlan ??= new BatchPlan(lengths, rule);
    return this.#fixedPlan;
  }

  /** @throws {DataError} `too_few_rows` for an example that may not be a batch by itself and is one */
  #refuseAlone(plan: BatchPlan, lengths: Int32Array, shortestAlone: number): void {
    const index = plan.aloneBelow(shortestAlone, lengths);
    if (index === undefined) return;
    const steps = lengths[index] as number;
    const { limit, size } = this.#rule;
    const help = limit === 'batch' && size === 1 ? "give a larger 'batch'" : 'give more examples';
    const message = `example ${index} (${steps} steps) is a batch by itself, but a layer of the model needs several rows to be trained: ${help}`;
    throw new DataError('too_few_rows', message, { index, steps });
  }

  /**
   * Number of batches in an epoch; undefined when it differs between epochs: in training with `tokens` and several
   * pools, or when examples are drawn again.
   *
   * @param shortestAlone as in `batches`
   */
  batchesPerEpoch(order: 'training' | 'fixed', shortestAlone = 1): number | undefined {
    const { limit, size, pool } = this.#rule;
    if (limit === 'batch') {
      // Of batches of two the last one joins the one before.
      const isJoined = shortestAlone > 1 && size === 2 && this.examples > 1;
      return isJoined ? Math.floor(this.examples / size) : Math.ceil(this.examples / size);
    }
    if (order === 'training' && this.#examples.inEpoch !== undefined) return undefined;
    // One pool of all examples is sorted to the same lengths after any shuffling.
    return this.steps <= size * pool || !this.#isRandom(order)
      ? this.#plan(this.#lengths, shortestAlone).batches
      : undefined;
  }

  /**
   * What must be the same in a resumed run: the options, and the facts about the examples that are known without
   * reading them.
   */
  describe(order: 'training' | 'fixed'): JsonObject {
    const { limit, size, pool } = this.#rule;
    return {
      kind: 'sequences',
      examples: this.examples,
      steps: this.steps,
      longest: this.longest,
      lengths: checksumOf(this.#lengths),
      [limit]: size,
      pool: pool === Number.POSITIVE_INFINITY ? 'all' : pool,
      shuffled: this.#isRandom(order),
    };
  }

  /**
   * Checksums of the contents of the examples by field, which must be the same in a resumed run, too; undefined where
   * the examples do not have any. Examples in memory are all read.
   */
  contents(): JsonObject | undefined {
    return this.#examples.contents?.();
  }

  /**
   * The batches of an epoch.
   *
   * @param order seed and epoch of the order; without them it is the fixed order
   * @param skip number of batches to skip at the start, integer >= 0: they are neither read nor packed
   * @param shortestAlone steps of the shortest example that may be a batch by itself, Infinity where none may; a trainer gives what
   *   its model needs. The last batch of an epoch, or one that `tokens` leaves with one such example, then takes an example
   *   of the batch before, or joins it, beyond the limit if need be.
   * @throws {DataError} `too_few_rows` before the first batch where that is not possible: with one example, or `batch: 1`
   */
  async *batches(order?: EpochOrder, skip = 0, shortestAlone = 1): AsyncGenerator<Batch, void, void> {
    const first = requireNumber('skip', skip, { integer: true, min: 0 });
    const { examples, lengths } = this.#examplesOf(order);
    const plan = this.#plan(lengths, shortestAlone, order);
    this.#refuseAlone(plan, lengths, shortestAlone);
    for (let place = first; place < plan.batches; place++) yield await this.#batchOf(examples, plan.examplesOf(place));
  }

  /** All batches in the fixed order. */
  [Symbol.asyncIterator](): AsyncIterator<Batch> {
    return this.batches();
  }
}

function checkRule({ batch, tokens, pool = 100 }: SequenceBatchesOptions<never>): BatchRule {
  if ((batch === undefined) === (tokens === undefined)) {
    const message = `exactly one of the options 'batch' and 'tokens' must be given, got ${batch === undefined ? 'neither' : 'both'}`;
    throw new OptionError('invalid_option', message, { name: 'batch', batch, tokens });
  }
  const limit = batch === undefined ? 'tokens' : 'batch';
  const size = requireNumber(limit, batch ?? tokens, { integer: true, min: 1 });
  if (pool === 'all') return { limit, size, pool: Number.POSITIVE_INFINITY };
  return { limit, size, pool: requireNumber('pool', pool, { integer: true, min: 1 }) };
}

/** Examples and the function that packs them, for any form of examples. */
function readerOf<E>(
  given: readonly E[] | Examples<E>,
  options: SequenceBatchesOptions<E>,
): { examples: Examples<E>; pack: (examples: readonly E[], indices: Int32Array) => Batch } {
  for (const name of ['length', 'pack'] as const) {
    if (options[name] !== undefined && typeof options[name] !== 'function') invalid(name, 'a function', options[name]);
  }
  const useless = PACKING_OPTIONS.find((name) => options.pack !== undefined && name in options);
  if (useless !== undefined) invalid(useless, "left out where 'pack' makes the batches", 'it');
  const packing = new SequencePacking(options);
  const pack = options.pack ?? ((examples, indices) => packing.pack(examples as readonly SequenceExample[], indices));
  if (!Array.isArray(given)) {
    const { count, lengthOf, read, contents } = given as Partial<Examples<E>>;
    const isUsable = Number.isSafeInteger(count) && typeof lengthOf === 'function' && typeof read === 'function';
    if (contents !== undefined && typeof contents !== 'function') invalid('contents', 'a function', contents);
    if (!isUsable) invalid('examples', 'an array, or have count, lengthOf and read', given);
    if (options.length !== undefined) invalid('length', 'left out: these examples know their lengths', 'a function');
    return { examples: given as Examples<E>, pack };
  }
  const length = options.length ?? ((example: E, index: number) => packing.stepsOf(example as SequenceExample, index));
  const examples = examplesOfArray<E>(given, length);
  if (options.pack !== undefined) return { examples, pack };
  // All errors that a later batch could cause are found here, before training.
  const sequences = given as readonly SequenceExample[];
  for (const [index, example] of sequences.entries()) packing.stepsOf(example, index);
  packing.requireAlike(sequences, (place) => place);
  return { examples, pack };
}

function invalid(name: string, expected: string, value: unknown): never {
  const message = `option '${name}' must be ${expected}, got ${describeValue(value)}`;
  throw new OptionError('invalid_option', message, { name });
}

function lengthsOf(examples: Examples<unknown>): Int32Array {
  if (examples.count < 1) throw new DataError('empty_data', 'there are no examples');
  const lengths = new Int32Array(examples.count);
  for (let index = 0; index < lengths.length; index++) {
    const length = examples.lengthOf(index);
    if (length === 0) throw new DataError('empty_data', `example ${index} has no steps`, { index });
    lengths[index] = requireNumber(`length of example ${index}`, length, { integer: true, min: 1, max: 2 ** 31 - 1 });
  }
  return lengths;
}
