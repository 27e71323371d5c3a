/** Reads a text with a language model, and returns the probabilities of its symbols. */
import { DataError, UsageError } from '../../../core/errors.js';
import type { JsonValue } from '../../../core/json.js';
import { describeValue } from '../../../core/options.js';
import type { Vocabulary } from '../../../data/vocabulary.js';
import type { CarriedState } from '../../../model/execute/carried-state.js';
import type { Model } from '../../../model/model.js';
import { beginningOf } from '../../../model/use/sampling.js';
import { probabilities } from '../../building-blocks/probabilities.js';
import type { TaskStream } from '../../definition/task.js';

/** Number of symbols that are read together. It changes memory and speed, not the result. */
const AT_ONCE = 256;

/** Number of likely next symbols in a result. */
const LIKELY = 5;

/** What a language model says of a text. */
export type TextLikelihood = {
  /** Number of symbols. */
  readonly symbols: number;
  /** Minus the logarithm of the probability of all symbols. */
  readonly nats: number;
  /** Of each symbol; null for an empty text. */
  readonly perplexity: number | null;
  /** The most likely next symbols. */
  readonly next: readonly { readonly symbol: string; readonly probability: number }[];
};

/**
 * Reads a text piece by piece. The result is the likelihood of each piece after those before it, and the most likely
 * next symbols. The text starts after the symbol that a sample starts with: the end of a line.
 */
export class LanguageModelReader implements TaskStream<TextLikelihood> {
  readonly pieces = 'lines';
  readonly #model: Model;
  readonly #vocabulary: Vocabulary;
  readonly #state: CarriedState;
  /** Logits of the next symbol; undefined before anything was read. */
  #next: Float32Array | undefined;
  #closed = false;

  constructor(model: Model, vocabulary: Vocabulary) {
    this.#model = model;
    this.#vocabulary = vocabulary;
    this.#state = model.newState(1);
  }

  /**
   * Reads a text.
   *
   * @throws {DataError} `invalid_row` when it is not a text
   * @throws {VocabularyError} `unknown_symbol`
   */
  async push(piece: JsonValue | Float32Array): Promise<readonly TextLikelihood[]> {
    if (typeof piece !== 'string') {
      throw new DataError('invalid_row', `a piece must be a text, got ${describeValue(piece)}`, { piece });
    }
    return [await this.read(this.#vocabulary.encode(piece))];
  }

  /**
   * Reads symbols.
   *
   * @returns the number of symbols, their likelihood (nats of all, perplexity), and the most likely next symbols
   */
  async read(tokens: Int32Array): Promise<TextLikelihood> {
    if (this.#closed) throw new UsageError('stream_closed', 'the stream has been closed');
    let next = this.#next ?? (await this.#run(Int32Array.of(beginningOf(this.#vocabulary))));
    const { size } = this.#vocabulary;
    let nats = 0;
    for (let begin = 0; begin < tokens.length; begin += AT_ONCE) {
      const some = tokens.subarray(begin, begin + AT_ONCE);
      const logits = await this.#run(some);
      for (const [at, token] of some.entries()) {
        const row = at === 0 ? next : logits.subarray((at - 1) * size, at * size);
        nats += surprise(row, token);
      }
      next = logits.slice(-size);
    }
    this.#next = next;
    return {
      symbols: tokens.length,
      nats,
      perplexity: tokens.length === 0 ? null : Math.exp(nats / tokens.length),
      next: this.#likeliest(next),
    };
  }

  /** There are no results left at the end. */
  async end(): Promise<readonly TextLikelihood[]> {
    return [];
  }

  close(): void {
    this.#closed = true;
  }

  #run(tokens: Int32Array): Promise<Float32Array> {
    const batchSizes = new Int32Array(tokens.length).fill(1);
    return this.#model.predictPacked({ batchSizes, inputs: { input: tokens } }, { state: this.#state });
  }

  #likeliest(logits: Float32Array): TextLikelihood['next'] {
    const likely = probabilities(logits);
    const order = Array.from(likely.keys()).sort((one, other) => (likely[other] ?? 0) - (likely[one] ?? 0));
    return order.slice(0, LIKELY).map((id) => ({
      symbol: this.#vocabulary.decodeSymbol(id),
      probability: likely[id] ?? 0,
    }));
  }
}

/** Minus the logarithm of the probability of a symbol. */
function surprise(logits: Float32Array, token: number): number {
  const most = logits.reduce((largest, value) => Math.max(largest, value), Number.NEGATIVE_INFINITY);
  const sum = logits.reduce((total, value) => total + Math.exp(value - most), 0);
  return most + Math.log(sum) - (logits[token] as number);
}
