/** The naive rules of captions: what is written most often, and what is written under a similar picture. */
import { Bleu } from '../../../metrics/bleu.js';
import type { NaiveRule, NaiveRules, Pace } from '../../definition/naive-rule.js';
import { type Part, partExamples } from '../../definition/parts.js';
import type { CaptionExample } from './caption-data.js';
import { byPicture } from './caption-decoding.js';

type Captions = Part<CaptionExample>;
type Say = (example: CaptionExample, pace: Pace) => Promise<readonly string[]>;

async function examplesIn(part: Captions): Promise<CaptionExample[]> {
  const all: CaptionExample[] = [];
  for await (const example of partExamples(part)) all.push(example);
  return all;
}

function ruleOf(name: string, learn: () => Promise<Say>): NaiveRule<Captions> {
  return {
    name,
    async judge(part, pace) {
      const say = await learn();
      const bleu = new Bleu();
      for (const captions of byPicture(await examplesIn(part)).values()) {
        const references = captions.map(({ tokens }) => tokens);
        bleu.add(await say(captions[0] as CaptionExample, pace), references);
        await pace();
      }
      return { bleu: bleu.value ?? 0 };
    },
  };
}

function mostFrequent(training: Captions): NaiveRule<Captions> {
  return ruleOf('most frequent caption', async () => {
    const counts = new Map<string, { count: number; readonly tokens: readonly string[] }>();
    for (const { tokens } of await examplesIn(training)) {
      const text = tokens.join(' ');
      const found = counts.get(text) ?? { count: 0, tokens };
      found.count += 1;
      counts.set(text, found);
    }
    const [first] = [...counts.values()].sort((a, b) => b.count - a.count);
    return () => Promise.resolve(first?.tokens ?? []);
  });
}

/** Squared distance of two pictures; infinite when they are not of one size. */
function distance(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += ((a[at] as number) - (b[at] as number)) ** 2;
  return sum;
}

function mostSimilar(training: Captions): NaiveRule<Captions> {
  return ruleOf('caption of the most similar picture', async () => {
    const known = Array.from(byPicture(await examplesIn(training)).values(), ([first]) => first as CaptionExample);
    return async ({ patches }, pace) => {
      let [nearest, smallest] = [known[0], Number.POSITIVE_INFINITY];
      for (const each of known) {
        const found = distance(each.patches, patches);
        if (found < smallest) [nearest, smallest] = [each, found];
        await pace();
      }
      return nearest?.tokens ?? [];
    };
  });
}

/** The rules that learn from these captions. They are compared by BLEU. */
export function captionRules(training: Captions): NaiveRules<Captions> {
  return {
    rules: [mostFrequent(training), mostSimilar(training)],
    score: ({ bleu }) => 1 - Number(bleu),
    describe: ({ bleu }) => `BLEU ${(100 * Number(bleu)).toFixed(2)} %`,
    advice:
      'more --epochs, more --rows and --columns of patches, features of a network in place of pictures, or more pictures',
  };
}
