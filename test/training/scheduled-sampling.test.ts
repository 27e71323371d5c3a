import { describe, expect, it } from 'vitest';
import { largestClasses } from '../../src/metrics/confusion-matrix.js';
import { scheduledSampling } from '../../src/training/scheduled-sampling.js';
import { encoderDecoder, pairBatch, raggedPairs, SYMBOLS } from '../model/encoder-decoder-models.js';

describe('scheduled sampling', () => {
  const batch = pairBatch(raggedPairs());
  const before = batch.inputs['previous'] as Int32Array;
  const sequences = batch.batchSizes[0] as number;
  const options = { input: 'previous', seed: 3, step: 5 };

  it('puts in place of each symbol what the model says in the step before of the same sequence', async () => {
    const model = encoderDecoder().compileSync({ threads: 1, seed: 4 });
    const said = largestClasses(await model.predictPacked(batch), SYMBOLS);
    const mixed = (await scheduledSampling(model, batch, { ...options, rate: 1 })).inputs['previous'] as Int32Array;
    const starts = Array.from(batch.batchSizes, (_, step) =>
      batch.batchSizes.subarray(0, step).reduce((sum, size) => sum + size, 0),
    );
    for (const [step, start] of starts.entries()) {
      for (let place = 0; place < (batch.batchSizes[step] as number); place++) {
        const expected = step === 0 ? before[place] : said[(starts[step - 1] as number) + place];
        expect(mixed[start + place]).toBe(expected);
      }
    }
    expect(mixed).not.toEqual(before);
  });

  it('leaves the batch as it was, its first symbols, and all of it at a rate of 0', async () => {
    const model = encoderDecoder().compileSync({ threads: 1, seed: 4 });
    const copy = before.slice();
    const mixed = await scheduledSampling(model, batch, { ...options, rate: 1 });
    expect(batch.inputs['previous']).toEqual(copy);
    expect((mixed.inputs['previous'] as Int32Array).slice(0, sequences)).toEqual(before.slice(0, sequences));
    expect([mixed.inputs['source'], mixed.targets]).toEqual([batch.inputs['source'], batch.targets]);
    expect(await scheduledSampling(model, batch, { ...options, rate: 0 })).toBe(batch);
    const wrong = scheduledSampling(model, batch, { ...options, rate: 1.5 });
    await expect(wrong).rejects.toMatchObject({ code: 'invalid_option' });
  });

  it('replaces the same symbols for the same seed and step, as many as the rate says', async () => {
    const many = pairBatch(Array.from({ length: 40 }, (_, seed) => raggedPairs(seed)).flat());
    const given = many.inputs['previous'] as Int32Array;
    // A model that says nothing but a symbol that no pair holds.
    const model = {
      outputs: SYMBOLS + 1,
      predictPacked: async () =>
        Float32Array.from({ length: given.length * (SYMBOLS + 1) }, (_, at) => +(at % 9 === 8)),
    };
    const mix = async (more: object) => {
      const mixed = await scheduledSampling(model as never, many, { ...options, rate: 0.3, ...more });
      return mixed.inputs['previous'] as Int32Array;
    };
    const mixed = await mix({});
    const free = given.length - (many.batchSizes[0] as number);
    const replaced = mixed.filter((id) => id === SYMBOLS).length / free;
    expect(Math.abs(replaced - 0.3)).toBeLessThan(4 * Math.sqrt((0.3 * 0.7) / free));
    expect(await mix({})).toEqual(mixed);
    expect(await mix({ step: 6 })).not.toEqual(mixed);
    expect(await mix({ seed: 4 })).not.toEqual(mixed);
  });
});
