import { describe, expect, it } from 'vitest';
import { packExamples } from '../../src/batch/example-packing.js';
import { packSequences } from '../../src/batch/packed-batch.js';
import { DataError, OptionError, RangeIndexError, ShapeError } from '../../src/core/errors.js';
import type { Model } from '../../src/model/model.js';
import { sequential } from '../../src/model/network.js';
import { dense } from '../../src/network/layers/dense.js';
import { embedding } from '../../src/network/layers/embedding.js';
import { gru } from '../../src/network/layers/recurrent.js';
import { ctcTarget } from '../../src/network/losses/ctc.js';
import type { LossDescription } from '../../src/network/losses/losses.js';
import { encoderDecoder, pairBatch, raggedPairs } from './encoder-decoder-models.js';
import { characterModel, imageOf, randomNumbers } from './small-models.js';

const CLASSES = 3;
const inputs = [[1, 2], [3, 4, 5], [6], [0, 1, 2, 3]];
const typed = inputs.map((sequence) => Int32Array.from(sequence));

function modelOf(output: 'sequence' | 'last', loss: LossDescription): Model {
  return sequential([
    embedding({ size: 7, units: 4 }),
    gru({ units: 5, output }),
    dense({ units: CLASSES }),
  ]).compileSync({ loss, threads: 1 });
}

/** That plain examples do what a batch of them does. */
async function sameAs(make: () => Model, plain: Parameters<Model['trainStep']>[0], batch: typeof plain) {
  const [one, other] = [make(), make()];
  expect(await one.evaluate(plain)).toEqual(await other.evaluate(batch));
  expect(one.evaluateSync(plain)).toEqual(other.evaluateSync(batch));
  for (let step = 0; step < 3; step++) expect(await one.trainStep(plain)).toEqual(await other.trainStep(batch));
  expect(one.trainStepSync(plain)).toEqual(other.trainStepSync(batch));
  expect(imageOf(one)).toEqual(imageOf(other));
}

describe('plain examples', () => {
  it('train as the packed batch does, with a class for every step', async () => {
    const targets = inputs.map((sequence) => sequence.map((id) => (id % (CLASSES + 1)) - 1));
    const batch = packSequences(typed, { targets: targets.map((each) => Int32Array.from(each)) });
    await sameAs(() => modelOf('sequence', 'softmaxCrossEntropy'), { inputs, targets }, batch);
  });

  it('train as the packed batch does, with a class for every sequence', async () => {
    const batch = packSequences(typed, { sequenceTargets: Int32Array.of(2, 0, -1, 1) });
    const make = () => modelOf('last', 'softmaxCrossEntropy');
    await sameAs(make, { inputs, targets: [2, 0, -1, 1] }, batch);
    await sameAs(make, { inputs: { input: typed }, targets: { target: Int32Array.of(2, 0, -1, 1) } }, batch);
  });

  it('train as the packed batch does, with a row of numbers for every step or sequence', async () => {
    const rows = inputs.map((sequence, index) => randomNumbers(sequence.length * CLASSES, index));
    const plain = rows.map((flat, index) =>
      (inputs[index] as number[]).map((_, step) => [...flat.slice(step * CLASSES, (step + 1) * CLASSES)]),
    );
    const steps = packSequences(typed, { targets: rows, targetFeatures: CLASSES });
    await sameAs(() => modelOf('sequence', 'meanSquaredError'), { inputs, targets: plain }, steps);
    const first = plain.map((sequence) => sequence[0] as number[]);
    const sequenceTargets = Float32Array.from(first.flat());
    const sequences = packSequences(typed, { sequenceTargets, targetFeatures: CLASSES });
    await sameAs(() => modelOf('last', 'meanSquaredError'), { inputs, targets: first }, sequences);
  });

  it('train as the packed batch does, with several inputs', async () => {
    const pairs = raggedPairs();
    const named = { source: pairs.map(({ source }) => [...source]), previous: pairs.map(({ previous }) => previous) };
    const make = () => encoderDecoder().compileSync({ threads: 1 });
    await sameAs(make, { inputs: named, targets: pairs.map(({ words }) => words) }, pairBatch(pairs));
  });

  it('train as the packed batch does, with labels without places in time', async () => {
    const labels = [[1], [2, 1], [], [1, 1]];
    const examples = typed.map((input, index) => {
      return { input, target: ctcTarget(labels[index] as number[], { classes: CLASSES }) };
    });
    const batch = packExamples(examples, { inputs: { input: {} }, targets: { target: { axis: 'output/labels' } } });
    await sameAs(() => modelOf('sequence', { kind: 'ctc' }), { inputs, targets: labels }, batch);
  });

  it('are refused by name and number before anything has changed', async () => {
    const steps = modelOf('sequence', 'softmaxCrossEntropy');
    const last = modelOf('last', 'softmaxCrossEntropy');
    const ctc = modelOf('sequence', { kind: 'ctc' });
    const perStep = inputs.map((sequence) => sequence.map(() => 0));
    const wrong: [Model, unknown, new (...args: never[]) => Error, string][] = [
      [steps, perStep.slice(1), ShapeError, "target 'target' has 3 sequences, input 'input' has 4"],
      [
        steps,
        [[0], [0, 0, 0], [0], [0]],
        ShapeError,
        "sequence 0 of target 'target' has 1 steps, that of input 'input' has 2",
      ],
      [steps, [0, 1, 2, 0], ShapeError, "sequence 0 of target 'target' is 0, expected ids"],
      [
        steps,
        [[0, 3], ...perStep.slice(1)],
        RangeIndexError,
        "sequence 0 of target 'target' has index 3 at step 1, expected -1..2",
      ],
      [steps, undefined, OptionError, "'target' is missing"],
      [steps, { output: perStep }, OptionError, 'output'],
      [last, perStep, ShapeError, "sequence 0 of target 'target' is an array of 2, expected an id"],
      [last, [0, 1, 2, -2], RangeIndexError, "sequence 3 of target 'target' has index -2"],
      [ctc, [[1], [0], [], [1]], RangeIndexError, "sequence 1 of target 'target': label 0 at position 0"],
      [ctc, [[1], [1], [1, 2], [1]], ShapeError, "sequence 2 of target 'target': 2 labels need at least 2 frames"],
    ];
    for (const [model, targets, kind, message] of wrong) {
      const before = imageOf(model);
      const failed = await model.trainStep({ inputs, targets } as never).catch((error: unknown) => error);
      expect((failed as Error).message).toContain(message);
      expect(failed).toBeInstanceOf(kind);
      expect(imageOf(model)).toEqual(before);
    }
    await expect(steps.evaluate({ inputs: [], targets: [] })).rejects.toThrow(DataError);
  });

  it('may be what a stream of steps would have: the model of characters', () => {
    const model = characterModel();
    const { steps, targets } = model.evaluateSync({ inputs, targets: inputs });
    expect([steps, targets]).toEqual([10, 10]);
  });
});
