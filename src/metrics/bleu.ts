/** BLEU: how many n-grams of a translation occur in its references. */
import { requireList } from '../core/arguments.js';
import { DataError, OptionError, ShapeError } from '../core/errors.js';
import { describeValue, rejectUnknownKeys, requireNumber, requireOneOf } from '../core/options.js';

/**
 * The value of a precision without a match. `none`: 0, so that the score is 0, too. `add-k`: k is added to both counts
 * from bigrams on (Lin and Och 2004). `exp`: the i-th such precision becomes 1 / (2^i * n-grams) (NIST's mteval).
 */
export type BleuSmoothing = 'none' | 'add-k' | 'exp';

/** Options of `Bleu`. */
export interface BleuOptions {
  /** Longest n-grams. Integer >= 1; default 4. */
  readonly order?: number;
  /** Default `none`. */
  readonly smoothing?: BleuSmoothing;
  /** The k of `add-k`, > 0; default 1. */
  readonly k?: number;
  /** Leaves out orders for which the hypotheses are too short, as is usual for single sentences. Default false. */
  readonly effectiveOrder?: boolean;
}

/** A token: a word, or an id. */
export type Token = string | number;

function countNgrams(tokens: readonly Token[], order: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let begin = 0; begin + order <= tokens.length; begin++) {
    // JSON separates words with any content, and distinguishes the word "1" from the id 1.
    const ngram = JSON.stringify(tokens.slice(begin, begin + order));
    counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
  }
  return counts;
}

/** Length of the reference that is closest to the hypothesis; the shorter one of two equally close ones. */
function closestLength(length: number, references: readonly (readonly Token[])[]): number {
  return references
    .map((reference) => reference.length)
    .reduce((best, other) => {
      const gain = Math.abs(best - length) - Math.abs(other - length);
      return gain > 0 || (gain === 0 && other < best) ? other : best;
    });
}

function requireTokens(name: string, tokens: unknown): void {
  if (Array.isArray(tokens)) return;
  throw new OptionError('invalid_option', `${name} must be a list of tokens, got ${describeValue(tokens)}`, { name });
}

/**
 * BLEU of a corpus, in [0, 1]: the geometric mean of the clipped n-gram precisions of all hypotheses together, times
 * exp(1 - r / c) when their length c is below the length r of the closest references. Tokens are compared as they are.
 *
 * @see Papineni, Roukos, Ward, Zhu, "BLEU: a method for automatic evaluation of machine translation", 2002; agrees with
 *   sacreBLEU and NLTK (test/metrics/bleu.test.ts)
 * @example
 * const bleu = new Bleu();
 * for (const { hypothesis, references } of corpus) bleu.add(hypothesis, references);
 * bleu.value;
 */
export class Bleu {
  readonly #order: number;
  readonly #smoothing: BleuSmoothing;
  readonly #k: number;
  readonly #effectiveOrder: boolean;
  /** For n-grams of 1..order: the matches (each n-gram at most as often as in a reference), and all n-grams. */
  readonly #matches: number[];
  readonly #totals: number[];
  #hypothesisLength = 0;
  #referenceLength = 0;

  /** @throws {OptionError} `invalid_option`, `unknown_option` */
  constructor(options: BleuOptions = {}) {
    rejectUnknownKeys('Bleu', options, ['order', 'smoothing', 'k', 'effectiveOrder']);
    this.#order = requireNumber('order', options.order ?? 4, { integer: true, min: 1, max: 100 });
    this.#smoothing = requireOneOf('smoothing', options.smoothing ?? 'none', ['none', 'add-k', 'exp']);
    this.#k = requireNumber('k', options.k ?? 1, { exclusiveMin: 0 });
    this.#effectiveOrder = requireOneOf('effectiveOrder', options.effectiveOrder ?? false, [false, true]);
    this.#matches = new Array<number>(this.#order).fill(0);
    this.#totals = new Array<number>(this.#order).fill(0);
  }

