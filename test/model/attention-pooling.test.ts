/** Pooling over attention: against its formula in plain TypeScript, with any lengths, large scores, files and threads. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dense, gru, loadModel, type Model, packSequences, pool, saveModel, sequential } from '../../src/index.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { randomNumbers } from './small-models.js';

const FEATURES = 3;
const UNITS = 5;
const LENGTHS = [4, 9, 1, 6, 1];
const sequences = LENGTHS.map((length, index) => randomNumbers(FEATURES * length, index));
const batch = packSequences(sequences, { features: FEATURES });

/** Pooling alone, on rows of numbers. */
function poolModel(): Model {
  const layers = [pool({ over: 'attention', units: UNITS })];
  return sequential(layers, { features: FEATURES }).compileSync({ loss: 'meanSquaredError', threads: 1, seed: 3 });
}

function entriesOf(model: Model, name: string): number[] {
  return [...(model.parameters.get(`pool.${name}`)?.data ?? [])];
}

/** Makes the scores as large as `factor` times what they were. */
function enlarge(model: Model, factor: number): void {
  const { data } = model.parameters.get('pool.v') ?? { data: new Float32Array() };
  for (let index = 0; index < data.length; index++) data[index] = factor * (data[index] as number);
  model.parametersChanged();
}

/** The weighted mean of one sequence, step by step as the formula says. */
function expectedOf(model: Model, sequence: ArrayLike<number>): number[] {
  const [weight, bias, v] = ['weight', 'bias', 'v'].map((name) => entriesOf(model, name)) as [
    number[],
    number[],
    number[],
  ];
  const steps = Array.from({ length: sequence.length / FEATURES }, (_, step) =>
    Array.from({ length: FEATURES }, (_column, column) => sequence[step * FEATURES + column] as number),
  );
  const scores = steps.map((h) =>
    bias.reduce((sum, b, unit) => {
      const product = h.reduce(
        (total, entry, column) => total + entry * (weight[unit * FEATURES + column] as number),
        b,
      );
      return sum + (v[unit] as number) * Math.tanh(product);
    }, 0),
  );
  const largest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - largest));
  const total = powers.reduce((sum, power) => sum + power);
  return Array.from({ length: FEATURES }, (_, column) =>
    steps.reduce((sum, h, step) => sum + ((h[column] as number) * (powers[step] as number)) / total, 0),
  );
}

/** The rows of a batch in the order of the sequences. */
function rowsOf(model: Model, of = batch): number[][] {
  const outputs = model.predictPackedSync(of);
  const rows: number[][] = [];
  for (const [place, index] of of.order.entries()) {
    rows[index] = [...outputs.slice(place * FEATURES, (place + 1) * FEATURES)];
  }
  return rows;
}

describe('pooling over attention', () => {
  it('is what its formula says for sequences of any lengths', () => {
    const model = poolModel();
    enlarge(model, 4);
    expect([model.outputPer, model.outputs]).toEqual(['sequence', FEATURES]);
    for (const [index, row] of rowsOf(model).entries()) {
      const expected = expectedOf(model, sequences[index] as Float32Array);
      expect(row, `sequence ${index}`).toEqual(expected.map((value) => expect.closeTo(value, 5)));
    }
  });

  it('gives a sequence the same bits alone and beside others, whose steps do not count', () => {
    const model = poolModel();
    enlarge(model, 4);
    const together = rowsOf(model);
    for (const [index, sequence] of sequences.entries()) {
      const alone = packSequences([sequence], { features: FEATURES });
      expect(rowsOf(model, alone)[0], `sequence ${index}`).toEqual(together[index]);
    }
  });

  it('passes the one step of a sequence on as it is', () => {
    const model = poolModel();
    enlarge(model, 1e6);
    const rows = rowsOf(model);
    for (const index of [2, 4]) expect(rows[index]).toEqual([...(sequences[index] as Float32Array)]);
  });

  it.each([1e3, 1e30])('chooses steps with scores of about %s, where a power would overflow', (factor) => {
    const model = poolModel();
    enlarge(model, factor);
    const targets = randomNumbers(FEATURES * LENGTHS.length, 9);
    for (const [index, row] of rowsOf(model).entries()) {
      const expected = expectedOf(model, sequences[index] as Float32Array);
      expect(row, `sequence ${index}`).toEqual(expected.map((value) => expect.closeTo(value, 3)));
    }
    const trained = packSequences(sequences, {
      features: FEATURES,
      sequenceTargets: targets,
      targetFeatures: FEATURES,
    });
    const { loss, gradientNorm } = model.trainStepSync(trained, { learningRate: 0 });
    expect([Number.isFinite(loss), Number.isFinite(gradientNorm)]).toEqual([true, true]);
  });

  it('gives other sequences of a batch the same rows when one of them is longer', () => {
    const model = poolModel();
    const longer = sequences.map((sequence, index) => (index === 1 ? randomNumbers(FEATURES * 20, 77) : sequence));
    const [before, after] = [rowsOf(model), rowsOf(model, packSequences(longer, { features: FEATURES }))];
    for (const index of [0, 2, 3, 4]) expect(after[index]).toEqual(before[index]);
    expect(after[1]).not.toEqual(before[1]);
  });

  it('is saved and loaded with its weights', async () => {
    const layers = [gru({ units: 4 }), pool({ over: 'attention', units: UNITS }), dense({ units: 2 })];
    const model = sequential(layers, { features: FEATURES }).compileSync({ loss: 'meanSquaredError', threads: 1 });
    expect([...model.parameters].map(([name, { shape }]) => [name, shape])).toEqual(
      expect.arrayContaining([
        ['pool.weight', [UNITS, 4]],
        ['pool.bias', [UNITS]],
        ['pool.v', [UNITS]],
      ]),
    );
    const path = join(temporaryDirectory(), 'pool.safetensors');
    await saveModel(model, path);
    const loaded = await loadModel(path, { threads: 1 });
    expect([...loaded.model.parameters.keys()]).toEqual([...model.parameters.keys()]);
    expect(loaded.model.predictPackedSync(batch)).toEqual(model.predictPackedSync(batch));
  });
});
