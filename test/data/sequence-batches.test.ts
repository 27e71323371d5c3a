import { describe, expect, it } from 'vitest';
import { packSequences } from '../../src/batch/packed-batch.js';
import type { SequenceExample } from '../../src/batch/sequence-packing.js';
import type { Examples } from '../../src/data/examples.js';
import { SequenceBatches, type SequenceBatchesOptions } from '../../src/data/sequence-batches.js';
import { all, numbered, targets } from './numbered-examples.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
const ids = (...values: number[]) => Int32Array.from(values);
const rows = (...values: number[]) => Float32Array.from(values);

describe('SequenceBatches', () => {
  const examples = numbered(103);
  const forms: SequenceBatchesOptions[] = [
    { batch: 8 },
    { batch: 8, pool: 2 },
    { tokens: 60, pool: 3 },
    { tokens: 60, pool: 'all' },
  ];

  it.each(forms)('gives each example once an epoch, within the limit, for %o', async (options) => {
    const source = new SequenceBatches(examples, options);
    for (const order of [undefined, { seed: 1, epoch: 0 }, { seed: 1, epoch: 1 }]) {
      const batches = await all(source.batches(order));
      expect(batches.flatMap(targets).sort((a, b) => a - b)).toEqual([...examples.keys()]);
      for (const { batchSizes, inputs } of batches) {
        expect(batchSizes[0]).toBeLessThanOrEqual(options.batch ?? Infinity);
        expect(inputs['input']?.length).toBeLessThanOrEqual(options.tokens ?? Infinity);
      }
    }
  });

  it.each(forms)(
    'gives the same batches for the same seed and epoch, and others for others, for %o',
    async (options) => {
      const [one, two] = [new SequenceBatches(examples, options), new SequenceBatches(examples, options)];
      const batches = await all(one.batches({ seed: 5, epoch: 2 }));
      await all(two.batches({ seed: 9, epoch: 9 })); // what was read before makes no difference
      expect(await all(two.batches({ seed: 5, epoch: 2 }))).toEqual(batches);
      expect(await all(one.batches({ seed: 5, epoch: 3 }))).not.toEqual(batches);
      expect(await all(one.batches({ seed: 6, epoch: 2 }))).not.toEqual(batches);
    },
  );

  it.each(forms)('skips exactly the first batches, without reading them, for %o', async (options) => {
    const read: number[] = [];
    const watched: Examples<SequenceExample> = {
      count: examples.length,
      lengthOf: (index) => examples[index]?.input.length ?? 0,
      read: (indices) => {
        read.push(...indices);
        return Array.from(indices, (index) => examples[index] as SequenceExample);
      },
    };
    const source = new SequenceBatches(watched, options);
    const order = { seed: 1, epoch: 4 };
    const batches = await all(source.batches(order));
    expect(batches).toEqual(await all(new SequenceBatches(examples, options).batches(order)));
    for (const skip of [0, 1, 5, batches.length - 1, batches.length, batches.length + 3]) {
      read.length = 0;
      expect(await all(source.batches(order, skip))).toEqual(batches.slice(skip));
      expect(read.length).toBe(batches.slice(skip).reduce((sum, { batchSizes }) => sum + (batchSizes[0] ?? 0), 0));
    }
  });

  it('iterates in a fixed order, which is that of training, too, when nothing is to be shuffled', async () => {
    const source = new SequenceBatches(examples, { batch: 8, pool: 2, shuffle: false });
    const fixed = await all(source);
    expect(await all(source)).toEqual(fixed);
    expect(await all(source.batches({ seed: 1, epoch: 7 }))).toEqual(fixed);
    expect(await all(new SequenceBatches(examples, { batch: 8, pool: 2 }))).toEqual(fixed);
    expect(
      fixed
        .slice(0, 2)
        .flatMap(targets)
        .sort((a, b) => a - b),
    ).toEqual([...Array(16).keys()]);
  });

  it('knows how many batches an epoch has wherever it is always the same number', async () => {
    for (const options of forms) {
      const source = new SequenceBatches(examples, options);
      const expected = source.batchesPerEpoch('training');
      expect(source.batchesPerEpoch('fixed')).toBe((await all(source)).length);
      expect(expected === undefined).toBe(options.tokens !== undefined && options.pool !== 'all');
      for (const epoch of [0, 1, 2]) {
        const { length } = await all(source.batches({ seed: 1, epoch }));
        if (expected !== undefined) expect(length).toBe(expected);
      }
    }
  });

  it('packs as packSequences does: ids and features, targets of steps and of sequences', async () => {
    const only = async (given: SequenceExample[], options = {}) =>
      (await all(new SequenceBatches(given, { batch: 9, pool: 1, ...options })))[0];
    expect(await only([{ input: ids(1, 2, 3), target: ids(4, 5, -1) }])).toEqual(
      packSequences([ids(1, 2, 3)], { targets: [ids(4, 5, -1)] }),
    );
    const inputs = [rows(1, 2), rows(3, 4, 5, 6)];
    expect(
      await only(
        inputs.map((input) => ({ input })),
        { features: 2 },
      ),
    ).toEqual(packSequences(inputs, { features: 2 }));
    expect(
      await only(
        [
          { input: inputs[0] as Float32Array, target: 3 },
          { input: inputs[1] as Float32Array, target: -1 },
        ],
        { features: 2 },
      ),
    ).toEqual(packSequences(inputs, { features: 2, sequenceTargets: ids(3, -1) }));
    const perSequence = [rows(7, 8, 9), rows(1, 2, 3)];
    expect(
      await only(
        inputs.map((input, at) => ({ input, target: perSequence[at] as Float32Array })),
        {
          features: 2,
          targetFeatures: 3,
          targetPer: 'sequence',
        },
      ),
    ).toEqual(packSequences(inputs, { features: 2, sequenceTargets: rows(7, 8, 9, 1, 2, 3), targetFeatures: 3 }));
    const perStep = [rows(1), rows(2, 3)];
    expect(
      await only(
        inputs.map((input, at) => ({ input, target: perStep[at] as Float32Array })),
        { features: 2 },
      ),
    ).toEqual(packSequences(inputs, { features: 2, targets: perStep }));
  });

  it('leaves examples of another form to functions of the caller', async () => {
    const pairs = Array.from({ length: 20 }, (_, index) => ({ source: 'a'.repeat(1 + (index % 5)), target: 'bb' }));
    const seen: number[] = [];
    const source = new SequenceBatches(pairs, {
      tokens: 20,
      length: ({ source, target }) => source.length + target.length,
      pack: (chosen, indices) => {
        seen.push(...indices);
        expect(chosen).toEqual(Array.from(indices, (index) => pairs[index]));
        expect(chosen.reduce((sum, pair) => sum + pair.source.length + 2, 0)).toBeLessThanOrEqual(20);
        return packSequences(chosen.map(({ source }) => Int32Array.from(source, () => 1)));
      },
    });
    expect(source.steps).toBe(20 * 2 + 4 * 15);
    await all(source.batches({ seed: 1, epoch: 0 }));
    expect(seen.sort((a, b) => a - b)).toEqual([...pairs.keys()]);
  });

  it('makes a batch of an example that is longer than the budget, or refuses it', async () => {
    const given = [ids(1), new Int32Array(50).fill(2), ids(3)].map((input) => ({ input }));
    const sizes = (await all(new SequenceBatches(given, { tokens: 10 }))).map(({ inputs }) => inputs['input']?.length);
    expect(sizes).toEqual([2, 50]);
    const refuse = () => new SequenceBatches(given, { tokens: 10, overlong: 'error' });
    expect(refuse).toThrow('example 1 has 50 steps, more than the 10 of a batch');
    expect(refuse).toThrow(code('too_long'));
  });

  it('describes itself by everything that decides about the batches', () => {
    const describe = (
      given: SequenceExample[],
      options: SequenceBatchesOptions,
      order: 'training' | 'fixed' = 'training',
    ) => JSON.stringify(new SequenceBatches(given, options).describe(order));
    const descriptions = [
      describe(examples, { batch: 8 }),
      describe(examples, { batch: 9 }),
      describe(examples, { tokens: 80 }),
      describe(examples, { batch: 8, pool: 7 }),
      describe(examples, { batch: 8, pool: 'all' }),
      describe(examples, { batch: 8, shuffle: false }),
      describe(examples.slice(1), { batch: 8 }),
      describe([...examples].reverse(), { batch: 8 }),
    ];
    expect(new Set(descriptions).size).toBe(descriptions.length);
    expect(describe(examples, { batch: 8 })).toBe(descriptions[0]);
    expect(describe(examples, { batch: 8 }, 'fixed')).toBe(descriptions[5]);
  });

  it.each<[string, readonly unknown[], object, string]>([
    ['no limit', [{ input: ids(1) }], {}, 'invalid_option'],
    ['two limits', [{ input: ids(1) }], { batch: 1, tokens: 1 }, 'invalid_option'],
    ['a batch of 0', [{ input: ids(1) }], { batch: 0 }, 'invalid_option'],
    ['a pool of a half', [{ input: ids(1) }], { batch: 1, pool: 0.5 }, 'invalid_option'],
    ['an unknown option', [{ input: ids(1) }], { batch: 1, bucket: 3 }, 'unknown_option'],
    [
      'options of packing beside pack',
      [{}],
      { batch: 1, features: 2, length: () => 1, pack: () => ({}) },
      'invalid_option',
    ],
    ['no examples', [], { batch: 1 }, 'empty_data'],
    ['an example without steps', [{ input: ids(1) }, { input: ids() }], { batch: 1 }, 'empty_data'],
    ['an example that is none', [{ input: ids(1) }, null], { batch: 1 }, 'invalid_option'],
    ['an input that is no typed array', [{ input: [1] }], { batch: 1 }, 'invalid_option'],
    ['inputs of two kinds', [{ input: ids(1) }, { input: rows(1) }], { batch: 1 }, 'mixed_examples'],
    ['a target that is missing', [{ input: ids(1), target: 1 }, { input: ids(1) }], { batch: 1 }, 'mixed_examples'],
    ['a class that is no integer', [{ input: ids(1), target: 0.5 }], { batch: 1 }, 'invalid_option'],
    ['half a row', [{ input: rows(1, 2, 3) }], { batch: 1, features: 2 }, 'shape_mismatch'],
    ['ids with features', [{ input: ids(1, 2) }], { batch: 1, features: 2 }, 'shape_mismatch'],
    ['a target that does not fit', [{ input: ids(1, 2), target: ids(1) }], { batch: 1 }, 'length_mismatch'],
    ['a length that is no integer', [{}], { batch: 1, length: () => 1.5, pack: () => ({}) }, 'invalid_option'],
    ['a length of 0', [{}], { batch: 1, length: () => 0, pack: () => ({}) }, 'empty_data'],
  ])('refuses %s before anything is read', (_, given, options, expected) => {
    expect(() => new SequenceBatches(given as never, options)).toThrow(code(expected));
  });

  it('names the example that does not fit', () => {
    const given = [
      { input: ids(1, 2), target: ids(1, 2) },
      { input: ids(1, 2, 3), target: ids(1, 2) },
    ];
    expect(() => new SequenceBatches(given, { batch: 1 })).toThrow(
      'the target of example 1 has 2 numbers, but 3 rows need 3',
    );
  });

  it('refuses examples that are no array and know nothing of themselves', () => {
    expect(() => new SequenceBatches(5 as never, { batch: 1 })).toThrow(code('invalid_option'));
    expect(() => new SequenceBatches({ count: 3 } as never, { batch: 1 })).toThrow(code('invalid_option'));
    const lying = { count: 2, lengthOf: () => 1, read: () => [] };
    return expect(all(new SequenceBatches(lying, { batch: 2 }))).rejects.toThrow(code('too_short'));
  });

  it('plans an epoch of 200,000 examples in well under a second', async () => {
    const many = {
      count: 200_000,
      lengthOf: (index: number) => 1 + ((index * 7919) % 100),
      read: () => [{ input: ids(1) }],
    };
    const source = new SequenceBatches(many, { batch: 64 });
    const begin = performance.now();
    await source.batches({ seed: 1, epoch: 0 }, 4000).next();
    expect(performance.now() - begin).toBeLessThan(1500); // measured 70 ms
  });
});
