/** Symbols of transcripts as labels of connectionist temporal classification. */
import { requireList, requireText } from '../core/arguments.js';
import { compareCodePoints } from '../core/code-points.js';
import { VocabularyError } from '../core/errors.js';
import { describeValue } from '../core/options.js';
import { wordsOf } from '../files/text.js';

/** The kind of symbol of a label. */
export type TranscriptLevel = 'characters' | 'words';

/** The label of no symbol. */
export const BLANK = 0;

/** Symbols and their labels 1..n in the order of their code points; label 0 is the blank. Immutable. */
export class TranscriptSymbols {
  readonly level: TranscriptLevel;
  readonly symbols: readonly string[];
  readonly #labels: ReadonlyMap<string, number>;

  /** @param symbols each once */
  constructor(level: TranscriptLevel, symbols: readonly string[]) {
    this.level = level;
    requireList('the symbols', symbols);
    this.symbols = Array.from(symbols, (symbol) => requireText('a symbol', symbol));
    this.#labels = new Map(this.symbols.map((symbol, at) => [symbol, at + 1]));
  }

  /** The symbols of texts. For characters the space is always included, so that texts can be joined. */
  static of(level: TranscriptLevel, texts: readonly string[]): TranscriptSymbols {
    requireList('the texts', texts);
    const all = texts.flatMap((text) => piecesOf(level, requireText('a text', text)));
    return new TranscriptSymbols(level, [...new Set(all)].sort(compareCodePoints));
  }

  /** Number of labels including the blank. */
  get classes(): number {
    return this.symbols.length + 1;
  }

  /** The separator of two symbols in a text. */
  get joinedBy(): '' | ' ' {
    return this.level === 'words' ? ' ' : '';
  }

  /** Labels of a text. @throws {VocabularyError} `unknown_symbol` with the symbol and its position among the symbols */
  encode(text: string): Int32Array {
    return Int32Array.from(piecesOf(this.level, text), (symbol, position) => {
      const label = this.#labels.get(symbol);
      if (label !== undefined) return label;
      const message = `symbol ${describeValue(symbol)} at position ${position} does not occur in the training texts`;
      throw new VocabularyError('unknown_symbol', message, { symbol, position });
    });
  }

  /** Labels of the symbols of a text that have one, and the symbols that have none. */
  encodeKnown(text: string): { readonly labels: Int32Array; readonly unknown: readonly string[] } {
    const pieces = piecesOf(this.level, text);
    const labels = pieces.flatMap((symbol) => this.#labels.get(symbol) ?? []);
    return { labels: Int32Array.from(labels), unknown: pieces.filter((symbol) => !this.#labels.has(symbol)) };
  }

  /** Text of labels without blanks. */
  decode(labels: readonly number[]): string {
    return labels.map((label) => this.symbols[label - 1] as string).join(this.joinedBy);
  }
}

function piecesOf(level: TranscriptLevel, text: string): string[] {
  return level === 'words' ? wordsOf(text) : [...text];
}
