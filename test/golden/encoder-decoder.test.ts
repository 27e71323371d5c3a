import { describe, expect, it } from 'vitest';
import { unpackSequences } from '../../src/batch/packed-batch.js';
import type { Model } from '../../src/model/model.js';
import { sgd } from '../../src/network/optimizers/optimizer.js';
import { encoderDecoder, pairBatch, pairOf, SYMBOLS } from '../model/encoder-decoder-models.js';
import { tolerance } from '../oracle/tolerance.js';
import { expectAgreement } from './agreement.js';
import { type Golden, loadGoldens } from './load.js';

function modelOf(golden: Golden<'encoderDecoder'>): Model {
  const { cell, scores, units, width, learningRate } = golden.options;
  const attention = scores === 'additive' ? { score: scores, units: width } : { score: scores };
  const model = encoderDecoder({ cell, units, attention }).compileSync({
    threads: 2,
    optimizer: sgd({ learningRate }),
  });
  const weights = golden.under('weight/');
  expect([...weights.keys()].sort()).toEqual([...model.parameters.keys()].sort());
  for (const [name, { shape, data }] of weights) {
    expect(model.parameters.get(name)?.shape, name).toEqual(shape);
    model.parameters.get(name)?.data.set(data);
  }
  model.parametersChanged();
  return model;
}

describe.each(loadGoldens('encoderDecoder').map((golden) => [golden.name, golden] as const))('%s', (_, golden) => {
  const { sources, targets } = golden.options;
  const pairs = sources.map((source, index) => pairOf(source, targets[index] as readonly number[]));
  const batch = pairBatch(pairs);
  const steps = Math.max(...sources.map(({ length }) => length)) + Math.max(...targets.map(({ length }) => length)) + 1;
  const terms = batch.batchSizes.reduce((sum, alive) => sum + alive, 0);
  const relative = (backward: boolean) => tolerance({ terms, steps, backward });

  it('gives the logits of PyTorch for every pair', () => {
    const logits = unpackSequences(batch, modelOf(golden).predictPackedSync(batch), SYMBOLS);
    const all = Float32Array.from(logits.flatMap((rows) => [...rows]));
    expectAgreement('logits', all, golden.tensor('logits'), relative(false));
  });

  it('takes a training step as PyTorch does: loss, gradients and weights', () => {
    const model = modelOf(golden);
    const { loss } = model.trainStepSync(batch);
    expectAgreement('loss', [loss], golden.tensor('loss'), relative(false));
    for (const [name, { data, gradient }] of model.parameters) {
      expectAgreement(`gradient of ${name}`, gradient, golden.tensor(`gradient/${name}`), relative(true));
      expectAgreement(name, data, golden.tensor(`final/${name}`), relative(true));
    }
  });
});
