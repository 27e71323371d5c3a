/** The naive rules of the task `transcribe`: texts that need no sound. */
import type { JsonObject } from '../../../core/json.js';
import { wordsOf } from '../../../files/text.js';
import { ErrorRate } from '../../../metrics/error-rate.js';
import type { NaiveRule, NaiveRules } from '../../definition/naive-rule.js';
import type { Utterances } from './transcribe-data.js';
import { rateLine } from './transcribe-scores.js';

/** The same text for every sound. */
function sameText(name: string, guess: string): NaiveRule<Utterances> {
  const guessed = { words: wordsOf(guess), characters: [...guess] };
  return {
    name,
    async judge({ texts }, pace): Promise<JsonObject> {
      const rates = { words: new ErrorRate(), characters: new ErrorRate() };
      for (const text of texts) {
        await pace();
        rates.words.add(wordsOf(text), guessed.words);
        rates.characters.add([...text], guessed.characters);
      }
      const { words, characters } = rates;
      return { beam: { wordErrorRate: words.value ?? null, characterErrorRate: characters.value ?? null } };
    },
  };
}

/** The text that occurs most often, the first of several. */
function mostFrequent(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  let [found, most] = ['', 0];
  for (const [text, count] of counts) if (count > most) [found, most] = [text, count];
  return found;
}

/** The most frequent text of the training part for every sound, and no text at all, whose word error rate is 100 %. */
export function textRules({ training }: { readonly training: Utterances }): NaiveRules<Utterances> {
  return {
    rules: [sameText('one text for all', mostFrequent(training.texts)), sameText('no text', '')],
    describe: ({ beam }) => rateLine(beam as JsonObject),
    advice:
      'more recordings, more --epochs, --normalize utterance, --symbols characters or words, or a smaller --learning-rate',
  };
}
