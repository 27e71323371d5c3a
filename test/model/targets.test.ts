import { describe, expect, it } from 'vitest';
import { packSequences, unpackSequences } from '../../src/batch/packed-batch.js';
import { Random } from '../../src/core/random.js';
import { sequential } from '../../src/model/network.js';
import { activation, dense } from '../../src/network/layers/dense.js';
import { gru, lstm, rnn } from '../../src/network/layers/recurrent.js';
import { adam } from '../../src/network/optimizers/optimizer.js';
import { randomNumbers } from './small-models.js';

describe('a regression on features', () => {
  /** Sequences of different lengths whose target is the sum of everything read so far. */
  const sequences = [4, 9, 6, 2].map((length, index) => randomNumbers(length, index));
  const sums = sequences.map((sequence) => {
    let sum = 0;
    return sequence.map((value) => {
      sum += value;
      return sum / 4;
    });
  });
  const batch = packSequences(sequences, { targets: sums });

  it('learns a running sum from packed sequences of different lengths', async () => {
    const model = sequential([gru({ units: 16 }), dense({ units: 1 })], { features: 1 }).compileSync({
      loss: 'meanSquaredError',
      optimizer: adam({ learningRate: 0.02 }),
      threads: 1,
    });
    const first = (await model.trainStep(batch)).loss;
    for (let step = 0; step < 150; step++) await model.trainStep(batch, { clipNorm: 1 });
    const { loss } = await model.evaluate(batch);
    expect(loss).toBeLessThan(first / 20);
    const outputs = unpackSequences(batch, await model.predictPacked(batch)) as Float32Array[];
    const errors = outputs.flatMap((output, index) =>
      [...output].map((value, t) => value - (sums[index]?.[t] as number)),
    );
    expect(errors).toHaveLength(21);
    const meanSquare = errors.reduce((sum, error) => sum + error * error, 0) / errors.length;
    expect(meanSquare).toBeCloseTo(loss, 5);
  });
});

describe('a model of many labels a frame', () => {
  it('learns which labels go with a frame, with summed sigmoid cross-entropy', async () => {
    const labels = 6;
    const random = new Random(1, 'labels');
    const rows = 24;
    const input = Float32Array.from({ length: rows * 3 }, () => random.normal());
    const target = Float32Array.from({ length: rows * labels }, (_, e) => {
      const row = Math.floor(e / labels);
      return (input[3 * row + (e % 3)] as number) > 0 ? 1 : 0;
    });
    const batch = { batchSizes: new Int32Array(8).fill(3), inputs: { input }, targets: { target } };
    const model = sequential([lstm({ units: 12 }), dense({ units: labels })], { features: 3 }).compileSync({
      loss: 'sigmoidCrossEntropy',
      optimizer: adam({ learningRate: 0.03 }),
      threads: 1,
    });
    const first = model.evaluateSync(batch).loss;
    expect(Math.abs(first - labels * Math.log(2))).toBeLessThan(1.5);
    for (let step = 0; step < 150; step++) model.trainStepSync(batch);
    expect(model.evaluateSync(batch).loss).toBeLessThan(first / 4);
    const right = model.predictPackedSync(batch).filter((logit, e) => logit > 0 === (target[e] === 1)).length;
    expect(right / target.length).toBeGreaterThan(0.95);
  });
});

describe('an activation as the last layer', () => {
  const input = Float32Array.of(-2, 0, 3, 0.5);
  const outputsOf = (name: Parameters<typeof activation>[0]) =>
    sequential([activation(name)], { features: 2 })
      .compileSync({ loss: 'meanSquaredError' })
      .predictPackedSync({ batchSizes: Int32Array.of(2), inputs: { input } });

  it('gives its function of every element', () => {
    const near = (f: (x: number) => number) => Array.from(input, (x) => expect.closeTo(f(x), 6));
    expect([...outputsOf('tanh')]).toEqual(near(Math.tanh));
    expect([...outputsOf('sigmoid')]).toEqual(near((x) => 1 / (1 + Math.exp(-x))));
    expect([...outputsOf('relu')]).toEqual(near((x) => Math.max(0, x)));
  });

  it('gives probabilities of each row with softmax', () => {
    const [a = 0, b = 0, c = 0, d = 0] = outputsOf('softmax');
    expect([a + b, c + d]).toEqual([expect.closeTo(1, 6), expect.closeTo(1, 6)]);
    expect(b / a).toBeCloseTo(Math.exp(2), 4);
    expect(c / d).toBeCloseTo(Math.exp(2.5), 4);
  });
});

describe('a stack of different recurrent layers', () => {
  it('is trained through all of them', () => {
    const model = sequential(
      [rnn({ units: 4, activation: 'relu' }), gru({ units: 5, resetAfter: false }), lstm({ units: 3 })],
      {
        features: 2,
      },
    ).compileSync({ loss: 'meanSquaredError', threads: 1 });
    const batch = {
      batchSizes: Int32Array.of(2, 2, 1),
      inputs: { input: randomNumbers(10) },
      targets: { target: randomNumbers(15, 2) },
    };
    const { loss } = model.trainStepSync(batch);
    for (const { name, gradient } of model.parameters.values()) {
      expect(
        gradient.some((value) => value !== 0),
        name,
      ).toBe(true);
    }
    for (let step = 0; step < 40; step++) model.trainStepSync(batch, { learningRate: 0.02 });
    expect(model.evaluateSync(batch).loss).toBeLessThan(loss);
    expect([...model.newState(1).values.keys()]).toEqual(['rnn.h_l0', 'gru.h_l0', 'lstm.h_l0', 'lstm.c_l0']);
  });
});
