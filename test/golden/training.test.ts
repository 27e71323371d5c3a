import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/batch/batch.js';
import type { Model } from '../../src/model/model.js';
import { sequential } from '../../src/model/network.js';
import { dense } from '../../src/network/layers/dense.js';
import { embedding } from '../../src/network/layers/embedding.js';
import { gru, lstm, rnn } from '../../src/network/layers/recurrent.js';
import { optimizerNamed } from '../../src/network/optimizers/named-optimizer.js';
import { tolerance } from '../oracle/tolerance.js';
import { entryOf, expectAgreement } from './agreement.js';
import { type Golden, type GoldenTensor, loadGoldens } from './load.js';

type TrainingGolden = Golden<'training'>;

/** PyTorch's state-dict name as a parameter of the model. */
function parameterName({ options }: TrainingGolden, name: string): string {
  return name.replace(/^rnn\./, `${options.cell}.`).replace(/^linear\./, 'dense.');
}

function modelOf(golden: TrainingGolden): Model {
  const { cell, vocabulary, units, layers } = golden.options;
  const { kind, learningRate } = golden.options.optimizer;
  const recurrent = { rnn, lstm, gru }[cell]({ units, layers });
  const model = sequential([
    embedding({ size: vocabulary, units: golden.options.embedding }),
    recurrent,
    dense({ units: vocabulary }),
  ]).compileSync({ optimizer: optimizerNamed(kind, { learningRate }), threads: 2 });
  const weights = golden.under('weight/');
  expect(weights.size).toBe(model.parameters.size);
  for (const [name, { shape, data }] of weights) {
    const parameter = model.parameters.get(parameterName(golden, name));
    expect(parameter?.shape, name).toEqual(shape);
    parameter?.data.set(data);
  }
  model.parametersChanged();
  return model;
}

function batches(golden: TrainingGolden): Batch[] {
  const { windows, steps, batch } = golden.options;
  const rows = steps * batch;
  const batchSizes = new Int32Array(steps).fill(batch);
  const part = (name: string, window: number) => golden.int32(name).slice(window * rows, (window + 1) * rows);
  return Array.from({ length: windows }, (_, window) => ({
    batchSizes,
    inputs: { input: part('ids', window) },
    targets: { target: part('targets', window) },
  }));
}

/** Every step goes through both layers of all windows so far, forward and backward. */
function relativeTolerance({ options }: TrainingGolden): number {
  const { steps, batch, layers, windows } = options;
  return tolerance({ terms: steps * batch, steps: steps * layers * windows, backward: true });
}

const scalars = (data: Float32Array): GoldenTensor => ({ shape: [data.length, 1], data });

describe.each(loadGoldens('training').map((golden) => [golden.name, golden] as const))('%s', (_, golden) => {
  const relative = relativeTolerance(golden);
  const { batch, clipNorm } = golden.options;

  it('gives the first gradient of PyTorch before clipping', () => {
    const model = modelOf(golden);
    model.trainStepSync(batches(golden)[0] as Batch);
    for (const [name, tensor] of golden.under('firstGradient/')) {
      const { gradient } = model.parameters.get(parameterName(golden, name)) as { gradient: Float32Array };
      expectAgreement(name, gradient, tensor, relative);
    }
  });

  it.each(['async', 'sync'])('trains ten steps as PyTorch, loss by loss and norm by norm (%s)', async (way) => {
    const model = modelOf(golden);
    const state = model.newState(batch);
    const losses: number[] = [];
    const norms: number[] = [];
    for (const window of batches(golden)) {
      const options = { state, clipNorm };
      const result = way === 'sync' ? model.trainStepSync(window, options) : await model.trainStep(window, options);
      losses.push(result.loss);
      norms.push(result.gradientNorm);
    }
    expect(norms.filter((norm) => norm > clipNorm)).toHaveLength(golden.options.clippedSteps);
    expectAgreement('losses', losses, scalars(golden.float32('losses')), relative);
    expectAgreement('gradientNorms', norms, scalars(golden.float32('gradientNorms')), relative);
    for (const [name, tensor] of golden.under('final/')) {
      expectAgreement(name, model.parameters.get(parameterName(golden, name))?.data ?? [], tensor, relative);
    }
    for (const [name, tensor] of golden.under('finalState/')) {
      for (let layer = 0; layer < golden.options.layers; layer++) {
        const values = state.values.get(`${golden.options.cell}.${name}_l${layer}`) ?? [];
        expectAgreement(`${name} of layer ${layer}`, values, entryOf(tensor, layer), relative);
      }
    }
  });
});
