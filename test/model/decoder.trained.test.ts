import { describe, expect, it } from 'vitest';
import { packExamples } from '../../src/batch/example-packing.js';
import { beamSearch } from '../../src/decoding/beam-search.js';
import type { Model } from '../../src/model/model.js';
import { adam } from '../../src/network/optimizers/optimizer.js';
import { SEEDS } from '../seeds.js';
import {
  BEGIN,
  captioner,
  END,
  encoderDecoder,
  type Pair,
  pairBatch,
  reversedPairs,
  SYMBOLS,
} from './encoder-decoder-models.js';

const search = { vocabulary: SYMBOLS, begin: BEGIN, end: END } as const;

/** How many of the pairs beam search gives the whole target of, all at once. */
async function rightOf(model: Model, pairs: readonly Pair[]): Promise<number> {
  const decoder = await model.decoder(pairBatch(pairs), { input: 'previous' });
  const found = await beamSearch(decoder.step, { ...search, beams: 3, maxLength: 8, sentences: decoder.sentences });
  return found.filter(([best], index) => {
    return best?.symbols.join() === [...(pairs[index] as Pair).source].reverse().join();
  }).length;
}

describe('an encoder-decoder', () => {
  const held = reversedPairs(100, 5, 10_000);

  it.each([
    ...SEEDS.map((seed) => [seed, 'gru', 'general', { score: 'general' }] as const),
    [1, 'lstm', 'additive', { score: 'additive', units: 16 }],
  ] as const)(
    'of seed %i, %s cells and %s scores learns to reverse what it has not seen',
    async (seed, cell, _, attention) => {
      const model = encoderDecoder({ cell, attention, units: 24 }).compileSync({
        threads: 1,
        seed,
        optimizer: adam({ learningRate: 0.01 }),
      });
      expect(await rightOf(model, held)).toBeLessThan(10);
      for (let step = 0; step < 500; step++) {
        model.trainStepSync(pairBatch(reversedPairs(32, 5, step)), { clipNorm: 1 });
      }
      expect(model.evaluateSync(pairBatch(held)).loss).toBeLessThan(0.2); // ln 8 untrained
      expect(await rightOf(model, held)).toBeGreaterThan(80);
      model.dispose();
    },
  );
});

const PICTURES = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
] as const;
const SAID = [[2, 3, 4, 5], [6], [7, 7]] as const;
const CAPTION_FORM = {
  inputs: { picture: { per: 'sequence', width: 3 }, previous: {} },
  targets: { target: { field: 'words' } },
} as const;
const captions = PICTURES.map((picture, index) => ({
  picture: Float32Array.from(picture),
  previous: Int32Array.of(BEGIN, ...(SAID[index] as readonly number[])),
  words: Int32Array.of(...(SAID[index] as readonly number[]), END),
}));

describe('a network of a picture and its caption', () => {
  it.each(SEEDS)('learns captions and says them again, from seed %i', async (seed) => {
    const model = captioner().compileSync({ threads: 1, seed, optimizer: adam({ learningRate: 0.02 }) });
    const batch = packExamples(
      [2, 0, 1].map((index) => captions[index] as never),
      CAPTION_FORM,
    );
    for (let step = 0; step < 150; step++) model.trainStepSync(batch);
    expect(model.evaluateSync(batch).loss).toBeLessThan(0.05);
    const inputs = { picture: Float32Array.from(PICTURES.flat()) };
    const decoder = await model.decoder({ inputs }, { input: 'previous' });
    expect(decoder.sentences).toBe(3);
    const options = { ...search, beams: 2, maxLength: 6, sentences: 3 };
    const found = await beamSearch(decoder.step, options);
    expect(found.map(([best]) => [...(best?.symbols ?? [])])).toEqual(SAID);
    // The order of a packed batch says which picture is whose.
    const packed = await model.decoder(batch, { input: 'previous' });
    const turned = await beamSearch(packed.step, options);
    expect(turned.map(([best]) => [...(best?.symbols ?? [])])).toEqual([2, 0, 1].map((index) => SAID[index]));
  });
});
