import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/batch/batch.js';
import type { Model } from '../../src/model/model.js';
import { network } from '../../src/model/network.js';
import { dense } from '../../src/network/layers/dense.js';
import { embedding } from '../../src/network/layers/embedding.js';
import { concatenate } from '../../src/network/layers/layers.js';
import { gru, lstm } from '../../src/network/layers/recurrent.js';
import { tolerance } from '../oracle/tolerance.js';
import { expectAgreement } from './agreement.js';
import { type Golden, loadGoldens } from './load.js';

type GradientsGolden = Golden<'modelGradients'>;

/** What PyTorch's names are in the model. */
function nameOf({ options: { cell } }: GradientsGolden, name: string): string {
  const known: Readonly<Record<string, string>> = {
    x: 'features',
    h0: `state:${cell}.h_l0`,
    c0: `state:${cell}.c_l0`,
    embedded: 'embedding',
    hidden: cell,
  };
  return known[name] ?? name.replace(/^rnn\./, `${cell}.`).replace(/^linear\./, 'dense.');
}

function modelOf(golden: GradientsGolden): Model {
  const { cell, symbols, features, units, classes } = golden.options;
  const model = network({
    inputs: { ids: { kind: 'indices', size: symbols }, features: { kind: 'features', units: features } },
    nodes: [
      { name: 'embedding', layer: embedding({ size: symbols, units: golden.options.embedding }), inputs: ['ids'] },
      { name: 'joined', layer: concatenate(), inputs: ['embedding', 'features'] },
      { name: cell, layer: { lstm, gru }[cell]({ units }), inputs: ['joined'] },
      { name: 'dense', layer: dense({ units: classes }), inputs: [cell] },
    ],
    output: 'dense',
  }).compileSync({ threads: 2 });
  for (const [name, { data }] of golden.under('weight/')) model.parameters.get(nameOf(golden, name))?.data.set(data);
  model.parametersChanged();
  return model;
}

describe.each(loadGoldens('modelGradients').map((golden) => [golden.name, golden] as const))('%s', (_, golden) => {
  const { cell } = golden.options;
  const batch: Batch = {
    batchSizes: golden.int32('batchSizes'),
    inputs: { ids: golden.int32('ids'), features: golden.float32('x') },
    targets: { target: golden.int32('targets') },
  };
  const relative = tolerance({
    terms: batch.inputs['ids']?.length ?? 0,
    steps: batch.batchSizes.length,
    backward: true,
  });

  it.each(['gradient', 'upstream'] as const)('gives the gradients of PyTorch: %s', async (kind) => {
    const model = modelOf(golden);
    const state = model.newState(batch.batchSizes[0] as number);
    state.set(`${cell}.h_l0`, golden.float32('h0'));
    if (cell === 'lstm') state.set(`${cell}.c_l0`, golden.float32('c0'));
    const expected = golden.under(`${kind}/`);
    const of = [...expected.keys()].map((name) => nameOf(golden, name));
    expect(of).toHaveLength(model.parameters.size + (cell === 'lstm' ? 5 : 4));
    const { targets, ...inputs } = batch;
    const gradients =
      kind === 'gradient'
        ? await model.gradients({ ...inputs, targets: targets as never }, { of, state })
        : await model.gradients(inputs, { of, state, upstream: { output: golden.float32('dlogits') } });
    expect(Object.keys(gradients)).toEqual(of);
    for (const [name, tensor] of expected) {
      expectAgreement(name, gradients[nameOf(golden, name)] as Float32Array, tensor, relative);
    }
    expect(model.evaluateSync(batch, { state }).loss).toBeCloseTo(golden.float32('loss')[0] as number, 5);
  });
});
