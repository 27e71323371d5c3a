import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Batch, type CarriedState, type Model, packPadded, packSequences } from '../../src/index.js';
import { bitsOf, imageOf } from './small-models.js';
import {
  CAUSAL,
  FEATURES,
  LOOKING_AHEAD,
  OUTPUTS,
  outputsOf,
  randomSequences,
  VARIANTS,
  variantBatch,
  variantModel,
  withoutDropout,
} from './variant-models.js';

// Small as the models are, all threads take part in every instruction.
beforeAll(() => {
  vi.stubEnv('BPTT_GRAIN', '0');
});
afterAll(() => {
  vi.unstubAllEnvs();
});

const LENGTHS = [3, 9, 1, 6, 6];

/** Training steps `from` to `to`, each on a batch of its own, with a state from step to step where the network lets it be carried. */
function train(model: Model, state: CarriedState, from: number, to: number) {
  const carried = model.streamObstacle === undefined ? { state } : {};
  return Array.from({ length: to - from }, (_, index) => {
    return model.trainStepSync(variantBatch(model, LENGTHS, from + index + 1), { ...carried, clipNorm: 0.5 });
  });
}

describe.each(VARIANTS)('training of a network of %s', (_, layers) => {
  it('gives the same bits on one, two and three threads', () => {
    const run = (threads: number) => {
      const model = variantModel(layers, { threads });
      const state = model.newState(LENGTHS.length);
      const results = train(model, state, 0, 5);
      const outputs = bitsOf(model.predictPackedSync(variantBatch(model, LENGTHS)));
      return { results, outputs, image: imageOf(model, state) };
    };
    const one = run(1);
    expect(new Set(one.results.map(({ loss }) => loss)).size).toBe(5);
    for (const threads of [2, 3]) expect(run(threads)).toEqual(one);
  });

  it('goes on with the same bits in another model that is given what the first one has', () => {
    const first = variantModel(layers);
    const state = first.newState(LENGTHS.length);
    train(first, state, 0, 3);
    const second = variantModel(layers);
    // Two steps on other batches leave it far from the first one, and packed copies of other parameters behind.
    train(second, second.newState(LENGTHS.length), 7, 9);
    for (const [name, { data }] of second.parameters) data.set(first.parameters.get(name)?.data as Float32Array);
    for (const [name, data] of second.optimizerState) data.set(first.optimizerState.get(name) as Float32Array);
    second.step = first.step;
    const copied = state.clone();
    expect(imageOf(second, copied)).toEqual(imageOf(first, state));
    expect(train(second, copied, 3, 5)).toEqual(train(first, state, 3, 5));
    expect(imageOf(second, copied)).toEqual(imageOf(first, state));
  });

  it('is random, while evaluation and prediction are not, and know nothing of dropout', () => {
    const [noisy, plain] = [variantModel(layers), variantModel(withoutDropout(layers))];
    const batch = variantBatch(noisy, LENGTHS);
    const evaluation = noisy.evaluateSync(batch);
    expect(noisy.evaluateSync(batch)).toEqual(evaluation);
    expect(plain.evaluateSync(batch)).toEqual(evaluation);
    expect(bitsOf(noisy.predictPackedSync(batch))).toBe(bitsOf(plain.predictPackedSync(batch)));
    const lossAt = (step: number) => {
      noisy.step = step;
      return noisy.trainStepSync(batch, { learningRate: 0 }).loss;
    };
    const losses = [lossAt(0), lossAt(1), lossAt(0)];
    expect(losses[1]).not.toBe(losses[0]);
    expect(losses[2]).toBe(losses[0]);
    expect(noisy.evaluateSync(batch)).toEqual(evaluation);
  });
});

/** The steps of a packed batch from `begin` on, as a batch of its own. */
function stepsOf({ batchSizes, inputs }: Batch, begin: number, end: number): Batch {
  const rowsUntil = (step: number) => batchSizes.subarray(0, step).reduce((sum, alive) => sum + alive, 0);
  const input = (inputs['input'] as Float32Array).slice(FEATURES * rowsUntil(begin), FEATURES * rowsUntil(end));
  return { batchSizes: batchSizes.slice(begin, end), inputs: { input } };
}

