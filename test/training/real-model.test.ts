import { describe, expect, it } from 'vitest';
import { characterStreams } from '../../src/data/corpus.js';
import { sequential } from '../../src/model/network.js';
import { dense } from '../../src/network/layers/dense.js';
import { embedding } from '../../src/network/layers/embedding.js';
import { lstm } from '../../src/network/layers/recurrent.js';
import { adam } from '../../src/network/optimizers/optimizer.js';
import { Trainer } from '../../src/training/trainer.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { smallText } from '../cli/small-text.js';

describe('a compiled model', () => {
  it('with dropout, aborted and resumed within an epoch, ends bit for bit like one that was not', async () => {
    const corpus = characterStreams(smallText(120), { batch: 4, steps: 12, validation: 0.1 });
    const compile = () =>
      sequential([
        embedding({ size: corpus.vocabulary.size, units: 6 }),
        lstm({ units: 10, layers: 2, dropout: 0.3 }),
        dense({ units: corpus.vocabulary.size }),
      ]).compile({ optimizer: adam({ learningRate: 0.01 }), seed: 5, threads: 1 });
    const weights = (model: Awaited<ReturnType<typeof compile>>) =>
      [...model.parameters.values()].flatMap(({ data }) => [...data]);
    const options = { epochs: 2, clipNorm: 1, progress: false, validateEvery: 20, keep: 'last' } as const;

    const whole = await compile();
    const expected = await new Trainer(whole, { ...options, directory: temporaryDirectory() }).fit(corpus);

    const directory = temporaryDirectory();
    const controller = new AbortController();
    const callbacks = { onStep: ({ step }: { step: number }) => void (step === 33 && controller.abort('stop')) };
    const first = new Trainer(await compile(), { ...options, directory, callbacks, signal: controller.signal });
    await expect(first.fit(corpus)).rejects.toBe('stop');
    const resumed = await compile();
    const result = await new Trainer(resumed, { ...options, directory, resume: true }).fit(corpus);
    expect(weights(resumed)).toEqual(weights(whole));
    expect(result.validation).toEqual(expected.validation);
    expect(result.trainingLoss).toBe(expected.trainingLoss);
  });
});
