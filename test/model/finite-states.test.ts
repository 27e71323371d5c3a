import { describe, expect, it } from 'vitest';
import type { Model } from '../../src/model/model.js';
import { sequential } from '../../src/model/network.js';
import { dense } from '../../src/network/layers/dense.js';
import { rnn } from '../../src/network/layers/recurrent.js';
import { characterModel, randomBatch } from './small-models.js';

const batch = { ...randomBatch([5, 4, 1]), order: Int32Array.of(2, 0, 1) };

/** A network whose state is as large as its inputs, and grows. */
function growing(): Model {
  const network = sequential([rnn({ units: 3, activation: 'relu' }), dense({ units: 2 })], { features: 1 });
  const model = network.compileSync({ loss: 'meanSquaredError', threads: 1 });
  for (const { data } of model.parameters.values()) data.fill(100);
  for (const [name, { data }] of model.parameters) if (name.startsWith('dense')) data.set([-100, 100]);
  model.parametersChanged();
  return model;
}
const LARGE = 1e37;
const frames = (value: number) => ({
  batchSizes: Int32Array.of(2, 1),
  inputs: { input: Float32Array.of(1, value, 1) },
  targets: { target: new Float32Array(6) },
  order: Int32Array.of(1, 0),
});

describe('a state from outside that is not finite', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'is refused before anything changes: %d',
    async (value) => {
      const model = characterModel();
      const state = model.newState(3);
      const [name = '', values] = [...state.values][1] as [string, Float32Array];
      const wrong = new Float32Array(values.length);
      wrong[values.length / 3 + 2] = value;
      const refused = expect.objectContaining({
        code: 'non_finite_data',
        details: { name, sequence: 1, unit: 2, value },
        message: expect.stringContaining(`state '${name}' has ${value} in sequence 1, unit 2`),
      });
      expect(() => state.set(name, wrong)).toThrow(refused);
      expect(values.every((each) => each === 0)).toBe(true);
      values.set(wrong); // past the check of `set`
      const before = state.clone();
      await expect(model.trainStep(batch, { state })).rejects.toEqual(refused);
      await expect(model.predictPacked(batch, { state })).rejects.toEqual(refused);
      await expect(model.evaluate(batch, { state })).rejects.toEqual(refused);
      await expect(model.gradients(batch, { state })).rejects.toEqual(refused);
      expect(() => model.trainStepSync(batch, { state })).toThrow(refused);
      expect(() => model.predictPackedSync(batch, { state })).toThrow(refused);
      expect(() => model.evaluateSync(batch, { state })).toThrow(refused);
      expect(() => model.newState(3).copyFrom(state)).toThrow(refused);
      expect(state).toEqual(before);
      expect(model.step).toBe(0);
    },
  );

  it('is refused by a stream that would go on from it', () => {
    const model = characterModel();
    const stream = model.stream();
    stream.step(1);
    const snapshot = stream.snapshot();
    [...snapshot.state.values.values()][0]?.fill(Number.NaN, 1, 2);
    expect(() => stream.restore(snapshot)).toThrow(expect.objectContaining({ code: 'non_finite_data' }));
    expect(stream.steps).toBe(1);
    const plain = characterModel().stream();
    plain.step(1);
    expect(stream.step(2)).toEqual(plain.step(2));
  });
});

describe('steps of a stream that are no longer finite', () => {
  const unsound = expect.objectContaining({
    code: 'non_finite_output',
    details: { step: 1, output: 0, state: 'rnn.h_l0', unit: 0 },
    message: expect.stringMatching(/output 0 is NaN at step 1, state 'rnn.h_l0' has Infinity in unit 0/),
  });

  it('are refused, and the stream is as it was before', async () => {
    const [model, other] = [growing(), growing()];
    const [stream, plain] = [model.stream(), other.stream()];
    expect(stream.step(1)).toEqual(plain.step(1));
    expect(() => stream.step(LARGE)).toThrow(unsound);
    expect(() => stream.read([[LARGE], [1]])).toThrow(unsound);
    await expect(stream.stepAsync(LARGE)).rejects.toEqual(unsound);
    await expect(stream.readAsync([[LARGE], [1]])).rejects.toEqual(unsound);
    const into = Float32Array.of(7, 7, 7, 7, 7, 7, 7, 7);
    expect(() => stream.run([[LARGE], [1]], into)).toThrow(unsound);
    await expect(stream.runAsync([[LARGE], [1]], { into })).rejects.toEqual(unsound);
    expect(new Set(into)).toEqual(new Set([7]));
    expect(stream.snapshot()).toEqual(plain.snapshot());
    const neighbour = model.stream();
    const together = [neighbour.stepAsync(2), stream.stepAsync(LARGE), stream.stepAsync(3)] as const;
    await expect(together[1]).rejects.toEqual(unsound);
    expect(await together[0]).toEqual(other.stream().step(2));
    expect(await together[2]).toEqual(plain.step(3));
  });
});

describe('states of a stream that are infinite behind finite outputs', () => {
  it('are refused, single, in blocks and in groups, and the stream is as it was before', async () => {
    const bounded = [
      rnn({ units: 3, activation: 'relu' }),
      rnn({ units: 2, activation: 'sigmoid' }),
      dense({ units: 1 }),
    ];
    const model = sequential(bounded, { features: 1 }).compileSync({ loss: 'meanSquaredError', threads: 1 });
    for (const { data } of model.parameters.values()) data.fill(100);
    model.parametersChanged();
    const unsound = expect.objectContaining({
      code: 'non_finite_output',
      message: expect.stringMatching(/state 'rnn.h_l0' has Infinity in unit 0/),
    });
    const stream = model.stream();
    const first = stream.step(1);
    expect(first.every(Number.isFinite)).toBe(true);
    const before = stream.snapshot();
    expect(() => stream.step(LARGE)).toThrow(unsound);
    expect(() => stream.run([[LARGE]])).toThrow(unsound);
    await expect(stream.stepAsync(LARGE)).rejects.toEqual(unsound);
    await expect(stream.runAsync([[LARGE]])).rejects.toEqual(unsound);
    expect(stream.snapshot()).toEqual(before);
    const group = model.streamGroup();
    const [one, other] = [group.open(), group.open()];
    expect(() => group.step([one, other], [1, LARGE])).toThrow(unsound);
    await expect(group.stepAsync([one, other], [1, LARGE])).rejects.toEqual(unsound);
    expect(group.step([one], [1])).toEqual(first);
  });
});

describe('a carried state that would no longer be finite', () => {
  it('stays as it was, and the call says which sequence it was', async () => {
    const model = growing();
    const state = model.newState(2);
    await model.predictPacked(frames(1), { state });
    const before = state.clone();
    const refused = expect.objectContaining({
      code: 'non_finite_state',
      details: { name: 'rnn.h_l0', sequence: 0, unit: 0, value: Number.POSITIVE_INFINITY },
    });
    await expect(model.predictPacked(frames(LARGE), { state })).rejects.toEqual(refused);
    expect(() => model.predictPackedSync(frames(LARGE), { state })).toThrow(refused);
    expect(state).toEqual(before);
  });
});