/** A trained model, so that no bias is 0 and no gain 1. */
function trainedModel(layers: (typeof VARIANTS)[number][1]): Model {
  const model = variantModel(layers);
  train(model, model.newState(LENGTHS.length), 0, 3);
  return model;
}

describe.each(CAUSAL)('a network of %s', (_, layers) => {
  const model = trainedModel(layers);

  it('gives as a stream, step by step, what it predicts of the whole sequence, bit for bit', () => {
    const [sequence] = randomSequences([11]) as [Float32Array];
    const whole = model.predictPackedSync(packSequences([sequence], { features: FEATURES }));
    const stream = model.stream();
    for (let step = 0; step < 11; step++) {
      const output = stream.step(sequence.slice(step * FEATURES, (step + 1) * FEATURES));
      expect(bitsOf(output), `step ${step}`).toBe(bitsOf(whole.slice(step * OUTPUTS, (step + 1) * OUTPUTS)));
    }
  });

  it('carries its states from one half of the sequences to the other, bit for bit', () => {
    const batch = variantBatch(model, [8, 7, 7, 5]);
    const [once, twice] = [model.newState(4), model.newState(4)];
    const whole = model.predictPackedSync(batch, { state: once });
    const halves = [stepsOf(batch, 0, 4), stepsOf(batch, 4, 8)].map((half) =>
      model.predictPackedSync(half, { state: twice }),
    );
    expect(halves.map(bitsOf).join('')).toBe(bitsOf(whole));
    for (const [name, values] of once.values) {
      expect(bitsOf(twice.values.get(name) as Float32Array), name).toBe(bitsOf(values));
      expect(
        values.some((value) => value !== 0),
        name,
      ).toBe(true);
    }
  });
});

describe.each(VARIANTS)('a network of %s that reads sequences of many lengths', (_, layers) => {
  const model = trainedModel(layers);
  const lengths = [4, 9, 1, 2, 9, 6];
  const sequences = randomSequences(lengths, 3);
  const batch = packSequences(sequences, { features: FEATURES });

  it('predicts of each what it predicts of it alone, bit for bit', () => {
    const together = outputsOf(model, batch);
    for (const [place, index] of batch.order.entries()) {
      const alone = packSequences([sequences[index] as Float32Array], { features: FEATURES });
      expect(together[place], `sequence ${index}`).toEqual(outputsOf(model, alone)[0]);
    }
  });

  it.each([
    ['with lengths', false, false],
    ['with a mask', true, false],
    ['time-major, with lengths', false, true],
    ['time-major, with a mask', true, true],
  ])('is not changed by padding: %s', (_name, hasMask, timeMajor) => {
    const steps = 13;
    const shape = { batch: lengths.length, steps, features: FEATURES, timeMajor };
    const garbage = [Number.NaN, Number.POSITIVE_INFINITY, -1e30, 7];
    const values = new Float32Array(lengths.length * steps * FEATURES).map((__, index) => garbage[index % 4] as number);
    const mask = new Uint8Array(lengths.length * steps);
    for (const [index, sequence] of sequences.entries()) {
      for (let step = 0; step < (lengths[index] as number); step++) {
        const row = timeMajor ? step * lengths.length + index : index * steps + step;
        values.set(sequence.subarray(step * FEATURES, (step + 1) * FEATURES), row * FEATURES);
        mask[row] = 1;
      }
    }
    const padded = packPadded(values, { ...shape, ...(hasMask ? { mask } : { lengths }) });
    expect(padded).toEqual(batch);
    expect(bitsOf(model.predictPackedSync(padded))).toBe(bitsOf(model.predictPackedSync(batch)));
  });
});

describe.each(LOOKING_AHEAD)('a network of %s', (_, layers) => {
  it('has no stream, and its first output depends on the last step', () => {
    const model = variantModel(layers);
    expect(() => model.stream()).toThrow(expect.objectContaining({ code: 'not_streamable' }));
    const [sequence] = randomSequences([6]) as [Float32Array];
    const changed = sequence.slice();
    changed[changed.length - 1] = 3;
    const first = (values: Float32Array) => outputsOf(model, packSequences([values], { features: FEATURES }))[0]?.[0];
    expect(first(changed)).not.toBe(first(sequence));
  });
});
