import { describe, expect, it } from 'vitest';
import { RangeIndexError } from '../../src/core/errors.js';
import type { Model } from '../../src/model/model.js';
import { network, sequential } from '../../src/model/network.js';
import { dense } from '../../src/network/layers/dense.js';
import { gru } from '../../src/network/layers/recurrent.js';
import { CELLS, type Cell, characterModel, randomBatch, randomNumbers, SYMBOLS } from './small-models.js';

const ids = randomBatch([12]).inputs['input'] as Int32Array;
const cells = Object.keys(CELLS) as Cell[];

/** Outputs of every step of one sequence, from one prediction over all of it. */
function wholeSequence(model: Model, input: Int32Array): Float32Array[] {
  const outputs = model.predictPackedSync({ batchSizes: new Int32Array(input.length).fill(1), inputs: { input } });
  return Array.from(input, (_, step) => outputs.slice(step * model.outputs, (step + 1) * model.outputs));
}

describe.each(cells)('a stream of an %s', (cell) => {
  const model = characterModel({ cell, layers: 2, units: 19 });
  const whole = wholeSequence(model, ids);

  it('gives step by step what a prediction over the whole sequence gives, bit for bit', () => {
    const stream = model.stream();
    expect(Array.from(ids, (id) => stream.step(id))).toEqual(whole);
    expect(stream.steps).toBe(12);
  });

  it('reads several steps at once as it reads them one by one', () => {
    const stream = model.stream();
    expect(stream.read(ids.slice(0, 5))).toEqual(whole[4]);
    expect(stream.step(ids[5] as number)).toEqual(whole[5]);
    expect(stream.read(ids.slice(6, 7))).toEqual(whole[6]);
    expect(stream.read(ids.slice(7))).toEqual(whole[11]);
    expect(stream.steps).toBe(12);
  });

  it('goes on from a snapshot, as often as it likes', () => {
    const stream = model.stream();
    stream.read(ids.slice(0, 4));
    const snapshot = stream.snapshot();
    stream.read(ids.slice(6));
    for (let time = 0; time < 2; time++) {
      stream.restore(snapshot);
      expect(stream.steps).toBe(4);
      expect(stream.read(ids.slice(4))).toEqual(whole[11]);
    }
    const other = model.stream();
    other.restore(snapshot);
    expect(other.step(ids[4] as number)).toEqual(whole[4]);
  });

  it('begins anew after a reset', () => {
    const stream = model.stream();
    stream.read(ids.slice(0, 7));
    stream.reset();
    expect(stream.steps).toBe(0);
    expect(stream.step(ids[0] as number)).toEqual(whole[0]);
  });
});

describe('streams of one model', () => {
  it('do not see each other, however their steps are mixed', () => {
    const model = characterModel();
    const sequences = [1, 2, 3].map((seed) => randomBatch([8], seed).inputs['input'] as Int32Array);
    const streams = sequences.map(() => model.stream());
    const results: Float32Array[][] = sequences.map(() => []);
    for (let step = 0; step < 8; step++) {
      for (const [index, stream] of streams.entries())
        results[index]?.push(stream.step(sequences[index]?.[step] ?? -1));
    }
    expect(results).toEqual(sequences.map((sequence) => wholeSequence(model, sequence)));
  });

  it('are not disturbed by predictions and evaluations in between', async () => {
    const model = characterModel();
    const whole = wholeSequence(model, ids);
    const stream = model.stream();
    stream.read(ids.slice(0, 3));
    model.predictPackedSync(randomBatch([30, 20]));
    await model.evaluate(randomBatch([30, 20]));
    expect(stream.read(ids.slice(3))).toEqual(whole[11]);
  });

  it('see the new weights after further training, and keep their state', () => {
    const model = characterModel();
    const stream = model.stream();
    stream.read(ids.slice(0, 3));
    const { state } = stream.snapshot();
    model.trainStepSync(randomBatch([6, 6]), { learningRate: 0.1 });
    const trained = stream.step(ids[3] as number);
    const expected = model.predictPackedSync(
      { batchSizes: Int32Array.of(1), inputs: { input: ids.slice(3, 4) } },
      { state },
    );
    expect(trained).toEqual(expected);
    expect(trained).not.toEqual(wholeSequence(characterModel(), ids)[3]);
  });

  it('return outputs that are copies', () => {
    const stream = characterModel().stream();
    const first = stream.step(1);
    const kept = first.slice();
    stream.step(2);
    expect(first).toEqual(kept);
  });
});

