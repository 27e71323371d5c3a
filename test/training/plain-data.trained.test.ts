import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DataError, OptionError, RangeIndexError, ShapeError } from '../../src/core/errors.js';
import { Random } from '../../src/core/random.js';
import { SequenceBatches } from '../../src/data/sequence-batches.js';
import { sequential } from '../../src/model/network.js';
import { dense } from '../../src/network/layers/dense.js';
import { embedding } from '../../src/network/layers/embedding.js';
import { gru } from '../../src/network/layers/recurrent.js';
import { adam } from '../../src/network/optimizers/optimizer.js';
import { Trainer } from '../../src/training/trainer.js';
import type { TrainerOptions } from '../../src/training/trainer-options.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { encoderDecoder, reversedPairs } from '../model/encoder-decoder-models.js';
import { imageOf } from '../model/small-models.js';
import { ToyModel } from './toy-model.js';

const SYMBOLS = 6;

/** Sequences of symbols, and whether the first symbol is below the middle. */
function examples(count: number, seed: number) {
  const random = new Random(seed, 'examples');
  const inputs = Array.from({ length: count }, () =>
    Array.from({ length: 1 + random.integer(6) }, () => random.integer(SYMBOLS)),
  );
  return { inputs, targets: inputs.map(([first = 0]) => Number(first < SYMBOLS / 2)) };
}

const compile = () =>
  sequential([
    embedding({ size: SYMBOLS, units: 6 }),
    gru({ units: 12, output: 'last' }),
    dense({ units: 2 }),
  ]).compileSync({
    optimizer: adam({ learningRate: 0.02 }),
    threads: 1,
    seed: 3,
  });

const data = examples(90, 1);
const held = examples(20, 2);
const quiet = { progress: false } as const;

describe('plain sequences', () => {
  it('are learnt, and predicted in their order afterwards', async () => {
    const model = compile();
    const { best, weights, steps } = await new Trainer(model, { epochs: 30, ...quiet }).fit({
      ...data,
      validation: 0.2,
    });
    expect(steps).toBe(30 * Math.ceil(72 / 32));
    expect(best?.tokens).toBe(18);
    expect(weights).toBe('best');
    const logits = await model.predict(held.inputs);
    const right = logits.filter(([no = 0, yes = 0], index) => Number(yes > no) === held.targets[index]);
    expect(right.length).toBeGreaterThanOrEqual(18);
  });

  it('are trained on as SequenceBatches of the same examples are', async () => {
    const source = ({ inputs, targets }: typeof data) =>
      inputs.map((input, index) => ({ input: Int32Array.from(input), target: targets[index] as number }));
    const options: TrainerOptions = { epochs: 3, ...quiet };
    const [plain, packed] = [compile(), compile()];
    const first = await new Trainer(plain, options).fit({ ...data, batch: 8, validation: held });
    const second = await new Trainer(packed, options).fit({
      training: new SequenceBatches(source(data), { batch: 8 }),
      validation: new SequenceBatches(source(held), { batch: 8 }),
    });
    expect({ ...first, seconds: 0, tokensPerSecond: 0 }).toEqual({ ...second, seconds: 0, tokensPerSecond: 0 });
    expect(imageOf(plain)).toEqual(imageOf(packed));
  });

  it('are gone on with by a resumed run within an epoch, bit for bit', async () => {
    const train = (model: ReturnType<typeof compile>, options: Partial<TrainerOptions>, directory: string) =>
      new Trainer(model, { epochs: 3, ...quiet, directory, ...options }).fit({ ...data, batch: 8, validation: 0.1 });
    const [whole, stopped, resumed] = [compile(), compile(), compile()];
    const expected = await train(whole, {}, join(temporaryDirectory(), 'run'));
    const directory = join(temporaryDirectory(), 'run');
    await train(stopped, { callbacks: { onStep: ({ step, stop }) => (step === 14 ? stop() : undefined) } }, directory);
    const found = await train(resumed, { resume: true }, directory);
    expect(imageOf(resumed)).toEqual(imageOf(whole));
    expect({ ...found, seconds: 0, tokensPerSecond: 0, checkpoint: '', best: '' }).toEqual({
      ...expected,
      ...{ seconds: 0, tokensPerSecond: 0, checkpoint: '', best: '' },
    });
    const other = new Trainer(compile(), { epochs: 4, ...quiet, directory, resume: true });
    await expect(other.fit({ ...examples(90, 7), batch: 8, validation: 0.1 })).rejects.toMatchObject({
      code: 'configuration_mismatch',
    });
  });

  it('have names where the network has several inputs', async () => {
    const pairs = reversedPairs(24, 4);
    const model = encoderDecoder().compileSync({ optimizer: adam({ learningRate: 0.01 }), threads: 1 });
    const inputs = { source: pairs.map(({ source }) => source), previous: pairs.map(({ previous }) => previous) };
    const targets = { target: pairs.map(({ words }) => [...words]) };
    const before = (await model.evaluate({ inputs, targets })).loss;
    await new Trainer(model, { epochs: 15, ...quiet }).fit({ inputs, targets, batch: 8 });
    expect((await model.evaluate({ inputs, targets })).loss).toBeLessThan(0.9 * before);
  });
});

describe('plain sequences that do not fit', () => {
  const { inputs, targets } = data;
  it.each<[string, object, new (...args: never[]) => Error, string]>([
    ['a class that is none', { inputs, targets: [...targets.slice(1), 2] }, RangeIndexError, 'sequence 89 of target'],
    ['too few targets', { inputs, targets: targets.slice(1) }, ShapeError, "target 'target' has 89 sequences"],
    ['no targets', { inputs }, OptionError, "'target' is missing"],
    ['no sequences', { inputs: [], targets: [] }, DataError, 'there are no examples'],
    ['an option that is none', { inputs, targets, batchSize: 3 }, OptionError, 'batchSize'],
    ['a batch of nothing', { inputs, targets, batch: 0 }, OptionError, 'batch'],
    ['all for validation', { inputs, targets, validation: 1 }, OptionError, 'validation'],
    ['a word for validation', { inputs, targets, validation: 'some' }, OptionError, 'inputs and targets, got'],
    [
      'a wrong validation',
      { inputs, targets, validation: { inputs: [[1], [SYMBOLS]], targets: [0, 1] } },
      RangeIndexError,
      "sequence 1 of input 'input' of the validation has index 6",
    ],
  ])('are refused before anything is written: %s', async (_, wrong, kind, message) => {
    const model = compile();
    const before = imageOf(model);
    const directory = join(temporaryDirectory(), 'run');
    const fit = new Trainer(model, { epochs: 1, ...quiet, directory }).fit(wrong as typeof data);
    const failed = await fit.catch((error: unknown) => error);
    expect((failed as Error).message).toContain(message);
    expect(failed).toBeInstanceOf(kind);
    expect(imageOf(model)).toEqual(before);
    await new Trainer(model, { epochs: 1, ...quiet, directory }).fit(data); // the directory is still free
  });

  it('are refused by a model that says nothing of its sequences', async () => {
    const trainer = new Trainer(new ToyModel(), { epochs: 1, ...quiet });
    await expect(trainer.fit(data)).rejects.toThrow('this model is trained on batches only');
  });
});
