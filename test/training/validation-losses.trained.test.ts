import { describe, expect, it } from 'vitest';
import { defineLoss, dense, gru, type LossDescription, network, Random, sgd, Trainer } from '../../src/index.js';
import { power, softmaxCrossEntropy, subtract, sumOverColumns, sumOverRows } from '../../src/network/operations.js';

const LENGTHS = [9, 3, 7, 2, 5, 8, 4];
const random = new Random(1, 'validation');
const numbers = (length: number) => Float32Array.from({ length }, () => random.uniform() - 0.5);
const inputs = LENGTHS.map((length) => numbers(length));

/** So small that it changes no bit: the losses of an epoch are those of one model. */
const still = sgd({ learningRate: 1e-30 });

/** A network of an output for each step and one for each sequence. */
const twoOutputs = () =>
  network({
    inputs: { input: { kind: 'features', units: 1 } },
    nodes: [
      { name: 'gru', layer: gru({ units: 4 }), inputs: ['input'] },
      { name: 'steps', layer: dense({ units: 1 }), inputs: ['gru'] },
      { name: 'last', layer: gru({ units: 3, output: 'last' }), inputs: ['gru'] },
      { name: 'whole', layer: dense({ units: 1 }), inputs: ['last'] },
    ],
    outputs: { steps: 'steps', whole: 'whole' },
  });

const single = (units: number) =>
  network({
    inputs: { input: { kind: 'features', units: 1 } },
    nodes: [
      { name: 'gru', layer: gru({ units: 4 }), inputs: ['input'] },
      { name: 'dense', layer: dense({ units }), inputs: ['gru'] },
    ],
    output: 'dense',
  });

describe('the losses of batches, in training and in validation,', () => {
  it('add up to that of evaluate, for several outputs of different numbers of rows and weights', async () => {
    const model = twoOutputs().compileSync({
      losses: { steps: { kind: 'meanSquaredError', weights: 'sequence' }, whole: 'meanSquaredError' },
      lossWeights: { whole: 3 },
      optimizer: still,
    });
    const data = {
      inputs,
      targets: { steps: LENGTHS.map(numbers), whole: LENGTHS.map((_, at) => [at * 5]) },
      weights: { steps: LENGTHS.map((_, at) => (at % 3 === 0 ? 0 : at)) },
    };
    await validated(model, data);
  });

  const labels = LENGTHS.map((length) => Int32Array.from({ length: Math.ceil(length / 3) }, (_, at) => 1 + (at % 2)));
  const ctc = ['sum', 'perFrame', 'perLabel', 'perSequence'].map((reduction) => ({ kind: 'ctc', reduction }));
  it.each(ctc as LossDescription[])('add up to that of evaluate, for %j', async (loss) => {
    await validated(single(3).compileSync({ loss, optimizer: still }), { inputs, targets: labels });
  });

  const classes = LENGTHS.map((length, at) => Int32Array.from({ length }, (_, step) => ((at + step) % 3) - 1));
  const entropy = defineLoss({
    name: 'entropy',
    target: { kind: 'indices', ignore: true },
    build: (outputs, target) => softmaxCrossEntropy(outputs, target),
  });
  const squares = defineLoss({
    name: 'squares',
    reduction: 'sum',
    build: (outputs, target) => sumOverRows(sumOverColumns(power(subtract(outputs, target), 2))),
  });
  it.each([
    ['that ignores rows', entropy(), classes],
    ['that is a sum', squares(), LENGTHS.map((length) => numbers(2 * length))],
  ] as const)('add up to that of evaluate, for a loss of one’s own %s', async (_, loss, targets) => {
    const model = single(2).compileSync({ loss, optimizer: still });
    await validated(model, { inputs, targets });
    const { loss: whole } = model.evaluateSync({ inputs, targets });
    for (const batch of [1, 2, 3])
      expect(model.evaluateSync({ inputs, targets }, { batch }).loss / whole).toBeCloseTo(1, 5);
    if (loss.kind === 'entropy') {
      const known = single(2).compileSync({ loss: 'softmaxCrossEntropy', optimizer: still });
      expect(whole).toBeCloseTo(known.evaluateSync({ inputs, targets }).loss, 6);
    }
  });

  it('add up to that of evaluate, where the classes of whole batches have no weight and smoothing spreads them', async () => {
    const loss: LossDescription = { kind: 'softmaxCrossEntropy', classWeights: [0, 0.3, 1], labelSmoothing: 0.5 };
    const targets = LENGTHS.map((length, at) => Int32Array.from({ length }, () => (at < 4 ? 0 : at % 3)));
    const model = single(3).compileSync({ loss, optimizer: still });
    await validated(model, { inputs, targets });
    const parts = { inputs: inputs.slice(0, 2), targets: targets.slice(0, 2) };
    expect(model.evaluateSync(parts).loss).toBeGreaterThan(0);
    expect(model.evaluateSync({ inputs, targets }, { batch: 1 }).loss).toBeCloseTo(
      model.evaluateSync({ inputs, targets }).loss,
      6,
    );
  });
});

/** An epoch with batches of 2, and a validation on all. */
async function validated(model: ReturnType<ReturnType<typeof single>['compileSync']>, data: object) {
  const trainer = new Trainer(model, { epochs: 1, progress: false, keep: 'last' });
  const { validation, trainingLoss } = await trainer.fit({ ...data, batch: 2, validation: data } as never);
  const { loss } = await model.evaluate(data as never);
  expect(loss).toBeGreaterThan(0);
  expect((validation?.loss as number) / loss).toBeCloseTo(1, 6);
  expect((trainingLoss as number) / loss).toBeCloseTo(1, 6);
}
