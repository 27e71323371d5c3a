/** The naive rules of music: how often keys sound. */
import type { SequenceExample } from '../../../batch/sequence-packing.js';
import { PIANO_KEYS } from '../../../files/piano-pieces.js';
import { KeyLikelihood } from '../../../metrics/key-likelihood.js';
import type { NaiveRule, NaiveRules } from '../../definition/naive-rule.js';
import { type Part, partExamples } from '../../definition/parts.js';
import { controlOdds, type SavedMusic } from './music-data.js';

function ruleOf(name: string, saved: SavedMusic, control: Parameters<typeof controlOdds>[2]): NaiveRule<Part> {
  return {
    name,
    async judge(part, pace) {
      const likelihood = new KeyLikelihood();
      for await (const example of partExamples<SequenceExample>(part)) {
        likelihood.add(example.target as Float32Array, controlOdds(example, saved, control), PIANO_KEYS);
        await pace();
      }
      return { nats: likelihood.value ?? null };
    },
  };
}

/** The frequencies of keys, and each key by its own last frame. */
export function musicRules(saved: SavedMusic): NaiveRules<Part> {
  return {
    rules: [ruleOf('key frequencies', saved, 'memoryless'), ruleOf('each key by its last frame', saved, 'ownKey')],
    score: ({ nats }) => Number(nats),
    describe: ({ nats }) => `nats per frame ${Number(nats).toFixed(3)}`,
    advice: 'more --epochs, a smaller --learning-rate, or more pieces',
  };
}
