import { describe, expect, it } from 'vitest';
import { packSequences } from '../../src/batch/packed-batch.js';
import type { NamedSequences, PlainSequences } from '../../src/batch/plain-sequences.js';
import { DataError, OptionError, RangeIndexError, ShapeError } from '../../src/core/errors.js';
import type { Model } from '../../src/model/model.js';
import { network, sequential } from '../../src/model/network.js';
import { dense } from '../../src/network/layers/dense.js';
import { gru, lstm } from '../../src/network/layers/recurrent.js';
import { encoderDecoder, pairBatch, raggedPairs, SYMBOLS as WORDS } from './encoder-decoder-models.js';
import { bitsOf, characterModel, imageOf, randomNumbers, SYMBOLS } from './small-models.js';

const FEATURES = 3;
const CLASSES = 2;

/** Sequences of ids whose lengths are in no order. */
const ids = [5, 2, 7, 2, 1, 9, 4].map((length, index) =>
  Int32Array.from({ length }, (_, step) => (index * 5 + step * 3) % SYMBOLS),
);
/** Sequences of rows of features. */
const rows = [2, 4, 1, 3].map((length, index) => randomNumbers(length * FEATURES, index));
const plainRows = rows.map((sequence) =>
  Array.from({ length: sequence.length / FEATURES }, (_, step) => [
    ...sequence.slice(step * FEATURES, (step + 1) * FEATURES),
  ]),
);

function featureModel(output: 'sequence' | 'last'): Model {
  const layers = [lstm({ units: 5, direction: 'bidirectional', output }), dense({ units: CLASSES })];
  return sequential(layers, { features: FEATURES }).compileSync({ threads: 1 });
}

/** What each sequence gives when it is predicted alone, packed. */
const alone = (model: Model, sequences: readonly (Int32Array | Float32Array)[], features = 1) =>
  sequences.map((sequence) => model.predictPackedSync(packSequences([sequence], { features })));

