import { describe, expect, it } from 'vitest';
import { dense, gru, type LossDescription, network, Random, Trainer } from '../../src/index.js';

const LENGTHS = [9, 3, 7, 2, 5, 8, 4];
const random = new Random(1, 'validation');
const numbers = (length: number) => Float32Array.from({ length }, () => random.uniform() - 0.5);
const inputs = LENGTHS.map((length) => numbers(length));

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

describe('the validation of a training', () => {
  it('is the loss that evaluate gives, for several outputs of different numbers of rows and weights', async () => {
    const model = twoOutputs().compileSync({
      losses: { steps: { kind: 'meanSquaredError', weights: 'sequence' }, whole: 'meanSquaredError' },
      lossWeights: { whole: 3 },
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
  it.each(ctc as LossDescription[])('is the loss that evaluate gives, for %j', async (loss) => {
    await validated(single(3).compileSync({ loss }), { inputs, targets: labels });
  });
});

/** Trains one epoch with batches of 2 and validates on all. */
async function validated(model: ReturnType<ReturnType<typeof single>['compileSync']>, data: object) {
  const trainer = new Trainer(model, { epochs: 1, progress: false, keep: 'last' });
  const { validation } = await trainer.fit({ ...data, batch: 2, validation: data } as never);
  const { loss } = await model.evaluate(data as never);
  expect(loss).toBeGreaterThan(0);
  expect((validation?.loss as number) / loss).toBeCloseTo(1, 6);
}
