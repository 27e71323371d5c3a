import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { FileExamples } from '../../src/data/file-examples.js';
import { SequenceBatches } from '../../src/data/sequence-batches.js';
import { jsonLine } from '../../src/files/json-lines.js';
import { sequential } from '../../src/model/network.js';
import { dense } from '../../src/network/layers/dense.js';
import { embedding } from '../../src/network/layers/embedding.js';
import { lstm } from '../../src/network/layers/recurrent.js';
import { adam } from '../../src/network/optimizers/optimizer.js';
import { cosine } from '../../src/network/schedules/cosine.js';
import { Trainer } from '../../src/training/trainer.js';
import type { BatchSource } from '../../src/training/training-data.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { newModel } from './toy-run.js';

const quiet = { progress: false } as const;

const random = new Random(3, 'examples');
const examples = Array.from({ length: 29 }, () => {
  const input = Int32Array.from({ length: 1 + random.integer(9) }, () => random.integer(11));
  return { input, target: input.map((id) => (id * 3 + 1) % 11) };
});

/** The examples in a file of JSON lines. */
async function fileOfExamples(): Promise<FileExamples> {
  const path = join(temporaryDirectory(), 'examples.jsonl');
  const lines = examples.map(({ input, target }) => JSON.stringify({ input: [...input], target: [...target] }));
  writeFileSync(path, lines.join('\n'));
  return FileExamples.open(path, {
    parse: jsonLine((row) => ({ input: row.ids('input'), target: row.ids('target') })),
  });
}

const sources: [string, () => BatchSource | Promise<BatchSource>][] = [
  ['a number of sequences', () => new SequenceBatches(examples, { batch: 4, pool: 2 })],
  ['a budget of steps', () => new SequenceBatches(examples, { tokens: 20, pool: 3 })],
  ['a budget of steps, from a file', async () => new SequenceBatches(await fileOfExamples(), { tokens: 20, pool: 3 })],
];

describe.each(sources)('batches of %s', (_, open) => {
  it('trained on, killed or aborted after any step and resumed, end like a run that never stopped', async () => {
    const training = await open();
    const data = { training, validation: new SequenceBatches(examples.slice(0, 7), { batch: 3 }) };
    const options = { ...quiet, epochs: 3, checkpointEvery: 2, validateEvery: 3 };
    const whole = newModel();
    const { steps } = await new Trainer(whole, { ...options, directory: temporaryDirectory() }).fit(data);
    expect(steps).toBeGreaterThan(20);
    for (let cut = 1; cut < steps; cut++) {
      const directory = temporaryDirectory();
      const controller = new AbortController();
      const stop = (step: number) => {
        if (step === cut && cut % 2 === 0) throw new Error('killed');
        if (step === cut) controller.abort(new Error('aborted'));
      };
      const callbacks = { onStep: ({ step }: { step: number }) => stop(step) };
      const cutShort = new Trainer(newModel(), { ...options, directory, callbacks, signal: controller.signal });
      await expect(cutShort.fit(data)).rejects.toThrow(/killed|aborted/);
      const model = newModel();
      await new Trainer(model, { ...options, directory, resume: true }).fit(data);
      expect(model.numbers()).toEqual(whole.numbers());
    }
  });

  it('are others in every epoch, and validated in a fixed order', async () => {
    const model = newModel();
    const data = { training: await open(), validation: await open() };
    await new Trainer(model, { ...quiet, epochs: 2 }).fit(data);
    const isTraining = (call: string) => call.startsWith('train');
    const begun = model.calls.map((call, at) => ({ call, at })).filter(({ call }) => !isTraining(call));
    const perValidation = begun.length / 2;
    const validations = begun.map(({ call }) => call);
    expect(validations.slice(perValidation)).toEqual(validations.slice(0, perValidation));
    const inputOf = (call: string) => call.replace(/^train | at .*$/g, '');
    const first = model.calls.slice(0, begun[0]?.at).map(inputOf);
    const second = model.calls.slice(first.length + perValidation, begun[perValidation]?.at).map(inputOf);
    const idsOf = (calls: string[]) => calls.join(' ').split(' ').sort();
    expect(idsOf(second)).toEqual(idsOf(first));
    expect(second).not.toEqual(first);
  });
});

describe('resuming with sequence batches', () => {
  const train = async (directory: string, training: BatchSource, resume: boolean) =>
    new Trainer(newModel(), { ...quiet, epochs: resume ? 2 : 1, directory, resume }).fit({ training });

  it.each<[string, BatchSource, RegExp]>([
    ['another batch', new SequenceBatches(examples, { batch: 5 }), /data\.training\.batch.*4 there and 5 here/],
    [
      'another pool',
      new SequenceBatches(examples, { batch: 4, pool: 9 }),
      /data\.training\.pool.*100 there and 9 here/,
    ],
    ['a budget', new SequenceBatches(examples, { tokens: 40 }), /data\.training\.batch/],
    ['fewer examples', new SequenceBatches(examples.slice(2), { batch: 4 }), /examples.*29 there and 27 here/],
    [
      'examples in another order',
      new SequenceBatches([...examples].reverse(), { batch: 4 }),
      /data\.training\.lengths/,
    ],
    [
      'no shuffling',
      new SequenceBatches(examples, { batch: 4, shuffle: false }),
      /shuffled.*true there and false here/,
    ],
  ])('refuses %s', async (_, other, message) => {
    const directory = temporaryDirectory();
    await train(directory, new SequenceBatches(examples, { batch: 4 }), false);
    await expect(train(directory, other, true)).rejects.toThrow(message);
    await expect(train(directory, other, true)).rejects.toMatchObject({ code: 'configuration_mismatch' });
  });

  it('of a compiled model gives the same weights bit for bit, with a schedule over the whole run', async () => {
    const compile = () =>
      sequential([
        embedding({ size: 11, units: 5 }),
        lstm({ units: 7, dropout: 0.2, layers: 2 }),
        dense({ units: 11 }),
      ]).compile({
        optimizer: adam({ learningRate: 0.01 }),
        seed: 9,
        threads: 1,
      });
    const weights = (model: Awaited<ReturnType<typeof compile>>) =>
      [...model.parameters.values()].flatMap(({ data }) => [...data]);
    const data = { training: new SequenceBatches(await fileOfExamples(), { tokens: 24, pool: 'all' }) };
    const options = { ...quiet, epochs: 3, schedule: cosine(), clipNorm: 1 };
    const whole = await compile();
    await new Trainer(whole, { ...options, directory: temporaryDirectory() }).fit(data);
    const directory = temporaryDirectory();
    for (const cut of [3, 11, 17]) {
      const controller = new AbortController();
      const callbacks = { onStep: ({ step }: { step: number }) => void (step === cut && controller.abort('stop')) };
      const model = await compile();
      const trainer = new Trainer(model, { ...options, directory, resume: true, callbacks, signal: controller.signal });
      await expect(trainer.fit(data)).rejects.toBe('stop');
      model.dispose();
    }
    const resumed = await compile();
    await new Trainer(resumed, { ...options, directory, resume: true }).fit(data);
    expect(weights(resumed)).toEqual(weights(whole));
    resumed.dispose();
    whole.dispose();
  });
});
