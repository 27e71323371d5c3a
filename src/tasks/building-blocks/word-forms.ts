/** The forms of words: capitals, digits and last letters, by which words outside a vocabulary are read. */
import { normalizeText } from '../../data/normalization.js';
import type { WordVocabulary } from '../../data/word-vocabulary.js';

/** Words that must have a form before it is a symbol of its own: what one word has says nothing of others. */
const LEAST_WORDS = 3;
/** Last characters that forms have, from the most particular. */
const ENDINGS = [4, 3, 2, 1] as const;

/** How a word is written: `Aa` for a capital and others, `A` for capitals alone, `a`, `0` for digits, `-` for hyphens within. */
function shapeOf(word: string): string {
  const isUpper = word !== word.toLowerCase();
  const isLower = word !== word.toUpperCase();
  const isFirstUpper = /^\p{Lu}/u.test(word);
  const letters = [
    ...(isFirstUpper ? ['A'] : []),
    ...(isLower ? ['a'] : []),
    ...(isUpper && !isFirstUpper ? ['A'] : []),
  ];
  const marks = [...(/\p{Nd}/u.test(word) ? ['0'] : []), ...(/.-./u.test(word) ? ['-'] : [])];
  return [...letters, ...marks].join('');
}

/**
 * The forms of a word, the most particular one first: `Moscow` has `Aa…scow`, `Aa…cow`, `Aa…ow`, `Aa…w` and `Aa`.
 */
export function formsOf(word: string): string[] {
  const shape = shapeOf(word);
  const letters = [...word.toLowerCase()];
  const endings = ENDINGS.filter((length) => letters.length > length).map((length) => letters.slice(-length).join(''));
  return [...endings.map((ending) => `${shape}…${ending}`), shape];
}

/** The forms that all words of a form have, besides it: those of shorter endings, and the shape. */
export function lessParticular(form: string): string[] {
  const mark = form.indexOf('…');
  if (mark < 0) return [];
  const [shape, letters] = [form.slice(0, mark), [...form.slice(mark + 1)]];
  const shorter = ENDINGS.filter((length) => length < letters.length);
  return [...shorter.map((length) => `${shape}…${letters.slice(-length).join('')}`), shape];
}

/** The forms that several words have, in the order in which they are met. */
export function commonForms(words: Iterable<string>): string[] {
  const counts = new Map<string, number>();
  for (const word of words) for (const form of formsOf(word)) counts.set(form, (counts.get(form) ?? 0) + 1);
  return [...counts].filter(([, count]) => count >= LEAST_WORDS).map(([form]) => form);
}

/** Ids of words by their forms, behind those of a vocabulary. */
export class WordForms {
  readonly #ids: ReadonlyMap<string, number>;
  readonly #vocabulary: WordVocabulary;

  /** @param forms in the order of their ids */
  constructor(vocabulary: WordVocabulary, forms: readonly string[]) {
    this.#vocabulary = vocabulary;
    this.#ids = new Map(forms.map((form, at) => [form, vocabulary.size + at]));
  }

  /** The id of the most particular form that there is; that of the unknown word for none. */
  idOf(word: string): number {
    const form = formsOf(word).find((each) => this.#ids.has(each));
    return form === undefined ? this.#vocabulary.unknownId : (this.#ids.get(form) as number);
  }

  /** Ids of tokens: their own, or those of their forms. */
  encode(tokens: readonly string[]): Int32Array {
    const ids = this.#vocabulary.encodeTokens(tokens);
    const { unknownId, normalization } = this.#vocabulary;
    return ids.map((id, at) => (id === unknownId ? this.idOf(normalizeText(tokens[at] as string, normalization)) : id));
  }
}
