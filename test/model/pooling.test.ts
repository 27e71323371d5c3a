import { describe, expect, it } from 'vitest';
import { dense, gru, type Model, packSequences, pool, sequential, unpackSequences } from '../../src/index.js';
import { randomNumbers } from './small-models.js';

const UNITS = 4;
const lengths = [3, 8, 1, 5];
const sequences = lengths.map((length, index) => randomNumbers(2 * length, index));
const overs = ['last', 'max', 'mean'] as const;

function modelOf(layers: Parameters<typeof sequential>[0]): Model {
  return sequential(layers, { features: 2 }).compileSync({ loss: 'meanSquaredError', threads: 1, seed: 3 });
}

/** What pooling makes of the rows of one sequence. */
function pooled(rows: Float32Array, over: (typeof overs)[number]): number[] {
  const steps = rows.length / UNITS;
  return Array.from({ length: UNITS }, (_, unit) => {
    const values = Array.from({ length: steps }, (_row, step) => rows[step * UNITS + unit] as number);
    if (over === 'last') return values[steps - 1] as number;
    return over === 'max' ? Math.max(...values) : values.reduce((sum, value) => sum + value, 0) / steps;
  });
}

describe.each(overs)('a network that pools over %s', (over) => {
  it('has one output per sequence, made of its own steps alone', () => {
    const model = modelOf([gru({ units: UNITS }), pool({ over })]);
    expect([model.outputPer, model.outputs]).toEqual(['sequence', UNITS]);
    const batch = packSequences(sequences, { features: 2 });
    const steps = modelOf([gru({ units: UNITS })]).predictPackedSync(batch);
    const expected = unpackSequences(batch, steps, UNITS).map((rows) => pooled(rows, over));
    const outputs = model.predictPackedSync(batch);
    for (const [place, index] of batch.order.entries()) {
      expect([...outputs.slice(place * UNITS, (place + 1) * UNITS)]).toEqual(
        expected[index]?.map((value) => expect.closeTo(value, 6)),
      );
    }
  });

  it('has the gradient of targets of sequences', () => {
    const model = modelOf([gru({ units: UNITS }), pool({ over }), dense({ units: 1 })]);
    const sequenceTargets = Float32Array.of(0.5, -0.5, 0.25, 0);
    const batch = packSequences(sequences, { features: 2, sequenceTargets });
    const first = model.trainStepSync(batch, { learningRate: 0 });
    expect(first).toMatchObject({ steps: 17, targets: 4 });
    // A few parameters against differences of the loss.
    const width = 1e-2;
    for (const name of ['gru.weight_ih_l0', 'gru.weight_hh_l0', 'dense.weight']) {
      const { data, gradient } = model.parameters.get(name) ?? { data: [], gradient: [] };
      for (let index = 0; index < data.length; index += 5) {
        const value = data[index] as number;
        const lossAt = (moved: number) => {
          data[index] = moved;
          model.parametersChanged();
          return model.evaluateSync(batch).loss;
        };
        const slope = (lossAt(value + width) - lossAt(value - width)) / (2 * width);
        lossAt(value);
        expect(Math.abs(slope - (gradient[index] as number)), `${name} ${index}`).toBeLessThan(1e-4);
      }
    }
  });
});

describe('a stream of a network that pools', () => {
  it('over the last step gives the output so far', () => {
    const model = modelOf([gru({ units: UNITS }), pool({ over: 'last' })]);
    expect(model.streamObstacle?.layer).toBeUndefined();
    const stream = model.stream();
    const [sequence = new Float32Array()] = sequences;
    for (let step = 0; step < 3; step++) {
      const begun = packSequences([sequence.slice(0, 2 * step + 2)], { features: 2 });
      expect(stream.step(sequence.slice(2 * step, 2 * step + 2))).toEqual(model.predictPackedSync(begun));
    }
  });
});