describe('a stream of features', () => {
  it('takes the row of a step and gives what a prediction gives', () => {
    const model = sequential([gru({ units: 6 }), dense({ units: 2 })], { features: 3 }).compileSync({
      loss: 'meanSquaredError',
    });
    const input = randomNumbers(15);
    const whole = model.predictPackedSync({ batchSizes: new Int32Array(5).fill(1), inputs: { input } });
    const stream = model.stream();
    const steps = [0, 1, 2, 3, 4].flatMap((step) => [...stream.step(input.slice(3 * step, 3 * step + 3))]);
    expect(Float32Array.from(steps)).toEqual(whole);
    expect(() => stream.step(new Float32Array(2))).toThrow(expect.objectContaining({ code: 'length_mismatch' }));
    expect(() => stream.step(1)).toThrow(expect.objectContaining({ code: 'shape_mismatch' }));
  });
});

describe('a step of a stream is refused, and the stream goes on as if it had not been asked,', () => {
  it('when the id is out of range', () => {
    const model = characterModel();
    const whole = wholeSequence(model, ids);
    const stream = model.stream();
    stream.read(ids.slice(0, 3));
    for (const id of [SYMBOLS, -1, 2 ** 31 - 1]) expect(() => stream.step(id)).toThrow(RangeIndexError);
    expect(() => stream.read(Int32Array.of(1, 99))).toThrow(/index 99 at row 1/);
    expect(() => stream.read(new Int32Array())).toThrow(/batchSizes is empty/);
    expect(stream.steps).toBe(3);
    expect(stream.read(ids.slice(3))).toEqual(whole[11]);
  });

  it.each([1.5, Number.NaN, 2 ** 32, -0.5])('when the id is %d and no whole number of 32 bits', (id) => {
    const stream = characterModel().stream();
    expect(() => stream.step(id)).toThrow(RangeIndexError);
    expect(stream.steps).toBe(0);
  });

  it('while whileIdle may change the weights', async () => {
    const model = characterModel();
    const stream = model.stream();
    const expected = characterModel().stream().step(1);
    await model.whileIdle(async () => {
      expect(() => stream.step(1)).toThrow(expect.objectContaining({ code: 'model_busy' }));
    });
    expect(stream.step(1)).toEqual(expected);
  });

  it('after it was closed, or the model disposed of', () => {
    const model = characterModel();
    const [closed, open] = [model.stream(), model.stream()];
    closed.step(1);
    closed.close();
    expect(() => closed.step(1)).toThrow(expect.objectContaining({ code: 'stream_closed' }));
    expect(() => closed.read(ids)).toThrow(expect.objectContaining({ code: 'stream_closed' }));
    expect(open.step(1)).toHaveLength(SYMBOLS);
    model.dispose();
    expect(() => open.step(1)).toThrow(expect.objectContaining({ code: 'model_disposed' }));
  });

  it('when its snapshot is of another model', () => {
    const stream = characterModel({ units: 9 }).stream();
    const other = characterModel({ units: 8 }).stream().snapshot();
    expect(() => stream.restore(other)).toThrow(expect.objectContaining({ code: 'state_mismatch' }));
  });
});

describe('a model of several inputs', () => {
  it('has no streams yet, and says so', () => {
    const features = { kind: 'features', units: 2 } as const;
    const model = network({
      inputs: { a: features, b: features },
      nodes: [
        { name: 'join', layer: { kind: 'sum' }, inputs: ['a', 'b'] },
        { name: 'dense', layer: dense({ units: 2 }), inputs: ['join'] },
      ],
      output: 'dense',
    }).compileSync({ loss: 'meanSquaredError' });
    expect(() => model.stream()).toThrow(/one input, this one has 2/);
  });
});
