/** Vocabulary of characters: Unicode code points. */
import { requireList, requireText } from '../core/arguments.js';
import { compareCodePoints } from '../core/code-points.js';
import { VocabularyError } from '../core/errors.js';
import type { JsonValue } from '../core/json.js';
import { rejectUnknownKeys, requireOneOf } from '../core/options.js';
import { UNKNOWN_MARK } from '../files/text.js';
import { type Normalization, normalizeText, requireNormalization, savedNormalization } from './normalization.js';
import {
  checkVocabularyJson,
  invalidVocabulary,
  symbolAt,
  type Vocabulary,
  type VocabularyJson,
} from './vocabulary.js';

/** The options of making a vocabulary from the characters of a text. */
export interface CharacterVocabularyOptions {
  /**
   * Reserves id 0 for characters that are not in the text. Default false: the vocabulary has exactly the text's own
   * characters. Any other character is then an error, because a symbol for it would never be trained.
   */
  readonly unknown?: boolean;
  /** What is done to every text before it becomes symbols, see `NORMALIZATIONS`. Default `none`. */
  readonly normalization?: Normalization;
}

/** @param position counted in UTF-16 units, as JavaScript indexes strings */
function unknownSymbol(codePoint: number, position: number): VocabularyError {
  const symbol = String.fromCodePoint(codePoint);
  const name = `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`;
  return new VocabularyError(
    'unknown_symbol',
    `character ${JSON.stringify(symbol)} (${name}) at position ${position} is not in the vocabulary`,
    { symbol, position },
  );
}

/**
 * Characters and their ids, in the order of their code points; the unknown mark, if there is one, is id 0.
 *
 * @example CharacterVocabulary.fromText('hello').encode('hole'); // => Int32Array.of(1, 3, 2, 0)
 */
export class CharacterVocabulary implements Vocabulary {
  readonly level = 'char';
  readonly joinedBy = '';
  readonly endOfSentenceId = undefined;
  readonly unknownId: number | undefined;
  readonly size: number;
  readonly #symbols: readonly string[];
  // Id by code point; -1 when there is none. Code points above the basic plane are rare, so they are in a map.
  readonly #basic: Int32Array;
  readonly #astral = new Map<number, number>();

  private constructor(
    symbols: readonly string[],
    unknown: boolean,
    readonly normalization: Normalization,
  ) {
    this.#symbols = symbols;
    this.size = symbols.length;
    this.unknownId = unknown ? 0 : undefined;
    this.#basic = new Int32Array(0x10000).fill(-1);
    for (let id = unknown ? 1 : 0; id < symbols.length; id++) {
      const codePoint = (symbols[id] as string).codePointAt(0) as number;
      if (codePoint > 0xffff) this.#astral.set(codePoint, id);
      else this.#basic[codePoint] = id;
    }
  }

  /**
   * The characters of a text.
   *
   * @throws {OptionError} `unknown_option`, `invalid_option`
   * @throws {VocabularyError} `invalid_vocabulary` when the text is empty
   */
  static fromText(text: string, options: CharacterVocabularyOptions = {}): CharacterVocabulary {
    rejectUnknownKeys('a character vocabulary', options, ['unknown', 'normalization']);
    const unknown = requireOneOf('unknown', options.unknown ?? false, [true, false]);
    const normalization = requireNormalization(options.normalization);
    const normal = normalizeText(requireText('the text', text), normalization);
    const seen = new Uint8Array(0x110000);
    for (let at = 0; at < normal.length; at++) {
      const codePoint = normal.codePointAt(at) as number;
      if (codePoint > 0xffff) at++;
      seen[codePoint] = 1;
    }
    const symbols: string[] = [];
    for (let point = seen.indexOf(1); point >= 0; point = seen.indexOf(1, point + 1)) {
      symbols.push(String.fromCodePoint(point));
    }
    if (symbols.length === 0) throw invalidVocabulary('the text has no characters');
    return new CharacterVocabulary(unknown ? [UNKNOWN_MARK, ...symbols] : symbols, unknown, normalization);
  }

  /**
   * The vocabulary that `toJSON` wrote.
   *
   * @throws {VocabularyError} `invalid_vocabulary`
   */
  static fromJSON(json: JsonValue | VocabularyJson): CharacterVocabulary {
    const { symbols, unknown, normalization } = checkVocabularyJson(json, 'char');
    const first = unknown ? 1 : 0;
    if (unknown && symbols[0] !== UNKNOWN_MARK) throw invalidVocabulary(`symbol 0 must be '${UNKNOWN_MARK}'`);
    for (let id = first; id < symbols.length; id++) {
      const symbol = symbols[id] as string;
      const before = id > first ? (symbols[id - 1] as string) : '';
      if (symbol === '' || symbol.length !== String.fromCodePoint(symbol.codePointAt(0) as number).length) {
        throw invalidVocabulary(`symbol ${id} must be one character, got ${JSON.stringify(symbol)}`);
      }
      if (compareCodePoints(before, symbol) >= 0) throw invalidVocabulary(`symbol ${id} is out of order`);
    }
    return new CharacterVocabulary([...symbols], unknown, requireNormalization(normalization));
  }

  /** @inheritdoc */
  encode(given: string): Int32Array {
    const text = normalizeText(requireText('the text', given), this.normalization);
    const ids = new Int32Array(text.length);
    let count = 0;
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      let id = this.#basic[unit] as number;
      let codePoint = unit;
      if (unit >= 0xd800 && unit <= 0xdbff) {
        codePoint = text.codePointAt(at) as number;
        if (codePoint > 0xffff) id = this.#astral.get(codePoint) ?? -1;
      }
      if (id < 0) {
        if (this.unknownId === undefined) throw unknownSymbol(codePoint, at);
        id = this.unknownId;
      }
      if (codePoint > 0xffff) at++;
      ids[count++] = id;
    }
    return count === ids.length ? ids : ids.slice(0, count);
  }

  /** @inheritdoc */
  decode(ids: ArrayLike<number>): string {
    let text = '';
    requireList('ids', ids);
    for (let at = 0; at < ids.length; at++) text += this.decodeSymbol(ids[at] as number);
    return text;
  }

  /** @inheritdoc The unknown mark reads U+FFFD, the replacement character. */
  decodeSymbol(id: number): string {
    return id === this.unknownId ? '\ufffd' : this.symbolOf(id);
  }

  /** @inheritdoc */
  idOf(symbol: string): number | undefined {
    if (requireText('a symbol', symbol) === UNKNOWN_MARK) return this.unknownId;
    const codePoint = symbol.codePointAt(0);
    if (codePoint === undefined || String.fromCodePoint(codePoint) !== symbol) return undefined;
    if (codePoint > 0xffff) return this.#astral.get(codePoint);
    const id = this.#basic[codePoint] as number;
    return id < 0 ? undefined : id;
  }

  /** @inheritdoc */
  symbolOf(id: number): string {
    return symbolAt(this.#symbols, id);
  }

  /** @inheritdoc */
  toJSON(): VocabularyJson {
    const { level, unknownId, normalization } = this;
    return { level, unknown: unknownId !== undefined, symbols: this.#symbols, ...savedNormalization(normalization) };
  }
}
