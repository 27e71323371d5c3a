import { describe, expect, it } from 'vitest';
import { packSequences, unpackSequences } from '../../src/batch/packed-batch.js';
import { sequential } from '../../src/model/network.js';
import { activation, dense } from '../../src/network/layers/dense.js';
import { gru, lstm, rnn } from '../../src/network/layers/recurrent.js';
import { randomNumbers } from './small-models.js';

describe('a regression on features', () => {
  it('has the loss of its predictions, with sequences of different lengths', () => {
    const sequences = [4, 9, 6, 2].map((length, index) => randomNumbers(length, index));
    const targets = sequences.map((sequence) => sequence.map((value) => 2 * value));
    const batch = packSequences(sequences, { targets });
    const model = sequential([gru({ units: 16 }), dense({ units: 1 })], { features: 1 }).compileSync({
      loss: 'meanSquaredError',
      threads: 1,
    });
    const outputs = unpackSequences(batch, model.predictPackedSync(batch)) as Float32Array[];
    const errors = outputs.flatMap((output, index) =>
      [...output].map((value, t) => value - (targets[index]?.[t] as number)),
    );
    expect(errors).toHaveLength(21);
    const meanSquare = errors.reduce((sum, error) => sum + error * error, 0) / errors.length;
    expect(meanSquare).toBeCloseTo(model.evaluateSync(batch).loss, 6);
  });
});

describe('a model of many labels a frame', () => {
  it('has the loss of a guess for each label, summed, when all logits are 0', () => {
    const labels = 6;
    const model = sequential([lstm({ units: 12 }), dense({ units: labels })], { features: 3 }).compileSync({
      loss: 'sigmoidCrossEntropy',
      threads: 1,
    });
    for (const name of ['dense.weight', 'dense.bias']) model.parameters.get(name)?.data.fill(0);
    model.parametersChanged();
    const target = Float32Array.from({ length: 24 * labels }, (_, at) => at % 2);
    const batch = { batchSizes: new Int32Array(8).fill(3), inputs: { input: randomNumbers(72) }, targets: { target } };
    expect(model.evaluateSync(batch).loss).toBeCloseTo(labels * Math.log(2), 5);
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
  it('has gradients in all of them', () => {
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
    model.trainStepSync(batch);
    for (const { name, gradient } of model.parameters.values()) {
      expect(
        gradient.some((value) => value !== 0),
        name,
      ).toBe(true);
    }
    expect([...model.newState(1).values.keys()]).toEqual(['rnn.h_l0', 'gru.h_l0', 'lstm.h_l0', 'lstm.c_l0']);
  });
});
