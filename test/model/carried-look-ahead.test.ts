/** States that would be carried through a layer that looks at later steps or leaves steps out: a wrong result, refused. */
import { describe, expect, it } from 'vitest';
import {
  type AnyLayer,
  type CarriedState,
  checkGradients,
  conv1d,
  defineLayer,
  dense,
  gru,
  lstm,
  type Model,
  packSequences,
  pool,
  sequential,
} from '../../src/index.js';
import { meanOverRows, subtract } from '../../src/network/operations.js';
import { randomNumbers } from './small-models.js';

const centre = defineLayer({ name: 'centre', build: ([x]) => subtract(x, meanOverRows(x)) });

function modelOf(...layers: readonly AnyLayer[]): Model {
  return sequential(layers, { features: 1 }).compileSync({ loss: 'meanSquaredError', threads: 1 });
}

const sequence = Float32Array.of(1, 2, 3, 4);

/** A batch for any of these models, with as many targets as it has outputs. */
function batchOf(model: Model) {
  const batch = packSequences([sequence], { features: 1 });
  const { length } = model.predictPackedSync(batch);
  return { ...batch, targets: { target: new Float32Array(length) } };
}

type Batch = ReturnType<typeof batchOf>;

/** Everything that takes a state. */
const EXECUTIONS: Readonly<Record<string, (model: Model, batch: Batch, state: CarriedState) => unknown>> = {
  predictPacked: (model, batch, state) => model.predictPacked(batch, { state }),
  predictPackedSync: async (model, batch, state) => model.predictPackedSync(batch, { state }),
  predictPackedAll: (model, batch, state) => model.predictPackedAll(batch, { state }),
  evaluate: (model, batch, state) => model.evaluate(batch, { state }),
  evaluateSync: async (model, batch, state) => model.evaluateSync(batch, { state }),
  trainStep: (model, batch, state) => model.trainStep(batch, { state }),
  trainStepSync: async (model, batch, state) => model.trainStepSync(batch, { state }),
  gradients: (model, batch, state) => model.gradients(batch, { of: ['input'], state }),
  diagnose: async (model, batch, state) => model.diagnose(batch, { state }),
  checkGradients: async (model, batch, state) => checkGradients(model, batch, { state }),
};

const laterSteps = /looks at later steps.*: states cannot be carried.*whole sequences/;
const cell = gru({ units: 2 });
const NETWORKS = [
  ['same', 'conv1d', laterSteps, [conv1d({ units: 2, kernelSize: 3, padding: 'same' }), cell]],
  ['valid', 'conv1d', laterSteps, [conv1d({ units: 2, kernelSize: 2 }), cell]],
  ['a convolution behind the cell', 'conv1d', laterSteps, [cell, conv1d({ units: 2, kernelSize: 2, padding: 'same' })]],
  ['stride', 'conv1d', /leaves steps out/, [conv1d({ units: 2, kernelSize: 2, stride: 2, padding: 'causal' }), cell]],
  ['a mean over time', 'pool', laterSteps, [cell, pool({ over: 'mean' }), dense({ units: 1 })]],
  ['attention over time', 'pool', laterSteps, [cell, pool({ over: 'attention' }), dense({ units: 1 })]],
  ["a layer of one's own that sums over rows", 'centre', laterSteps, [centre(), cell]],
  ['no states', 'conv1d', laterSteps, [conv1d({ units: 2, kernelSize: 3, padding: 'same' })]],
] as const;

describe.each(NETWORKS)('a network that cannot be read step by step (%s)', (_, layer, reason, layers) => {
  const model = modelOf(...layers);
  const batch = batchOf(model);

  it.each(Object.keys(EXECUTIONS))('refuses a state in %s, before anything has changed', async (name) => {
    const state = model.newState(1);
    for (const [of, values] of state.values) state.set(of, randomNumbers(values.length, 3));
    const before = state.clone();
    const refused = expect.objectContaining({ code: 'not_streamable', details: { layer } });
    const execution = async () => EXECUTIONS[name]?.(model, batch, state);
    await expect(execution()).rejects.toThrow(refused);
    await expect(execution()).rejects.toThrow(reason);
    expect(() => model.stream()).toThrow(refused);
    expect(state.values).toEqual(before.values);
    expect(model.step).toBe(0);
  });
});

describe('a network that reads backwards', () => {
  const model = modelOf(lstm({ units: 2, direction: 'bidirectional' }));
  const batch = batchOf(model);
  const refused = expect.objectContaining({ code: 'not_streamable', details: { layer: 'lstm' } });

  it('takes initial states, but not those that an execution has left', async () => {
    const state = model.newState(1);
    const first = await model.predictPacked(batch, { state });
    expect(first).toEqual(await model.predictPacked(batch));
    for (const execution of Object.values(EXECUTIONS)) {
      await expect((async () => execution(model, batch, state))()).rejects.toThrow(refused);
      await expect((async () => execution(model, batch, state.clone()))()).rejects.toThrow(refused);
    }
    const other = model.newState(1);
    other.copyFrom(state);
    await expect(model.predictPacked(batch, { state: other })).rejects.toThrow(refused);
    state.reset();
    expect(await model.predictPacked(batch, { state })).toEqual(first);
  });

  it('remembers it for packed sequences in another order', async () => {
    const two = packSequences([sequence.slice(0, 2), sequence], { features: 1 });
    const state = model.newState(2);
    await model.predictPacked(two, { state });
    await expect(model.predictPacked(two, { state })).rejects.toThrow(refused);
  });

  it('takes states that have been set', async () => {
    const state = model.newState(1);
    await model.predictPacked(batch, { state });
    state.set('lstm.h_l0', Float32Array.of(0.5, -0.5));
    expect(await model.predictPacked(batch, { state })).toHaveLength(4 * 4);
  });
});

it('carries states through causal convolutions and cells', async () => {
  const model = modelOf(conv1d({ units: 2, kernelSize: 3, padding: 'causal' }), cell);
  const whole = await model.predictPacked(packSequences([sequence], { features: 1 }));
  const state = model.newState(1);
  const parts: number[] = [];
  for (const begin of [0, 2]) {
    const window = packSequences([sequence.slice(begin, begin + 2)], { features: 1 });
    parts.push(...(await model.predictPacked(window, { state })));
  }
  expect(parts).toEqual([...whole]);
});
