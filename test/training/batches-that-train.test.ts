/** Batches of too few rows for batch normalisation: a fit makes none, and refuses those that are given before its first step. */
import { describe, expect, it } from 'vitest';
import { SequenceBatches } from '../../src/data/sequence-batches.js';
import {
  type AnyLayer,
  type Batch,
  batchNormalization,
  conv1d,
  dense,
  gru,
  packSequences,
  sequential,
  Trainer,
} from '../../src/index.js';

function modelOf(...layers: readonly AnyLayer[]) {
  return sequential(layers, { features: 1 }).compileSync({ loss: 'meanSquaredError', threads: 1 });
}

const behindLast = () => modelOf(gru({ units: 2, output: 'last' }), batchNormalization(), dense({ units: 1 }));
const ofSteps = () => modelOf(batchNormalization(), dense({ units: 1 }));

/** Sequences of so many steps, and targets of one row each, or of one for each step. */
function dataOf(lengths: readonly number[], per: 'step' | 'sequence') {
  const inputs = lengths.map((length, at) => Float32Array.from({ length }, (_, step) => Math.sin(at + step)));
  const targets = inputs.map((sequence) => (per === 'step' ? sequence : sequence.slice(-1)));
  return { inputs, targets };
}

const trainer = (model: ReturnType<typeof modelOf>, epochs = 2) => new Trainer(model, { epochs, progress: false });
const fill = (count: number, length = 3) => new Array<number>(count).fill(length);

describe('a network with batch normalisation of one row for each sequence', () => {
  it.each([
    [33, undefined, 2],
    [7, 3, 3],
    [7, 2, 3],
    [3, 2, 1],
    [5, 4, 2],
    [2, 2, 1],
  ])('is trained on %i sequences in batches of %s, in %i steps', async (count, batch, steps) => {
    const model = behindLast();
    expect(model.shortestAlone).toBe(Number.POSITIVE_INFINITY);
    const data = { ...dataOf(fill(count), 'sequence'), ...(batch !== undefined && { batch }) };
    expect(await trainer(model).fit(data)).toMatchObject({ steps: 2 * steps });
  });

  it('is trained on sequence batches by their steps, which hold one long sequence or more', async () => {
    const { inputs, targets } = dataOf([9, 2, 2, 8, 9, 1], 'sequence');
    const examples = inputs.map((input, at) => ({ input, target: targets[at] as Float32Array }));
    const training = new SequenceBatches(examples, {
      tokens: 9,
      features: 1,
      targetFeatures: 1,
      targetPer: 'sequence',
    });
    const { steps } = await trainer(behindLast()).fit({ training });
    expect(steps).toBeGreaterThan(0);
  });

  it.each([
    ['one sequence', { ...dataOf([3], 'sequence') }, /example 0 \(3 steps\) is a batch by itself.*give more examples/],
    ['batches of one', { ...dataOf([3, 4], 'sequence'), batch: 1 }, /is a batch by itself.*give a larger 'batch'/],
  ])('refuses %s before the first step', async (_, data, message) => {
    const model = behindLast();
    await expect(trainer(model).fit(data)).rejects.toThrow(expect.objectContaining({ code: 'too_few_rows' }));
    await expect(trainer(model).fit(data)).rejects.toThrow(message);
    expect(model.step).toBe(0);
  });

  it("refuses a list of one's own batches before the first step, and one after the other where they come as they like", async () => {
    const batches = [[3, 3], [2]].map((lengths): Batch => {
      const { inputs, targets } = dataOf(lengths, 'sequence');
      return {
        ...packSequences(inputs, { features: 1 }),
        targets: { target: Float32Array.from(targets.flatMap((row) => [...row])) },
      };
    });
    const refused = expect.objectContaining({ code: 'too_few_rows' });
    const help = /has 1 rows \(sequences of the axis 'time'\).*put them into another batch, or leave them out/;
    const model = behindLast();
    await expect(trainer(model).fit(batches)).rejects.toThrow(refused);
    await expect(trainer(model).fit(batches)).rejects.toThrow(help);
    expect(() => model.requireTrainable(batches[1] as Batch)).toThrow(refused);
    expect(model.step).toBe(0);
    await expect(trainer(model).fit(new Set(batches))).rejects.toThrow(help);
    expect(model.step).toBe(1);
  });
});

describe('a network with batch normalisation of steps', () => {
  it('may be trained on one sequence at a time, if it has two steps', async () => {
    const model = ofSteps();
    expect(model.shortestAlone).toBe(2);
    expect((await trainer(model, 1).fit({ ...dataOf([3, 2, 4], 'step'), batch: 1 })).steps).toBe(3);
    const short = { ...dataOf([3, 1, 4], 'step'), batch: 1 };
    const other = ofSteps();
    await expect(trainer(other).fit(short)).rejects.toMatchObject({
      code: 'too_few_rows',
      details: { index: 1, steps: 1 },
    });
    expect(other.step).toBe(0);
    expect((await trainer(other, 1).fit({ ...short, batch: 2 })).steps).toBe(1);
  });

  it('counts the steps behind a convolution that leaves fewer', async () => {
    const model = modelOf(conv1d({ units: 2, kernelSize: 3, stride: 2 }), batchNormalization(), dense({ units: 1 }));
    expect(model.shortestAlone).toBe(5);
    const { inputs } = dataOf([5, 3], 'step');
    const targets = [[0, 1], [0]];
    await expect(trainer(model).fit({ inputs, targets, batch: 1 })).rejects.toMatchObject({
      code: 'too_few_rows',
      details: { index: 1, steps: 3 },
    });
    expect((await trainer(model, 1).fit({ inputs, targets, batch: 2 })).steps).toBe(1);
  });
});

it('a network without such a layer is trained on a batch of one', async () => {
  const model = modelOf(gru({ units: 2, output: 'last' }), dense({ units: 1 }));
  expect(model.shortestAlone).toBe(1);
  expect((await trainer(model).fit({ ...dataOf(fill(33), 'sequence') })).steps).toBe(4);
});
