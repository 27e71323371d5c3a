import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCheckpoint, saveCheckpoint } from '../../src/checkpoint/checkpoint.js';
import type { JsonObject } from '../../src/core/json.js';
import { contentsOf } from '../../src/data/contents.js';
import { SequenceBatches } from '../../src/entries/data.js';
import { dense, gru, network, type SequenceExample, sequential, Trainer } from '../../src/index.js';
import type { TrainingData } from '../../src/training/plain-data.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';

const compileOne = () =>
  sequential([gru({ units: 3 }), dense({ units: 1 })], { features: 1 }).compileSync({
    loss: { kind: 'meanSquaredError', weights: 'step' },
    threads: 1,
  });

/** Two inputs and two outputs, of which one has weights. */
const compileTwo = () =>
  network({
    inputs: { a: { kind: 'features', units: 1 }, b: { kind: 'features', units: 1 } },
    nodes: [
      { name: 'left', layer: dense({ units: 1 }), inputs: ['a'] },
      { name: 'right', layer: dense({ units: 1 }), inputs: ['b'] },
    ],
    outputs: { up: 'left', down: 'right' },
  }).compileSync({
    losses: { up: 'meanSquaredError', down: { kind: 'meanSquaredError', weights: 'step' } },
    threads: 1,
  });

const rows = (change = 0) => [
  [0.1, 0.2 + change],
  [0.3, 0.4],
  [0.5, 0.6],
];

async function train(directory: string, data: TrainingData, { epochs = 1, model = compileOne() } = {}) {
  await new Trainer(model, { epochs, directory, resume: true, progress: false }).fit(data);
}

/** A run with some data does not go on with others: the field that has changed is named. */
async function expectNamed(before: TrainingData, after: TrainingData, field: string, compile = compileOne) {
  const directory = temporaryDirectory();
  await train(directory, before, { model: compile() });
  const resumed = train(directory, after, { epochs: 2, model: compile() });
  await expect(resumed).rejects.toMatchObject({
    code: 'configuration_mismatch',
    message: expect.stringMatching(/^the data have changed/),
    details: { reason: 'data', field },
  });
  await train(directory, before, { epochs: 2, model: compile() });
}

describe('plain data of a run that is resumed', () => {
  const plain = { inputs: rows(), targets: rows(), weights: rows(), batch: 2 };

  it.each(['inputs', 'targets', 'weights'] as const)('must have the same %s', async (part) => {
    const names = { inputs: 'inputs/input', targets: 'targets/target', weights: 'targets/target/weights' };
    const field = `data.training.contents.${names[part]}`;
    await expectNamed(plain, { ...plain, [part]: rows(1e-3) }, field);
    await expectNamed(
      { ...plain, inputs: rows().map((row) => Float32Array.from(row)) },
      { ...plain, inputs: rows().map((row) => Float32Array.from(row)), [part]: rows(1e-3) },
      field,
    );
  });

  it('must have the same of each of several inputs and targets', async () => {
    const several = {
      inputs: { a: rows(), b: rows() },
      targets: { up: rows(), down: rows() },
      weights: { down: rows() },
    };
    const changes: readonly [string, TrainingData][] = [
      ['inputs/b', { ...several, inputs: { a: rows(), b: rows(1) } }],
      ['targets/up', { ...several, targets: { up: rows(1), down: rows() } }],
      ['targets/down/weights', { ...several, weights: { down: rows(1) } }],
    ];
    for (const [name, changed] of changes) {
      await expectNamed(several, changed, `data.training.contents.${name}`, compileTwo);
    }
  });

  it('must have the same order and the same validation', async () => {
    await expectNamed(plain, { ...plain, targets: rows().toReversed() }, 'data.training.contents.targets/target');
    const { batch: _, ...held } = plain;
    const changed = { ...plain, validation: { ...held, targets: rows(1e-3) } };
    await expectNamed({ ...plain, validation: held }, changed, 'data.validation.contents.targets/target');
  });
});

