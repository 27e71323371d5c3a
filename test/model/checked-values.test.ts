/** Numbers that no kernel may see are refused with the sequence and the step, by predictions, evaluations and training. */
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/batch/batch.js';
import { packExamples } from '../../src/batch/example-packing.js';
import { packSequences } from '../../src/batch/packed-batch.js';
import { type Model, sequential } from '../../src/index.js';
import { dense } from '../../src/network/layers/dense.js';
import { embedding } from '../../src/network/layers/embedding.js';
import { lstm } from '../../src/network/layers/recurrent.js';
import { Trainer } from '../../src/training/trainer.js';
import { imageOf } from './small-models.js';

const LENGTHS = [2, 4, 3];
const regression = () =>
  sequential([lstm({ units: 3 }), dense({ units: 1 })], { features: 2 }).compileSync({
    loss: 'meanSquaredError',
    threads: 1,
  });
const classes = () =>
  sequential([embedding({ size: 5, units: 3 }), lstm({ units: 3 }), dense({ units: 3 })]).compileSync({
    loss: 'softmaxCrossEntropy',
    threads: 1,
  });

/** Everything that reads a batch; the last ones also read its targets. */
const READERS = {
  predictPacked: (model: Model, batch: Batch) => model.predictPacked(batch),
  predictPackedSync: async (model: Model, batch: Batch) => model.predictPackedSync(batch),
  evaluate: (model: Model, batch: Batch) => model.evaluate(batch),
  evaluateSync: async (model: Model, batch: Batch) => model.evaluateSync(batch),
  trainStep: (model: Model, batch: Batch) => model.trainStep(batch),
  trainStepSync: async (model: Model, batch: Batch) => model.trainStepSync(batch),
  fit: (model: Model, batch: Batch) => new Trainer(model, { steps: 1, progress: false }).fit([batch]),
} as const;

async function refused(model: Model, batch: Batch, error: object, wanted = Object.keys(READERS)): Promise<void> {
  const before = imageOf(model);
  for (const [name, read] of Object.entries(READERS)) {
    if (wanted.includes(name)) await expect(read(model, batch), name).rejects.toMatchObject(error);
  }
  expect(imageOf(model)).toEqual(before);
}

const WITH_TARGETS = ['evaluate', 'evaluateSync', 'trainStep', 'trainStepSync', 'fit'];

describe('a batch is refused before the kernels', () => {
  const rows = (width: number) => LENGTHS.map((length) => new Float32Array(length * width));

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('for the input %d', async (value) => {
    const inputs = rows(2);
    (inputs[2] as Float32Array)[3] = value; // sequence 2, step 1, number 1
    const batch = packSequences(inputs, { features: 2, targets: rows(1) });
    const details = { name: 'input', sequence: 2, step: 1, column: 1, value };
    const message = `input 'input' has ${value} in sequence 2, step 1, number 1, expected finite numbers`;
    await refused(regression(), batch, { code: 'non_finite_data', message, details });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    'for the target %d, which a prediction does not read',
    async (value) => {
      const targets = rows(1);
      (targets[1] as Float32Array)[3] = value;
      const batch = packSequences(rows(2), { features: 2, targets });
      const details = { name: 'target', sequence: 1, step: 3, value };
      await refused(regression(), batch, { code: 'non_finite_data', details }, WITH_TARGETS);
      expect(regression().predictPackedSync(batch)).toHaveLength(9);
    },
  );

  it.each([5, -1, 2 ** 31 - 1])('for the symbol %d', async (index) => {
    const ids = LENGTHS.map((length) => new Int32Array(length));
    (ids[0] as Int32Array)[1] = index;
    const batch = packSequences(ids, { targets: LENGTHS.map((length) => new Int32Array(length)) });
    const details = { name: 'input', index, low: 0, high: 4, sequence: 0, step: 1 };
    await refused(classes(), batch, { code: 'index_out_of_range', details });
  });

  it.each([3, -2])('for the class %d', async (index) => {
    const targets = LENGTHS.map((length) => new Int32Array(length));
    (targets[1] as Int32Array)[2] = index;
    const batch = packSequences(
      LENGTHS.map((length) => new Int32Array(length)),
      { targets },
    );
    const details = { name: 'target', index, low: -1, high: 2, sequence: 1, step: 2 };
    await refused(classes(), batch, { code: 'index_out_of_range', details }, WITH_TARGETS);
  });

  it('for a sequence without steps', () => {
    const empty = [...rows(2).slice(1), new Float32Array(0)];
    expect(() => packSequences(empty, { features: 2 })).toThrow(expect.objectContaining({ code: 'empty_data' }));
    const model = regression();
    const plain = { inputs: empty, targets: rows(1) };
    expect(() => model.predictSync(empty)).toThrow(/sequence 2 of input 'input' has no steps/);
    expect(() => model.evaluateSync(plain)).toThrow(/sequence 2 of input 'input' has no steps/);
    expect(() => model.trainStepSync(plain)).toThrow(/sequence 2 of input 'input' has no steps/);
  });

  const ctc = (options = {}) =>
    sequential([lstm({ units: 3 }), dense({ units: 4 })], { features: 2 }).compileSync({
      loss: { kind: 'ctc', ...options },
      threads: 1,
    });
  const labelled = (labels: readonly (readonly number[])[]) =>
    packExamples(
      LENGTHS.map((length, at) => ({
        input: new Float32Array(2 * length),
        labels: Int32Array.from(labels[at] as number[]),
      })),
      { inputs: { input: { width: 2 } }, targets: { target: { field: 'labels', axis: 'output/labels' } } },
    );
  const whole = [
    [1, -1],
    [1, 2, -1],
    [3, -1],
  ];

  it.each([
    [
      'three labels in two frames',
      [
        [1, 2, 3, -1],
        [1, -1],
        [1, -1],
      ],
      'length_mismatch',
      { sequence: 0, needed: 3, frames: 2 },
    ],
    [
      'equal neighbours',
      [
        [1, -1],
        [1, -1],
        [2, 2, 2, -1],
      ],
      'length_mismatch',
      { sequence: 2, needed: 5, frames: 3 },
    ],
    [
      'the blank',
      [
        [1, -1],
        [1, 0, -1],
        [2, -1],
      ],
      'index_out_of_range',
      { sequence: 1, step: 1 },
    ],
    [
      'no mark at the end',
      [
        [1, -1],
        [1, 2],
        [2, -1],
      ],
      'index_out_of_range',
      { sequence: 1 },
    ],
    [
      'a mark before the end',
      [
        [1, -1],
        [-1, 2, -1],
        [2, -1],
      ],
      'index_out_of_range',
      { sequence: 1 },
    ],
  ])('for CTC targets with %s', async (_name, labels, code, details) => {
    await refused(ctc(), labelled(labels), { code, details }, WITH_TARGETS);
    expect(ctc().evaluateSync(labelled(whole)).loss).toBeGreaterThan(0);
  });

  it('unless CTC leaves out what does not fit', () => {
    const loss = ctc({ zeroInfinity: true }).evaluateSync(
      labelled([
        [1, 2, 3, -1],
        [1, -1],
        [1, -1],
      ]),
    ).loss;
    expect(loss).toBeGreaterThan(0);
  });
});
