/** Vocabulary of bytes: the 256 values of the UTF-8 encoding, with which every text can be written. */

import { requireList, requireText } from '../core/arguments.js';
import { RangeIndexError, VocabularyError } from '../core/errors.js';
import type { JsonValue } from '../core/json.js';
import { describeValue } from '../core/options.js';
import {
  checkVocabularyJson,
  invalidVocabulary,
  symbolAt,
  type Vocabulary,
  type VocabularyJson,
} from './vocabulary.js';

// Bytes below 0x80 are complete characters. The others are parts of characters, and their names are their values.
const SYMBOLS: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte < 0x80 ? String.fromCharCode(byte) : `<0x${byte.toString(16).toUpperCase()}>`,
);

const IDS: ReadonlyMap<string, number> = new Map(SYMBOLS.map((symbol, id) => [symbol, id]));

/**
 * Bytes: id and byte are the same number. No text has unknown symbols, and every text is restored exactly from its ids.
 *
 * @example new ByteVocabulary().encode('aé'); // => Int32Array.of(97, 195, 169)
 */
export class ByteVocabulary implements Vocabulary {
  readonly level = 'byte';
  readonly size = 256;
  readonly joinedBy = '';
  readonly unknownId: number | undefined = undefined;
  readonly endOfSentenceId: number | undefined = undefined;

  /**
   * The vocabulary that `toJSON` wrote.
   *
   * @throws {VocabularyError} `invalid_vocabulary`
   */
  static fromJSON(json: JsonValue | VocabularyJson): ByteVocabulary {
    const { symbols, unknown } = checkVocabularyJson(json, 'byte');
    if (unknown) throw invalidVocabulary('unknown must be false for bytes');
    if (symbols.length !== 256) throw invalidVocabulary(`there are 256 bytes, got ${symbols.length} symbols`);
    const wrong = SYMBOLS.findIndex((symbol, id) => symbols[id] !== symbol);
    if (wrong >= 0) throw invalidVocabulary(`symbol ${wrong} must be ${JSON.stringify(SYMBOLS[wrong])}`);
    return new ByteVocabulary();
  }

  /**
   * @inheritdoc
   *
   * @throws {VocabularyError} `unknown_symbol` for half of a surrogate pair, which is no character and has no UTF-8
   */
  encode(text: string): Int32Array {
    const lone = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.exec(
      requireText('the text', text),
    );
    if (lone !== null) {
      const [symbol] = lone;
      const name = `U+${symbol.charCodeAt(0).toString(16).toUpperCase()}`;
      const message = `half a surrogate pair (${name}) at position ${lone.index} cannot be written as UTF-8`;
      throw new VocabularyError('unknown_symbol', message, { symbol, position: lone.index });
    }
    return Int32Array.from(new TextEncoder().encode(text));
  }

  /** @inheritdoc Bytes that are not UTF-8, as a model may draw them, read U+FFFD, the replacement character. */
  decode(ids: ArrayLike<number>): string {
    const bytes = Uint8Array.from(requireList('ids', ids), (id) => this.#byteOf(id));
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  }

  /** @inheritdoc A byte of a longer character reads U+FFFD: only `decode` puts them together. */
  decodeSymbol(id: number): string {
    return this.#byteOf(id) < 0x80 ? this.symbolOf(id) : '\ufffd';
  }

  /** @inheritdoc */
  idOf(symbol: string): number | undefined {
    return IDS.get(symbol);
  }

  /** @inheritdoc A character below U+0080, or `<0xC3>`. */
  symbolOf(id: number): string {
    return symbolAt(SYMBOLS, id);
  }

  /** @inheritdoc */
  toJSON(): VocabularyJson {
    return { level: this.level, unknown: false, symbols: SYMBOLS };
  }

  #byteOf(id: number): number {
    if (Number.isInteger(id) && id >= 0 && id < 256) return id;
    throw new RangeIndexError('index_out_of_range', `id ${describeValue(id)} is outside the 256 bytes`, {
      id,
      size: 256,
    });
  }
}
