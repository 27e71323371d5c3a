/** The naive rules of language models: n-grams. */
import type { TokenStreams } from '../../../data/streams.js';
import type { NaiveRule, NaiveRules } from '../../definition/naive-rule.js';
import { NGramModel } from '../../naive/n-gram-model.js';

/** The length of the n-grams by the level of symbols: what is usual for texts of some megabytes. */
const ORDERS = { char: 6, byte: 6, word: 3 } as const;

/** A rule that counts n-grams of the training part; with order 1 the frequencies of symbols. */
function ruleOf(name: string, training: TokenStreams, symbols: number, order: number): NaiveRule<TokenStreams> {
  const model = new NGramModel({ symbols, order });
  let hasLearnt = false;
  return {
    name,
    async judge(part, pace) {
      for (let index = 0; index < training.batch && !hasLearnt; index++) {
        for (const _ of model.learning(training.stream(index))) await pace();
      }
      hasLearnt = true;
      let sum = 0;
      for (let index = 0; index < part.batch; index++) {
        for (const nats of model.judging(part.stream(index))) {
          sum += nats;
          await pace();
        }
      }
      const loss = sum / part.predictions;
      return { loss, perplexity: Math.exp(loss), bitsPerToken: loss / Math.LN2, tokens: part.predictions };
    },
  };
}

/**
 * Frequencies of symbols, and n-grams with Kneser-Ney smoothing.
 *
 * @param symbols size of the vocabulary
 * @param describe the metrics for people
 */
export function languageModelRules(
  training: TokenStreams,
  level: keyof typeof ORDERS,
  symbols: number,
  describe: NonNullable<NaiveRules['describe']>,
): NaiveRules<TokenStreams> {
  const order = ORDERS[level];
  return {
    rules: [
      ruleOf('frequencies of symbols', training, symbols, 1),
      ruleOf(`${order}-grams, Kneser-Ney`, training, symbols, order),
    ],
    describe,
    advice: 'more text, --auto 300, which compares other structures, or another --dropout',
  };
}