describe('SequenceBatches of a run that is resumed', () => {
  const examples = (change: Partial<SequenceExample> = {}): SequenceExample[] => [
    { input: Float32Array.of(1, 2), target: Float32Array.of(1, 2), weights: Float32Array.of(1, 1) },
    { input: Float32Array.of(3, 4), target: Float32Array.of(3, 4), weights: Float32Array.of(1, 1), ...change },
  ];
  const batches = (change?: Partial<SequenceExample>) => ({
    training: new SequenceBatches(examples(change), { batch: 1 }),
  });

  it.each(['input', 'target', 'weights'] as const)('must have the same %s', async (part) => {
    await expectNamed(batches(), batches({ [part]: Float32Array.of(9, 9) }), `data.training.contents.${part}`);
  });

  it('are compared by what examples of their own say of their contents', async () => {
    const lazy = (contents?: JsonObject, value = 1) => {
      const all = examples({ input: Float32Array.of(value, value) });
      return {
        training: new SequenceBatches(
          {
            count: 2,
            lengthOf: () => 2,
            read: (indices: Int32Array) => Array.from(indices, (at) => all[at] as SequenceExample),
            ...(contents && { contents: () => contents }),
          },
          { batch: 1 },
        ),
      };
    };
    await expectNamed(lazy({ file: 1 }), lazy({ file: 2 }), 'data.training.contents.file');
    const directory = temporaryDirectory();
    await train(directory, lazy());
    await train(directory, lazy(undefined, 2), { epochs: 2 }); // nothing is known of what they read
    expect(
      () => new SequenceBatches({ count: 1, lengthOf: () => 1, read: () => [], contents: 3 } as never, { batch: 1 }),
    ).toThrow(/'contents' must be a function/);
  });
});

describe('a run of an earlier version, which has no checksums of contents', () => {
  it('is resumed', async () => {
    const directory = temporaryDirectory();
    const data = { inputs: rows(), targets: rows(), weights: rows() };
    await train(directory, data);
    const without = (configuration: JsonObject): JsonObject => {
      const { contents, ...training } = (configuration['data'] as JsonObject)['training'] as JsonObject;
      expect(contents).toBeDefined();
      return { ...configuration, data: { training } };
    };
    const config = join(directory, 'config.json');
    writeFileSync(config, JSON.stringify(without(JSON.parse(readFileSync(config, 'utf8')))));
    for (const name of readdirSync(join(directory, 'checkpoints'))) {
      const path = join(directory, 'checkpoints', name);
      const { tensors, metadata } = await loadCheckpoint(path);
      const configuration = without(metadata['configuration'] as JsonObject);
      await saveCheckpoint(path, { tensors, metadata: { ...metadata, configuration } });
    }
    await train(directory, data, { epochs: 2 });
  });
});

describe('the checksums of contents', () => {
  it('tell apart values, kinds, orders and places, and take the same values for the same', () => {
    const different = [
      [1, 2],
      [2, 1],
      ['1', 2],
      [[1, 2]],
      [1, null],
      [Float32Array.of(1, 2)],
      [Float32Array.of(1), Float32Array.of(2)],
      [Float64Array.of(1, 2)],
      [Uint8Array.of(1, 2, 3)],
      [Uint8Array.of(1, 2, 4)],
      [true],
      [false],
    ].map((examples) => contentsOf(examples)['examples']);
    expect(new Set(different).size).toBe(different.length);
    expect(contentsOf([Float32Array.of(0, 1, 2).subarray(1)])).toEqual(contentsOf([Float32Array.of(1, 2)]));
    expect(contentsOf([{ a: 1 }, {}])).not.toEqual(contentsOf([{}, { a: 1 }]));
  });

  it('read what examples share once, and objects that hold themselves', () => {
    const shared: { list: unknown[]; own?: unknown; getter?: number } = { list: [1, { x: 2 }] };
    shared.own = shared;
    Object.defineProperty(shared, 'getter', {
      enumerable: true,
      get() {
        throw new Error('read');
      },
    });
    const all = Array.from({ length: 1000 }, (_, at) => ({ at, shared }));
    const before = contentsOf(all);
    expect(contentsOf(all)).toEqual(before);
    shared.list[0] = 2;
    const after = contentsOf(all);
    expect(after['at']).toBe(before['at']);
    expect(after['shared']).not.toBe(before['shared']);
  });
});
