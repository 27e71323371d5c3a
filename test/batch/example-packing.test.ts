import { describe, expect, it } from 'vitest';
import type { AxisSizes, Batch } from '../../src/batch/batch.js';
import { packExamples } from '../../src/batch/example-packing.js';
import { packSequences, unpackSequences } from '../../src/batch/packed-batch.js';
import { restoreOrder } from '../../src/batch/sequence-rows.js';
import { DataError, OptionError, ShapeError } from '../../src/core/errors.js';
import { SequenceBatches } from '../../src/data/sequence-batches.js';

const ids = (...values: number[]) => Int32Array.from(values);
const numbers = (...values: number[]) => Float32Array.from(values);

const examples = [
  { source: ids(10, 11), frames: numbers(1, 2), label: 7, words: ids(1, 2, 3) },
  { source: ids(20), frames: numbers(3, 4), label: 8, words: ids(4) },
  { source: ids(30, 31, 32), frames: numbers(5, 6), label: 9, words: ids(5, 6) },
];
const form = {
  inputs: {
    source: { axis: 'source' },
    picture: { field: 'frames', per: 'sequence', width: 2, axis: 'source' },
    previous: { field: 'words' },
  },
  targets: { words: {}, label: { per: 'sequence' } },
} as const;

describe('examples of several fields', () => {
  it('are packed with each axis in the order of its own lengths', () => {
    expect(packExamples(examples, form)).toEqual({
      batchSizes: ids(3, 2, 1),
      order: ids(0, 2, 1),
      axes: { source: { batchSizes: ids(3, 2, 1), order: ids(2, 0, 1) } },
      inputs: {
        source: ids(30, 10, 20, 31, 11, 32),
        picture: numbers(5, 6, 1, 2, 3, 4),
        previous: ids(1, 5, 4, 2, 6, 3),
      },
      targets: { words: ids(1, 5, 4, 2, 6, 3), label: ids(7, 9, 8) },
    });
  });

  it('go back in their own order from any axis', () => {
    const batch = packExamples(examples, form);
    const source = batch.axes?.['source'] as AxisSizes;
    expect(unpackSequences(source, batch.inputs['source'] as Int32Array)).toEqual(examples.map((each) => each.source));
    expect(unpackSequences(batch, batch.targets?.['words'] as Int32Array)).toEqual(examples.map(({ words }) => words));
    expect(restoreOrder(batch, batch.targets?.['label'] as Int32Array)).toEqual(ids(7, 8, 9));
    expect(restoreOrder(source, batch.inputs['picture'] as Float32Array, 2)).toEqual(numbers(1, 2, 3, 4, 5, 6));
  });

  it('of one axis are packed as sequences are', () => {
    const sequences = examples.map(({ words }) => words);
    const packed = packExamples(examples, {
      inputs: { input: { field: 'words' } },
      targets: { target: { field: 'words' } },
    });
    expect(packed).toEqual(packSequences(sequences, { targets: sequences }));
  });

  it('with rows of features keep each row together', () => {
    const rows = [{ x: numbers(1, 2) }, { x: numbers(3, 4, 5, 6) }];
    const { inputs, batchSizes } = packExamples(rows, { inputs: { x: { width: 2 } } });
    expect([inputs['x'], batchSizes]).toEqual([numbers(3, 4, 1, 2, 5, 6), ids(2, 1)]);
  });

  it('become batches of similar lengths, each packed with its own examples', async () => {
    const source = new SequenceBatches(examples, {
      batch: 2,
      length: ({ words }) => words.length,
      pack: (chosen) => packExamples(chosen, form),
    });
    const batches: Batch[] = [];
    for await (const batch of source) batches.push(batch);
    const labels = batches.flatMap((batch) => [...restoreOrder(batch, batch.targets?.['label'] as Int32Array)]);
    expect(labels.sort()).toEqual([7, 8, 9]);
    for (const { axes, order } of batches) expect(axes?.['source']?.order?.length).toBe(order?.length);
  });
});

describe('examples are refused', () => {
  const change = (index: number, part: object) =>
    examples.map((each, at) => (at === index ? { ...each, ...part } : each));

  it.each([
    ['there are none', [], form, DataError, /no examples/],
    [
      'one lacks a field',
      change(1, { source: undefined }),
      form,
      OptionError,
      /field 'source' of example 1 .*undefined/,
    ],
    ['one is none', [null], form, OptionError, /field 'source' of example 0/],
    ['a field is a plain array', change(1, { words: [4] }), form, OptionError, /field 'words' of example 1/],
    ['a label is no whole number', change(2, { label: 1.5 }), form, OptionError, /field 'label' of example 2.*1\.5/],
    [
      'a field is of two kinds',
      change(1, { source: numbers(1) }),
      form,
      DataError,
      /Float32Array.*all must be of one kind/,
    ],
    ['a sequence is empty', change(2, { words: ids() }), form, DataError, /field 'words' of example 2 has no steps/],
    ['a row has another width', change(0, { frames: numbers(1) }), form, ShapeError, /\[1\], which is not a row of 2/],
    [
      'two fields of an axis have other lengths',
      examples,
      { inputs: { source: {} }, targets: { words: {} } },
      ShapeError,
      /field 'words' of example 0 has 3 steps, field 'source' on the same axis 2/,
    ],
    [
      'ids are to have features',
      examples,
      { inputs: { source: { width: 1 }, words: { width: 3 } } },
      ShapeError,
      /3 numbers/,
    ],
    [
      'no field lies on time',
      examples,
      { inputs: { source: { axis: 'source' } } },
      OptionError,
      /no field lies on.*'time'.*source/,
    ],
    ['the form is misspelt', examples, { inputs: { source: { axes: 'a' } } }, OptionError, /no option 'axes'/],
    ['the form has other parts', examples, { ...form, outputs: {} }, OptionError, /no option 'outputs'/],
    ['a width is none', examples, { inputs: { source: { width: 0 } } }, OptionError, /width/],
  ] as const)('when %s', (_, given, asked, type, message) => {
    expect(() => packExamples(given as never, asked as never)).toThrow(type);
    expect(() => packExamples(given as never, asked as never)).toThrow(message);
  });
});