describe('predictions', () => {
  it('of ids have the order of the sequences, an array for each', async () => {
    const model = characterModel();
    const expected = alone(model, ids);
    expect(await model.predict(ids)).toEqual(expected);
    expect(await model.predict(ids.map((sequence) => [...sequence]))).toEqual(expected);
    expect(await model.predict({ input: ids })).toEqual(expected);
    expect(model.predictSync(ids)).toEqual(expected);
    expect(await model.predictAll(ids)).toEqual({ output: expected });
  });

  it.each(['sequence', 'last'] as const)(
    'of rows of features have that order, with the output `%s`',
    async (output) => {
      const model = featureModel(output);
      const expected = alone(model, rows, FEATURES);
      expect(expected.map(({ length }) => length / CLASSES)).toEqual(output === 'last' ? [1, 1, 1, 1] : [2, 4, 1, 3]);
      expect(await model.predict(rows)).toEqual(expected);
      expect(await model.predict(plainRows)).toEqual(expected);
      expect(model.predictSync(plainRows)).toEqual(expected);
    },
  );

  it('of a packed batch have the order in which it was packed', async () => {
    for (const output of ['sequence', 'last'] as const) {
      const model = featureModel(output);
      const batch = packSequences(rows, { features: FEATURES });
      expect([...batch.order]).not.toEqual([0, 1, 2, 3]);
      expect(await model.predict(batch)).toEqual(alone(model, rows, FEATURES));
    }
  });

  it('are the same bits however many sequences are computed at once, in bounded memory', async () => {
    const many = Array.from({ length: 40 }, (_, index) => ids[(index * 3) % ids.length] as Int32Array);
    const [whole, small] = [characterModel(), characterModel()];
    const expected = await whole.predict(many);
    for (const batch of [1, 3, 7]) {
      const found = await small.predict(many, { batch });
      expect(found.map(bitsOf)).toEqual(expected.map(bitsOf));
    }
    expect(small.predictSync(many, { batch: 7 }).map(bitsOf)).toEqual(expected.map(bitsOf));
    expect(small.memory.arena).toBeLessThan(whole.memory.arena / 2);
  });

  it('of several inputs go by their names, on axes of their own', async () => {
    const model = encoderDecoder().compileSync({ threads: 1 });
    const pairs = raggedPairs();
    const named = { source: pairs.map(({ source }) => source), previous: pairs.map(({ previous }) => [...previous]) };
    const expected = pairs.map((pair) => model.predictPackedSync(pairBatch([pair])));
    expect(expected.map(({ length }) => length / WORDS)).toEqual(pairs.map(({ previous }) => previous.length));
    expect(await model.predict(named)).toEqual(expected);
    expect(await model.predict(named, { batch: 2 })).toEqual(expected);
    expect(await model.predict(pairBatch(pairs))).toEqual(expected);
  });

  it('of several outputs are given by name', async () => {
    const nodes = [
      { name: 'gru', layer: gru({ units: 4 }), inputs: ['input'] },
      { name: 'tag', layer: dense({ units: 3 }), inputs: ['gru'] },
      { name: 'class', layer: dense({ units: 2 }), inputs: ['gru.h_l0'] },
    ];
    const model = network({
      inputs: { input: { kind: 'features', units: FEATURES } },
      nodes,
      outputs: { tag: 'tag', class: 'class' },
    }).compileSync({ losses: { tag: 'softmaxCrossEntropy' }, threads: 1 });
    const outputs = await model.predictAll(rows, { batch: 3 });
    for (const [index, sequence] of rows.entries()) {
      const expected = await model.predictPackedAll(packSequences([sequence], { features: FEATURES }));
      expect({ tag: outputs['tag']?.[index], class: outputs['class']?.[index] }).toEqual(expected);
    }
    await expect(model.predict(rows)).rejects.toThrow(/outputs tag, class; predictAll gives all of them/);
    const { tag, class: ofSequence } = await model.predictAll(rows, { as: 'padded' });
    expect([tag?.shape, ofSequence?.shape]).toEqual([
      [4, 4, 3],
      [4, 2],
    ]);
  });

  it('as `padded` have one array, zeros behind the end, and lengths', async () => {
    const model = characterModel();
    const { values, lengths, shape } = await model.predict(ids, { as: 'padded', batch: 2 });
    expect(shape).toEqual([7, 9, SYMBOLS]);
    expect([...lengths]).toEqual([5, 2, 7, 2, 1, 9, 4]);
    for (const [index, output] of alone(model, ids).entries()) {
      const begin = index * 9 * SYMBOLS;
      expect(values.slice(begin, begin + output.length)).toEqual(output);
      expect(values.slice(begin + output.length, begin + 9 * SYMBOLS).every((value) => value === 0)).toBe(true);
    }
    const last = featureModel('last');
    const classes = last.predictSync(rows, { as: 'padded' });
    expect(classes.shape).toEqual([4, CLASSES]);
    expect([...classes.values]).toEqual(alone(last, rows, FEATURES).flatMap((output) => [...output]));
  });

  it('of no sequences are none', async () => {
    const model = characterModel();
    expect(await model.predict([])).toEqual([]);
    expect(await model.predict([], { as: 'padded' })).toMatchObject({ shape: [0, 0, SYMBOLS] });
  });

  it('all come from one state of the weights, whatever is asked for meanwhile', async () => {
    const model = characterModel();
    const expected = model.predictSync(ids);
    const found = model.predict(ids, { batch: 1 });
    const step = model.trainStep({ inputs: ids, targets: ids }, { learningRate: 0.1 });
    expect(await found).toEqual(expected);
    await step;
    expect(model.predictSync(ids)).not.toEqual(expected);
  });

  it('stop between batches when the signal says so', async () => {
    const model = characterModel();
    const before = imageOf(model);
    const reason = new Error('enough');
    const controller = new AbortController();
    const found = model.predict(
      Array.from({ length: 200 }, () => ids[2] as Int32Array),
      { batch: 1, signal: controller.signal },
    );
    controller.abort(reason);
    await expect(found).rejects.toBe(reason);
    await expect(model.predict(ids, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(imageOf(model)).toEqual(before);
  });
});

describe('what cannot be predicted', () => {
  const characters = characterModel();
  const features = featureModel('sequence');
  type Wrong = PlainSequences | NamedSequences;
  it.each<[string, Model, unknown, new (...args: never[]) => Error, string]>([
    ['a sequence alone', characters, Int32Array.of(1), OptionError, "input 'input' must be an array of sequences"],
    ['ids without brackets', characters, [1, 2], ShapeError, 'a single sequence is an array of one: [sequence]'],
    ['features for ids', characters, [ids[0], rows[0]], ShapeError, "sequence 1 of input 'input' is Float32Array [6]"],
    ['rows for ids', characters, [[[1, 2]]], ShapeError, "sequence 0 of input 'input' has an array of 2 at step 0"],
    [
      'an id too large',
      characters,
      [[1], [2, 11]],
      RangeIndexError,
      "sequence 1 of input 'input' has index 11 at step 1",
    ],
    ['half an id', characters, [[0.5]], RangeIndexError, 'has index 0.5 at step 0, expected 0..10'],
    ['a text', characters, ['abc'], ShapeError, `sequence 0 of input 'input' is "abc", expected ids`],
    ['a hole', characters, [new Array(2)], ShapeError, 'has undefined at step 0, expected an id'],
    ['no steps', characters, [[1], []], DataError, "sequence 1 of input 'input' has no steps"],
    ['rows without brackets', features, [[1, 2, 3]], ShapeError, 'expected an array of rows of 3 numbers'],
    [
      'a short row',
      features,
      [
        [
          [1, 2, 3],
          [1, 2],
        ],
      ],
      ShapeError,
      "step 1 of sequence 0 of input 'input' is an array of 2",
    ],
    ['half a row', features, [new Float32Array(4)], ShapeError, 'has 4 numbers, which are not rows of 3'],
    ['ids for features', features, [Int32Array.of(1, 2, 3)], ShapeError, "input 'input' is Int32Array [3], expected"],
    ['a missing number', features, [[[1, null, 3]]], ShapeError, "step 0 of sequence 0 of input 'input' is null"],
    ['not a number', features, [plainRows[0], [[1, 2, Number.NaN]]], DataError, 'sequence 1 of input'],
    ['another input', characters, { text: ids }, OptionError, 'text'],
    ['no input', characters, {}, OptionError, "'input' is missing"],
  ])('is %s', async (_, model, input, kind, message) => {
    const before = imageOf(model);
    const failed = await model.predict(input as Wrong).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(kind);
    expect((failed as Error).message).toContain(message);
    expect(() => model.predictSync(input as Wrong)).toThrow(message);
    expect(imageOf(model)).toEqual(before);
  });

  it('is another number of sequences of another input, or steps on the same axis', async () => {
    const model = encoderDecoder().compileSync({ threads: 1 });
    const source = [[2, 3], [4]];
    await expect(model.predict({ source, previous: [[0]] })).rejects.toThrow(
      "input 'previous' has 1 sequences, input 'source' has 2: give as many of each",
    );
    await expect(model.predict(source)).rejects.toThrow('the network has the inputs source, previous');
    const both = network({
      inputs: { a: { kind: 'features', units: 1 }, b: { kind: 'features', units: 1 } },
      nodes: [{ name: 'gru', layer: gru({ units: 2 }), inputs: ['a'] }],
      output: 'gru',
    }).compileSync({ loss: 'meanSquaredError', threads: 1 });
    await expect(both.predict({ a: [[1], [1, 2]], b: [[1], [1]] })).rejects.toThrow(
      "sequence 1 of input 'b' has 1 steps, that of input 'a' has 2",
    );
  });

  it('are options of packed predictions, which have another order', async () => {
    const state = characters.newState(ids.length);
    await expect(characters.predict(ids, { state } as never)).rejects.toThrow(OptionError);
    await expect(characters.predict(ids, { batch: 0 })).rejects.toThrow(OptionError);
    await expect(characters.predict(ids, { as: 'packed' } as never)).rejects.toThrow(OptionError);
  });
});
