/** A user's subword tokenizer as a vocabulary. */
import { createHash } from 'node:crypto';
import { OptionError, RangeIndexError, VocabularyError } from '../core/errors.js';
import { isJsonObject, type JsonValue } from '../core/json.js';
import { describeValue, rejectUnknownKeys, requireNumber } from '../core/options.js';
import { invalidVocabulary, type Vocabulary, type VocabularyJson } from './vocabulary.js';

/** The interface of a tokenizer of any kind: byte pair encoding, unigram pieces, or others. */
export interface SubwordTokenizer {
  /** Number of pieces: ids are 0 .. size-1. Integer >= 1. */
  readonly size: number;
  /** Ids of the pieces of a text. */
  encode(text: string): ArrayLike<number>;
  /** Text of ids. */
  decode(ids: number[]): string;
}

/** Facts that the tokenizer itself does not have. */
export interface TokenizerVocabularyOptions {
  /** Id of the piece for symbols that the tokenizer cannot encode. Default: there is none. */
  readonly unknownId?: number;
  /** Id of the mark of the end of a sentence. Default: there is none. */
  readonly endOfSentenceId?: number;
}

/**
 * A tokenizer between texts and ids. A tokenizer is code, which JSON cannot contain. So a saved vocabulary has only its
 * fingerprint, and the caller passes the tokenizer when the model is loaded (`vocabularyFromJSON(json, { tokenizer
 * })`).
 *
 * @example
 * const vocabulary = new TokenizerVocabulary({
 *   size: bpe.vocabSize,
 *   encode: (text) => bpe.encode(text),
 *   decode: (ids) => bpe.decode(ids),
 * });
 */
export class TokenizerVocabulary implements Vocabulary {
  readonly level = 'subword';
  readonly joinedBy = '';
  readonly size: number;
  readonly unknownId: number | undefined;
  readonly endOfSentenceId: number | undefined;
  readonly #tokenizer: SubwordTokenizer;
  #fingerprint: string | undefined;

  /** @throws {OptionError} `invalid_option`, `unknown_option` */
  constructor(tokenizer: SubwordTokenizer, options: TokenizerVocabularyOptions = {}) {
    rejectUnknownKeys('a tokenizer vocabulary', options, ['unknownId', 'endOfSentenceId']);
    if (typeof tokenizer?.encode !== 'function' || typeof tokenizer.decode !== 'function') {
      const message = `the tokenizer must have encode, decode and size, got ${describeValue(tokenizer)}`;
      throw new OptionError('invalid_option', message, { name: 'tokenizer' });
    }
    this.size = requireNumber('size', tokenizer.size, { integer: true, min: 1, max: 2 ** 31 - 1 });
    const mark = (name: 'unknownId' | 'endOfSentenceId') =>
      options[name] === undefined
        ? undefined
        : requireNumber(name, options[name], { integer: true, min: 0, max: this.size - 1 });
    this.unknownId = mark('unknownId');
    this.endOfSentenceId = mark('endOfSentenceId');
    this.#tokenizer = tokenizer;
  }

  /**
   * The vocabulary that `toJSON` wrote, with the tokenizer of its fingerprint.
   *
   * @throws {VocabularyError} `invalid_vocabulary`; `vocabulary_mismatch` when it is another tokenizer
   * @throws {OptionError} `invalid_option` when it is not a tokenizer
   */
  static fromJSON(json: JsonValue | VocabularyJson, tokenizer: SubwordTokenizer): TokenizerVocabulary {
    const saved = isJsonObject(json as JsonValue) ? (json as { tokenizer?: JsonValue }).tokenizer : undefined;
    if (!isJsonObject(saved)) throw invalidVocabulary(`it names no tokenizer, got ${describeValue(saved)}`);
    const { size, fingerprint, unknownId, endOfSentenceId } = saved;
    const isMark = (id: unknown) => id === null || (typeof id === 'number' && Number.isInteger(id) && id >= 0);
    if (typeof size !== 'number' || typeof fingerprint !== 'string' || !isMark(unknownId) || !isMark(endOfSentenceId)) {
      throw invalidVocabulary(`the description of the tokenizer is not valid, got ${describeValue(saved)}`);
    }
    const requireSame = (what: 'size' | 'fingerprint', actual: JsonValue) => {
      if (actual === saved[what]) return;
      const message = `the tokenizer does not fit: its ${what} is ${actual}, the model was trained with ${saved[what]}`;
      throw new VocabularyError('vocabulary_mismatch', message, { what, expected: saved[what], actual });
    };
    requireSame('size', new TokenizerVocabulary(tokenizer).size);
    const vocabulary = new TokenizerVocabulary(tokenizer, {
      ...(typeof unknownId === 'number' && { unknownId }),
      ...(typeof endOfSentenceId === 'number' && { endOfSentenceId }),
    });
    requireSame('fingerprint', vocabulary.#pieces);
    return vocabulary;
  }

  /**
   * @inheritdoc Errors of the tokenizer are passed on.
   *
   * @throws {VocabularyError} `invalid_vocabulary` when the tokenizer returns ids outside its size
   */
  encode(text: string): Int32Array {
    const ids = this.#tokenizer.encode(text);
    if (!Number.isSafeInteger(ids?.length))
      throw invalidVocabulary(`encode returned ${describeValue(ids)}, expected ids`);
    return Int32Array.from(ids, (id, place) => {
      if (Number.isInteger(id) && id >= 0 && id < this.size) return id;
      throw invalidVocabulary(`encode returned ${describeValue(id)} at place ${place}, expected 0..${this.size - 1}`);
    });
  }

  /** @inheritdoc */
  decode(ids: ArrayLike<number>): string {
    return this.#tokenizer.decode(Array.from(ids, (id) => this.#checked(id)));
  }

  /** @inheritdoc The piece alone. When pieces are parts of characters, only `decode` joins them. */
  decodeSymbol(id: number): string {
    return this.symbolOf(id);
  }

  /** @inheritdoc The id of a text that is a single piece. */
  idOf(symbol: string): number | undefined {
    const ids = this.encode(symbol);
    const [id] = ids;
    return ids.length === 1 && id !== undefined && this.symbolOf(id) === symbol ? id : undefined;
  }

  /** @inheritdoc */
  symbolOf(id: number): string {
    return this.#tokenizer.decode([this.#checked(id)]);
  }

  /** @inheritdoc The symbols are not part of the JSON; the tokenizer has them. */
  toJSON(): VocabularyJson {
    const { level, size, unknownId = null, endOfSentenceId = null } = this;
    const tokenizer = { size, fingerprint: this.#pieces, unknownId, endOfSentenceId };
    return { level, unknown: unknownId !== null, symbols: [], tokenizer };
  }

  /** Fingerprint of the texts of all pieces. */
  get #pieces(): string {
    if (this.#fingerprint !== undefined) return this.#fingerprint;
    const hash = createHash('sha256');
    for (let id = 0; id < this.size; id++) hash.update(`${JSON.stringify(this.symbolOf(id))}\n`);
    this.#fingerprint = hash.digest('hex');
    return this.#fingerprint;
  }

  #checked(id: number): number {
    if (Number.isInteger(id) && id >= 0 && id < this.size) return id;
    const message = `id ${id} is outside the vocabulary of ${this.size} symbols`;
    throw new RangeIndexError('index_out_of_range', message, { id, size: this.size });
  }
}
