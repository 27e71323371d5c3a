import { describe, expect, it } from 'vitest';
import { packExamples } from '../../src/batch/example-packing.js';
import { unpackSequences } from '../../src/batch/packed-batch.js';
import { ctcGreedyDecode } from '../../src/decoding/ctc-greedy.js';
import { sequential } from '../../src/model/network.js';
import { dense } from '../../src/network/layers/dense.js';
import { gru } from '../../src/network/layers/recurrent.js';
import { adam } from '../../src/network/optimizers/optimizer.js';
import { SEEDS } from '../seeds.js';
import { CLASSES, unaligned } from './unaligned-labels.js';

const FORM = {
  inputs: { input: { field: 'frames', width: CLASSES } },
  targets: { target: { field: 'target', axis: 'output/labels' } },
} as const;

describe('a CTC loss', () => {
  it.each(SEEDS)('teaches labels from frames that no one has aligned, from seed %i', (seed) => {
    const model = sequential([gru({ units: 12 }), dense({ units: CLASSES })], { features: CLASSES }).compileSync({
      loss: { kind: 'ctc' },
      optimizer: adam({ learningRate: 0.02 }),
      threads: 1,
      seed,
    });
    const held = unaligned(60, 10_000);
    const batch = packExamples(held, FORM);
    const right = () =>
      unpackSequences(batch, model.predictPackedSync(batch), CLASSES)
        .map((scores) => ctcGreedyDecode({ scores, classes: CLASSES }).map(({ label }) => label))
        .filter((labels, index) => labels.join() === held[index]?.labels.join()).length;
    expect(right()).toBeLessThan(20);
    for (let step = 0; step < 150; step++) model.trainStepSync(packExamples(unaligned(24, step), FORM));
    const { loss, targets } = model.evaluateSync(batch);
    expect(loss).toBeLessThan(0.1);
    expect(targets).toBe(60);
    expect(right()).toBeGreaterThan(50);
  });
});
