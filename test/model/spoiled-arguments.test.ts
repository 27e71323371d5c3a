import { describe, expect, it } from 'vitest';
import { type Batch, type CarriedState, dense, lstm, type Model, packSequences, sequential } from '../../src/index.js';

const STEPS = 60;
const SEQUENCES = 5;

/** Sequences of several lengths, so that the batch has an order. */
function ragged(): Batch {
  const rows = (length: number, seed: number) => Float32Array.from({ length }, (_, at) => Math.sin(at + seed));
  const lengths = [STEPS - 3, STEPS, STEPS - 9, STEPS - 1, STEPS - 5];
  return packSequences(
    lengths.map((length, at) => rows(2 * length, at)),
    { features: 2, targets: lengths.map((length, at) => rows(length, 9 + at)) },
  );
}

function even(): Batch {
  const numbers = (length: number) => Float32Array.from({ length }, (_, at) => Math.sin(at));
  return {
    batchSizes: new Int32Array(STEPS).fill(SEQUENCES),
    inputs: { input: numbers(STEPS * SEQUENCES * 2) },
    targets: { target: numbers(STEPS * SEQUENCES) },
  };
}

const compile = () =>
  sequential([lstm({ units: 64 }), dense({ units: 1 })], { features: 2 }).compileSync({
    loss: 'meanSquaredError',
    seed: 3,
  });
const detach = (array: ArrayBufferView) => structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });

/** What a caller may do to the objects that it has given, while they are at work. */
const SPOIL: Readonly<Record<string, (state: CarriedState, batch: Batch) => void>> = {
  'detaches the arrays of the state': ({ values }) => [...values.values()].forEach(detach),
  'replaces the arrays of the state': ({ values }) => {
    for (const name of values.keys()) (values as Map<string, Float32Array>).set(name, new Float32Array(3));
  },
  'empties the state': ({ values }) => (values as Map<string, Float32Array>).clear(),
  'puts other things in their place': ({ values }) => {
    for (const name of values.keys()) (values as Map<string, unknown>).set(name, 'state');
  },
  'gives the state other values': (state) => Object.assign(state, { values: null }),
  'detaches the batch': (_, { batchSizes, order, inputs, targets }) => {
    for (const array of [batchSizes, order, ...Object.values(inputs), ...Object.values(targets ?? {})]) {
      if (array !== undefined) detach(array);
    }
  },
};

const weightsOf = (model: Model) => [...model.parameters].map(([name, { data }]) => [name, [...data]]);

describe.each([
  ['ragged', ragged],
  ['even', even],
] as const)('a training step with a state, on a %s batch, is whole', (_, batchOf) => {
  it.each(Object.keys(SPOIL))('although the caller %s meanwhile', async (name) => {
    const [spoiled, plain] = [compile(), compile()];
    const [state, expected] = [spoiled.newState(SEQUENCES), plain.newState(SEQUENCES)];
    const values = state.values;
    const batch = batchOf();
    const step = spoiled.trainStep(batch, { state, learningRate: 0.5 });
    // The step has read its arguments by then, and is computed on another thread.
    setImmediate(() => SPOIL[name]?.(state, batch));
    const result = await step;
    expect(result).toEqual(plain.trainStepSync(batchOf(), { state: expected, learningRate: 0.5 }));
    expect(spoiled.step).toBe(1);
    expect(weightsOf(spoiled)).toEqual(weightsOf(plain));
    expect([...values]).toEqual([...expected.values]);
    expect(spoiled.predictSync(batchOf())).toEqual(plain.predictSync(batchOf()));
  });

  it.each(Object.keys(SPOIL).slice(0, -1))('or refused, when the caller %s before it', async (name) => {
    const model = compile();
    const before = weightsOf(model);
    const state = model.newState(SEQUENCES);
    const batch = batchOf();
    SPOIL[name]?.(state, batch);
    await expect(model.trainStep(batch, { state })).rejects.toMatchObject({ code: 'state_mismatch' });
    expect([model.step, weightsOf(model)]).toEqual([0, before]);
  });
});

it('a step that fails says so although its batch has been taken away', async () => {
  const model = compile();
  const batch = even();
  (batch.targets?.['target'] as Float32Array)[0] = 3e38;
  const step = model.trainStep(batch);
  setImmediate(() => SPOIL['detaches the batch']?.(model.newState(1), batch));
  await expect(step).rejects.toMatchObject({ code: 'non_finite_loss' });
  expect(model.step).toBe(0);
});
