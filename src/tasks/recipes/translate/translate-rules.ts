/** The naive rules of translation: the source itself, and what a similar sentence was translated as. */
import { Bleu } from '../../../metrics/bleu.js';
import type { NaiveRule, NaiveRules, Pace } from '../../definition/naive-rule.js';
import { type Part, partExamples } from '../../definition/parts.js';
import type { TranslationExample } from './translate-data.js';

type Pairs = Part<TranslationExample>;
type Tokens = readonly string[];

/** A rule that translates each source sentence by a function that it has learnt. */
function ruleOf(name: string, learn: (pace: Pace) => Promise<(source: Tokens) => Tokens>): NaiveRule<Pairs> {
  return {
    name,
    async judge(part, pace) {
      const translate = await learn(pace);
      const bleu = new Bleu();
      for await (const { tokens } of partExamples(part)) {
        bleu.add(translate(tokens.source), [tokens.target]);
        await pace();
      }
      return { bleu: bleu.value ?? 0 };
    },
  };
}

const copy = ruleOf('copy of the source', () => Promise.resolve((source) => source));

/** The training pairs by the words of their sources. */
class SimilarSentences {
  readonly #pairs: { readonly source: ReadonlySet<string>; readonly target: Tokens }[] = [];
  readonly #byWord = new Map<string, number[]>();

  add({ source, target }: { readonly source: Tokens; readonly target: Tokens }): void {
    const words = new Set(source);
    for (const word of words) {
      const pairs = this.#byWord.get(word) ?? [];
      if (pairs.length === 0) this.#byWord.set(word, pairs);
      pairs.push(this.#pairs.length);
    }
    this.#pairs.push({ source: words, target });
  }

  /** The translation of the sentence that shares most: rare words count more, and words of only one of both against it. */
  translate(source: Tokens): Tokens {
    const words = new Set(source);
    const shared = new Map<number, number>();
    for (const word of words) {
      const pairs = this.#byWord.get(word) ?? [];
      if (pairs.length > this.#pairs.length * COMMON) continue;
      const weight = Math.log(1 + this.#pairs.length / pairs.length);
      for (const pair of pairs) shared.set(pair, (shared.get(pair) ?? 0) + weight);
    }
    let [best, most] = [0, 0];
    for (const [pair, weight] of shared) {
      const similarity = weight / Math.sqrt((this.#pairs[pair]?.source.size ?? 0) + words.size);
      if (similarity > most) [best, most] = [pair, similarity];
    }
    return this.#pairs[best]?.target ?? [];
  }
}

/** A word that stands in more than this part of all sentences says nothing of their likeness. */
const COMMON = 0.2;

function mostSimilar(training: Pairs): NaiveRule<Pairs> {
  return ruleOf('translation of the most similar sentence', async (pace) => {
    const sentences = new SimilarSentences();
    for await (const { tokens } of partExamples(training)) {
      sentences.add(tokens);
      await pace();
    }
    return (source) => sentences.translate(source);
  });
}

/** The rules that learn from these pairs. */
export function translationRules(training: Pairs): NaiveRules<Pairs> {
  return {
    rules: [copy, mostSimilar(training)],
    describe: ({ bleu }) => `BLEU ${(100 * Number(bleu)).toFixed(2)}`,
    advice: 'more --epochs, more pairs, --level byte where words are rare, or a larger --min-count',
  };
}