  /**
   * Adds one hypothesis and all of its references.
   *
   * @throws {DataError} `empty_data` when there is no reference
   * @throws {OptionError} `invalid_option` when one of them is not a list
   */
  add(hypothesis: readonly Token[], references: readonly (readonly Token[])[]): void {
    requireTokens('the hypothesis', hypothesis);
    requireTokens('references', references);
    if (references.length === 0) throw new DataError('empty_data', 'a hypothesis has no reference');
    for (const [index, reference] of references.entries()) requireTokens(`reference ${index}`, reference);
    this.#hypothesisLength += hypothesis.length;
    this.#referenceLength += closestLength(hypothesis.length, references);
    for (let order = 1; order <= this.#order; order++) {
      const allowed = references.map((reference) => countNgrams(reference, order));
      let matches = 0;
      for (const [ngram, count] of countNgrams(hypothesis, order)) {
        matches += Math.min(count, Math.max(...allowed.map((counts) => counts.get(ngram) ?? 0)));
      }
      this.#matches[order - 1] = (this.#matches[order - 1] as number) + matches;
      this.#totals[order - 1] = (this.#totals[order - 1] as number) + Math.max(0, hypothesis.length - order + 1);
    }
  }

  /** The precision of n-grams of 1..order, smoothed; NaN when no hypothesis is long enough. */
  get precisions(): readonly number[] {
    let withoutMatch = 0;
    return this.#matches.map((matches, index) => {
      const added = this.#smoothing === 'add-k' && index > 0 ? this.#k : 0;
      const total = (this.#totals[index] as number) + added;
      if (total === 0) return Number.NaN;
      if (matches + added > 0 || this.#smoothing !== 'exp') return (matches + added) / total;
      withoutMatch++;
      return 1 / (2 ** withoutMatch * total);
    });
  }

  /**
   * The brevity penalty: exp(1 - r / c) for hypotheses that are shorter than their references, else 1; 0 for empty
   * ones.
   */
  get brevityPenalty(): number {
    if (this.#hypothesisLength >= this.#referenceLength) return 1;
    return this.#hypothesisLength === 0 ? 0 : Math.exp(1 - this.#referenceLength / this.#hypothesisLength);
  }

  /** Tokens of all hypotheses. */
  get hypothesisLength(): number {
    return this.#hypothesisLength;
  }

  /** Tokens of the closest reference of every hypothesis. */
  get referenceLength(): number {
    return this.#referenceLength;
  }

  /** The score in [0, 1]; 0 when nothing matches, with any smoothing. Undefined before anything was added. */
  get value(): number | undefined {
    if (this.#referenceLength === 0 && this.#hypothesisLength === 0) return undefined;
    if (this.#matches.every((matches) => matches === 0)) return 0;
    const all = this.precisions;
    const precisions = this.#effectiveOrder ? all.filter((precision) => !Number.isNaN(precision)) : all;
    if (precisions.some((precision) => Number.isNaN(precision) || precision === 0)) return 0;
    const logarithms = precisions.reduce((sum, precision) => sum + Math.log(precision), 0);
    return this.brevityPenalty * Math.exp(logarithms / precisions.length);
  }
}

/**
 * BLEU of a corpus in one call.
 *
 * @param references of every hypothesis, one or more
 * @throws {ShapeError} `length_mismatch` when the numbers of lists of references and hypotheses differ
 * @throws {DataError} `empty_data` when there is no hypothesis, or one has no reference
 */
export function corpusBleu(
  hypotheses: readonly (readonly Token[])[],
  references: readonly (readonly (readonly Token[])[])[],
  options: BleuOptions = {},
): number {
  for (const list of [hypotheses, references]) requireList('a list of sentences', list);
  if (hypotheses.length !== references.length) {
    const message = `there are ${hypotheses.length} hypotheses, but references for ${references.length}`;
    throw new ShapeError('length_mismatch', message, { hypotheses: hypotheses.length, references: references.length });
  }
  if (hypotheses.length === 0) throw new DataError('empty_data', 'there are no hypotheses');
  const bleu = new Bleu(options);
  for (const [index, hypothesis] of hypotheses.entries()) {
    bleu.add(hypothesis, references[index] as readonly (readonly Token[])[]);
  }
  return bleu.value ?? 0;
}

/**
 * BLEU of one sentence. Without smoothing it is 0 for every sentence without a 4-gram of its references.
 *
 * @throws as `corpusBleu`
 */
export function sentenceBleu(
  hypothesis: readonly Token[],
  references: readonly (readonly Token[])[],
  options: BleuOptions = {},
): number {
  return corpusBleu([hypothesis], [references], options);
}
