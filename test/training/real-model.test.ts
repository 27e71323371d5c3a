import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packSequences } from '../../src/batch/packed-batch.js';
import { Random } from '../../src/core/random.js';
import { characterStreams } from '../../src/data/corpus.js';
import { sequential } from '../../src/model/network.js';
import { dense } from '../../src/network/layers/dense.js';
import { embedding } from '../../src/network/layers/embedding.js';
import { gru, lstm } from '../../src/network/layers/recurrent.js';
import { adam } from '../../src/network/optimizers/optimizer.js';
import { Trainer } from '../../src/training/trainer.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { smallText } from '../cli/small-text.js';

describe('a compiled model', () => {
  it('learns from packed sequences of different lengths, shuffled in every epoch', async () => {
    // The target of each step is the mean of the inputs so far.
    const random = new Random(4, 'sequences');
    const batches = Array.from({ length: 12 }, () => {
      const inputs = Array.from({ length: 6 }, () =>
        Float32Array.from({ length: 2 + random.integer(9) }, () => random.uniform()),
      );
      const targets = inputs.map((values) =>
        values.map((_, t) => values.subarray(0, t + 1).reduce((sum, value) => sum + value, 0) / (t + 1)),
      );
      return packSequences(inputs, { targets });
    });
    const model = await sequential([gru({ units: 12 }), dense({ units: 1 })], { features: 1 }).compile({
      loss: 'meanSquaredError',
      optimizer: adam({ learningRate: 0.01 }),
      threads: 1,
    });
    const directory = temporaryDirectory();
    const options = { epochs: 12, directory, progress: false, checkpointEvery: 1000 } as const;
    const result = await new Trainer(model, options).fit({
      training: batches.slice(2),
      validation: batches.slice(0, 2),
    });
    expect(result.validation?.loss).toBeLessThan(0.01);
    expect(result.validation).not.toHaveProperty('perplexity');
    const [line = ''] = readFileSync(join(directory, 'metrics.jsonl'), 'utf8').split('\n');
    expect(JSON.parse(line)).not.toHaveProperty('perplexity');
    model.dispose();
  });

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
