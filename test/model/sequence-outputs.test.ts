import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/batch/batch.js';
import { packSequences } from '../../src/batch/packed-batch.js';
import { restoreOrder } from '../../src/batch/sequence-rows.js';
import { Random } from '../../src/core/random.js';
import type { Model } from '../../src/model/model.js';
import { sequential } from '../../src/model/network.js';
import { dense } from '../../src/network/layers/dense.js';
import { embedding } from '../../src/network/layers/embedding.js';
import { gru, lstm } from '../../src/network/layers/recurrent.js';
import { sgd } from '../../src/network/optimizers/optimizer.js';
import { bitsOf, SYMBOLS } from './small-models.js';

const CLASSES = 4;
const code = (expected: string) => expect.objectContaining({ code: expected });

/** Symbols in, logits of classes out: for every sequence, or for every step. */
function classifier(per: 'sequence' | 'step', dropout = 0): Model {
  const output = per === 'sequence' ? 'last' : 'sequence';
  return sequential([
    embedding({ size: SYMBOLS, units: 5 }),
    lstm({ units: 6, layers: 2, output, dropout }),
    dense({ units: CLASSES }),
  ]).compileSync({ threads: 1, seed: 2, optimizer: sgd({ learningRate: 0.1 }) });
}

/** Random sequences of these lengths, and a class for each. */
function labelled(lengths: readonly number[], seed = 1) {
  const random = new Random(seed, 'labelled');
  const sequences = lengths.map((length) => Int32Array.from({ length }, () => random.integer(SYMBOLS)));
  return { sequences, classes: Int32Array.from(lengths, () => random.integer(CLASSES)) };
}

/** The same batch for a model with an output per step: all steps but the last of each sequence are ignored. */
function onlyLastSteps(sequences: readonly Int32Array[], classes: Int32Array): Batch {
  const targets = sequences.map((sequence, index) => {
    const target = new Int32Array(sequence.length).fill(-1);
    target[sequence.length - 1] = classes[index] as number;
    return target;
  });
  return packSequences(sequences, { targets });
}

