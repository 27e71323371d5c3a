import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/batch/batch.js';
import { packExamples } from '../../src/batch/example-packing.js';
import { packSequences } from '../../src/batch/packed-batch.js';
import { Random } from '../../src/core/random.js';
import { SequenceBatches } from '../../src/data/sequence-batches.js';
import { sequential } from '../../src/model/network.js';
import { dense } from '../../src/network/layers/dense.js';
import { gru } from '../../src/network/layers/recurrent.js';
import { adam } from '../../src/network/optimizers/optimizer.js';
import { Trainer } from '../../src/training/trainer.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { encoderDecoder, PAIR_FORM, pairBatch, reversedPairs } from '../model/encoder-decoder-models.js';
import { randomNumbers } from '../model/small-models.js';
import { SEEDS } from '../seeds.js';

const source = (count: number, seed: number) =>
  new SequenceBatches(reversedPairs(count, 6, seed), {
    batch: 8,
    length: ({ previous }) => previous.length,
    pack: (examples) => packExamples(examples, PAIR_FORM),
  });

describe.each(SEEDS)('a trainer of a model of seed %i', (seed) => {
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
      seed,
    });
    expect(model.evaluateSync(batches[0] as Batch).loss).toBeGreaterThan(0.03);
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

  it('trains an encoder-decoder on pairs that are packed anew in every epoch', async () => {
    const optimizer = adam({ learningRate: 0.01 });
    const model = encoderDecoder({ units: 24 }).compileSync({ threads: 1, seed, optimizer });
    const before = model.evaluateSync(pairBatch(reversedPairs(100, 6, 3))).loss;
    const result = await new Trainer(model, { epochs: 4, progress: false, clipNorm: 1 }).fit({
      training: source(400, 1),
      validation: source(100, 3),
    });
    const words = reversedPairs(100, 6, 3).reduce((sum, { words: { length } }) => sum + length, 0);
    expect(result.validation?.tokens).toBe(words);
    expect(result.validation?.perplexity).toBeCloseTo(Math.exp(result.validation?.loss as number), 10);
    expect(result.validation?.loss).toBeLessThan(before / 1.5);
  });

  it('teaches a network to tell sequences apart', async () => {
    // The class is whether the sum of the inputs is positive.
    const batches = Array.from({ length: 48 }, (_, index) => {
      const sequences = [3, 8, 5, 2, 6, 4].map((length, place) => randomNumbers(length, 100 * index + place));
      const sequenceTargets = Int32Array.from(sequences, (sequence) => {
        return sequence.reduce((sum, value) => sum + value, 0) > 0 ? 1 : 0;
      });
      return packSequences(sequences, { sequenceTargets });
    });
    const model = sequential([gru({ units: 6, output: 'last' }), dense({ units: 2 })], { features: 1 }).compileSync({
      threads: 1,
      seed,
    });
    expect(model.evaluateSync(batches[0] as Batch).loss).toBeGreaterThan(0.6);
    const result = await new Trainer(model, { epochs: 12, learningRate: 0.03, progress: false }).fit({
      training: batches.slice(8),
      validation: batches.slice(0, 8),
    });
    expect(result.validation?.tokens).toBe(8 * 6);
    expect(result.validation?.loss).toBeLessThan(0.4); // undecided is log 2
    expect(result.tokens).toBe(12 * 40 * (3 + 8 + 5 + 2 + 6 + 4));
  });
});
