import { describe, expect, it } from 'vitest';
import { packExamples } from '../../src/batch/example-packing.js';
import { SequenceBatches } from '../../src/data/sequence-batches.js';
import type { Model } from '../../src/model/model.js';
import { network } from '../../src/model/network.js';
import { attention } from '../../src/network/layers/attention.js';
import { dense, dropout } from '../../src/network/layers/dense.js';
import { embedding } from '../../src/network/layers/embedding.js';
import { concatenate } from '../../src/network/layers/layers.js';
import { gru } from '../../src/network/layers/recurrent.js';
import { adam } from '../../src/network/optimizers/optimizer.js';
import { Trainer } from '../../src/training/trainer.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { PAIR_FORM, reversedPairs, SYMBOLS } from '../model/encoder-decoder-models.js';
import { imageOf } from '../model/small-models.js';

/** With noise on both axes, and weights for two losses. */
const noisy = (): Model =>
  network({
    inputs: {
      source: { kind: 'indices', size: SYMBOLS, axis: 'source' },
      previous: { kind: 'indices', size: SYMBOLS },
    },
    nodes: [
      { name: 'read', layer: embedding({ size: SYMBOLS, units: 6 }), inputs: ['source'] },
      { name: 'dropped', layer: dropout({ rate: 0.2, perSequence: true }), inputs: ['read'] },
      { name: 'encoder', layer: gru({ units: 6, zoneout: 0.1, recurrentDropout: 0.1 }), inputs: ['dropped'] },
      { name: 'embedding', layer: embedding({ size: SYMBOLS, units: 6 }), inputs: ['previous'] },
      {
        name: 'decoder',
        layer: gru({ units: 6, zoneout: 0.1 }),
        inputs: ['embedding'],
        states: { h_l0: 'encoder.h_l0' },
      },
      { name: 'context', layer: attention({ score: 'dot' }), inputs: ['decoder', 'encoder'] },
      { name: 'joined', layer: concatenate(), inputs: ['decoder', 'context', 'encoder.h_l0'] },
      { name: 'words', layer: dense({ units: SYMBOLS, initializer: 'xavier' }), inputs: ['joined'] },
      { name: 'again', layer: dense({ units: SYMBOLS }), inputs: ['encoder'] },
    ],
    outputs: { target: 'words', copy: 'again' },
  }).compileSync({
    losses: { target: 'softmaxCrossEntropy', copy: 'softmaxCrossEntropy' },
    lossWeights: { copy: 0.5 },
    optimizer: adam({ learningRate: 0.01 }),
    threads: 1,
    seed: 7,
  });

const noisySource = (count: number, seed: number) =>
  new SequenceBatches(reversedPairs(count, 6, seed), {
    batch: 8,
    length: ({ previous }) => previous.length,
    pack: (examples) => {
      const copy = { field: 'source', axis: 'source' };
      return packExamples(examples, { ...PAIR_FORM, targets: { ...PAIR_FORM.targets, copy } });
    },
  });

describe('a trainer', () => {
  it('with noise and two losses, aborted and resumed within an epoch, ends bit for bit like one that was not', async () => {
    const data = { training: noisySource(60, 1), validation: noisySource(20, 2) };
    const options = { epochs: 3, clipNorm: 1, progress: false, validateEvery: 5, checkpointEvery: 3 } as const;
    const whole = noisy();
    const expected = await new Trainer(whole, { ...options, directory: temporaryDirectory() }).fit(data);

    const directory = temporaryDirectory();
    const controller = new AbortController();
    const callbacks = { onStep: ({ step }: { step: number }) => void (step === 11 && controller.abort('stop')) };
    const aborted = new Trainer(noisy(), { ...options, directory, callbacks, signal: controller.signal }).fit(data);
    await expect(aborted).rejects.toBe('stop');
    const resumed = noisy();
    const result = await new Trainer(resumed, { ...options, directory, resume: true }).fit(data);
    expect(imageOf(resumed)).toEqual(imageOf(whole));
    expect(result.validation).toEqual(expected.validation);
    expect(expected.validation).not.toHaveProperty('perplexity');
  });

  it('does not resume a run whose losses had other weights', async () => {
    const directory = temporaryDirectory();
    const options = { epochs: 1, progress: false, directory } as const;
    const data = { training: noisySource(16, 1) };
    await new Trainer(noisy(), options).fit(data);
    const { description, optimizer, seed } = noisy();
    const other = network(description).compileSync({
      losses: { target: 'softmaxCrossEntropy', copy: 'softmaxCrossEntropy' },
      optimizer,
      seed,
      threads: 1,
    });
    const resumed = new Trainer(other, { ...options, resume: true }).fit(data);
    await expect(resumed).rejects.toMatchObject({ code: 'configuration_mismatch' });
  });
});