describe('a network with one output per sequence', () => {
  const { sequences, classes } = labelled([3, 7, 1, 7, 2]);
  const batch = packSequences(sequences, { sequenceTargets: classes });
  const model = classifier('sequence');

  it('says so', () => {
    expect([model.outputPer, classifier('step').outputPer]).toEqual(['sequence', 'step']);
    expect(model.outputs).toBe(CLASSES);
  });

  it('predicts a row for every sequence: that of its own last step', () => {
    const outputs = restoreOrder(batch, model.predictPackedSync(batch), CLASSES);
    expect(outputs).toHaveLength(5 * CLASSES);
    const steps = classifier('step');
    for (const [index, sequence] of sequences.entries()) {
      const whole = steps.predictPackedSync(packSequences([sequence]));
      expect(outputs.slice(index * CLASSES, (index + 1) * CLASSES)).toEqual(whole.slice(-CLASSES));
    }
  });

  it('counts targets beside steps', async () => {
    const counts = { steps: 20, targets: 5 };
    expect(await model.evaluate(batch)).toEqual({ loss: expect.any(Number), ...counts });
    expect(model.evaluateSync(batch)).toMatchObject(counts);
    expect(classifier('sequence').trainStepSync(batch)).toMatchObject(counts);
    expect(await classifier('sequence').trainStep(batch)).toMatchObject(counts);
    const steps = onlyLastSteps(sequences, classes);
    expect(classifier('step').evaluateSync(steps)).toMatchObject({ steps: 20, targets: 20 });
  });

  it('has the loss and the gradient that steps of which only the last ones count have', () => {
    const [whole, steps] = [classifier('sequence'), classifier('step')];
    const options = { learningRate: 0 };
    const a = whole.trainStepSync(batch, options);
    const b = steps.trainStepSync(onlyLastSteps(sequences, classes), options);
    expect(a.loss).toBeCloseTo(b.loss, 6);
    expect(a.gradientNorm).toBeCloseTo(b.gradientNorm, 6);
    expect(a.gradientNorm).toBeGreaterThan(0.1);
    for (const [name, { gradient }] of whole.parameters) {
      const other = steps.parameters.get(name)?.gradient as Float32Array;
      const distance = Math.hypot(...gradient.map((value, index) => value - (other[index] as number)));
      expect(distance / a.gradientNorm, name).toBeLessThan(1e-6);
    }
  });

  it('takes the mean over the sequences, ignored ones left out', () => {
    const losses = sequences.map(
      (sequence, index) =>
        model.evaluateSync(packSequences([sequence], { sequenceTargets: classes.slice(index, index + 1) })).loss,
    );
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(model.evaluateSync(batch).loss).toBeCloseTo(mean(losses), 6);
    const sequenceTargets = classes.map((id, index) => (index === 1 ? -1 : id));
    const ignoring = packSequences(sequences, { sequenceTargets });
    expect(model.evaluateSync(ignoring).loss).toBeCloseTo(mean(losses.filter((_, index) => index !== 1)), 6);
  });

  it('serves batches of any size, one after the other, with the rows that a fresh model gives', () => {
    const used = classifier('sequence');
    for (const lengths of [[2, 2, 2, 2], [9], [1, 1, 1, 1, 1, 1, 1], [4, 3]]) {
      const given = labelled(lengths, lengths.length);
      const next = packSequences(given.sequences, { sequenceTargets: given.classes });
      const outputs = used.predictPackedSync(next);
      expect(outputs).toHaveLength(lengths.length * CLASSES);
      expect(bitsOf(outputs)).toBe(bitsOf(classifier('sequence').predictPackedSync(next)));
      expect(used.evaluateSync(next)).toEqual(classifier('sequence').evaluateSync(next));
    }
  });

  it('refuses targets of steps, and another number of targets, naming both numbers', () => {
    const withTarget = (target: Int32Array | Float32Array) => ({ ...batch, targets: { target } });
    expect(() => model.evaluateSync(withTarget(new Int32Array(20)))).toThrow(
      "target 'target' has 20 entries, expected 5",
    );
    expect(() => model.trainStepSync(withTarget(new Int32Array(4)))).toThrow(code('length_mismatch'));
    expect(() => model.evaluateSync(withTarget(new Float32Array(5)))).toThrow(code('rank_mismatch'));
    expect(() => model.evaluateSync(withTarget(Int32Array.of(0, 1, CLASSES, 0, 0)))).toThrow(
      'target has index 4 at row 2, expected -1..3',
    );
    expect(() => classifier('step').evaluateSync(batch)).toThrow("target 'target' has 5 entries, expected 20");
  });

  it('can be read step by step when it looks at no later step: the output so far', () => {
    const stream = model.stream();
    const sequence = sequences[1] as Int32Array;
    for (const [step, id] of sequence.entries()) {
      const begun = packSequences([sequence.slice(0, step + 1)]);
      expect(stream.step(id)).toEqual(model.predictPackedSync(begun));
    }
    stream.reset();
    expect(stream.read(sequence)).toEqual(model.predictPackedSync(packSequences([sequence])));
  });

  it('names the layer whose output is not finite', () => {
    const broken = classifier('sequence');
    const { data } = broken.parameters.get('dense.weight') ?? { data: new Float32Array() };
    data.fill(3e38);
    broken.parameters.get('lstm.bias_hh_l1')?.data.fill(20); // hidden states near 1
    broken.parametersChanged();
    expect(() => broken.trainStepSync(batch)).toThrow(
      expect.objectContaining({ code: 'non_finite_loss', details: expect.objectContaining({ layer: 'dense' }) }),
    );
  });
});

describe('targets of sequences that are numbers', () => {
  it('may have several columns', () => {
    const model = sequential([gru({ units: 4, output: 'last' }), dense({ units: 3 })], { features: 1 }).compileSync({
      loss: 'sigmoidCrossEntropy',
      threads: 1,
    });
    const sequences = [new Float32Array(2), new Float32Array(5)];
    const sequenceTargets = Float32Array.of(1, 0, 1, 0, 0, 1);
    const batch = packSequences(sequences, { sequenceTargets, targetFeatures: 3 });
    const logits = model.predictPackedSync(batch);
    const wanted = batch.targets?.['target'] as Float32Array;
    const sum = logits.reduce((total, x, index) => total + Math.log1p(Math.exp(x)) - x * (wanted[index] as number), 0);
    expect(model.evaluateSync(batch).loss).toBeCloseTo(sum / 2, 6);
  });
});
