import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/batch/batch.js';
import { type BpttError, OptionError, RangeIndexError, ShapeError, UsageError } from '../../src/core/errors.js';
import { CarriedState } from '../../src/model/execute/carried-state.js';
import type { Model } from '../../src/model/model.js';
import { sequential } from '../../src/model/network.js';
import { lstm } from '../../src/network/layers/recurrent.js';
import { characterModel, imageOf, randomBatch, SYMBOLS } from './small-models.js';

const good = randomBatch([3, 2]);
const inputs = { input: Int32Array.of(0, 1, 2, 3, 4) };
const target = (...ids: number[]) => ({ targets: { target: Int32Array.from(ids) } });

/** Every batch that a language model must refuse: what is wrong, the batch, the class, the code, words of the message. */
const wrongBatches: readonly (readonly [string, unknown, new (...of: never) => BpttError, string, RegExp])[] = [
  ['nothing', undefined, OptionError, 'invalid_option', /a packed batch as packSequences makes it, got undefined/],
  ['no batch sizes', { ...good, batchSizes: undefined }, ShapeError, 'rank_mismatch', /batchSizes is missing/],
  ['batch sizes as numbers', { ...good, batchSizes: [2, 2, 1] }, ShapeError, 'rank_mismatch', /batchSizes is Array/],
  ['no steps', { ...good, batchSizes: new Int32Array() }, ShapeError, 'shape_mismatch', /batchSizes is empty/],
  [
    'a step without sequences',
    { ...good, batchSizes: Int32Array.of(3, 2, 0) },
    ShapeError,
    'shape_mismatch',
    /\[2\] is 0/,
  ],
  ['a negative step', { ...good, batchSizes: Int32Array.of(3, 3, -1) }, ShapeError, 'shape_mismatch', /\[2\] is -1/],
  [
    'steps that grow',
    { ...good, batchSizes: Int32Array.of(2, 3) },
    ShapeError,
    'shape_mismatch',
    /\[1\] is 3, expected 1\.\.2/,
  ],
  ['no inputs', { ...good, inputs: undefined }, ShapeError, 'rank_mismatch', /input 'input' is missing/],
  ['another input', { ...good, inputs: { x: inputs.input } }, ShapeError, 'rank_mismatch', /input 'input' is missing/],
  ['an input of null', { ...good, inputs: { input: null } }, ShapeError, 'rank_mismatch', /input 'input' is null/],
  [
    'real inputs',
    { ...good, inputs: { input: new Float32Array(5) } },
    ShapeError,
    'rank_mismatch',
    /Float32Array, expected an Int32Array/,
  ],
  [
    'too few inputs',
    { ...good, inputs: { input: new Int32Array(4) } },
    ShapeError,
    'length_mismatch',
    /4 entries, expected 5/,
  ],
  [
    'too many inputs',
    { ...good, inputs: { input: new Int32Array(6) } },
    ShapeError,
    'length_mismatch',
    /6 entries, expected 5/,
  ],
  ['no targets', { ...good, targets: undefined }, ShapeError, 'rank_mismatch', /target 'target' is missing/],
  ['too few targets', { ...good, ...target(1, 2) }, ShapeError, 'length_mismatch', /2 entries, expected 5/],
  [
    'an id too large',
    { ...good, inputs: { input: Int32Array.of(0, 1, SYMBOLS, 3, 4) } },
    RangeIndexError,
    'index_out_of_range',
    /input has index 11 at row 2, expected 0\.\.10/,
  ],
  [
    'a negative id',
    { ...good, inputs: { input: Int32Array.of(0, 1, 2, 3, -1) } },
    RangeIndexError,
    'index_out_of_range',
    /input has index -1 at row 4/,
  ],
  [
    'a target too large',
    { ...good, ...target(0, SYMBOLS, 2, 3, 4) },
    RangeIndexError,
    'index_out_of_range',
    /target has index 11 at row 1, expected -1\.\.10/,
  ],
  [
    'a target below -1',
    { ...good, ...target(-2, 1, 2, 3, 4) },
    RangeIndexError,
    'index_out_of_range',
    /target has index -2 at row 0/,
  ],
];

/** A state made by hand for two sequences. */
function stateOf(model: Model, make: (size: number) => unknown): CarriedState {
  return new CarriedState(2, new Map([...model.stateSizes].map(([name, size]) => [name, make(size) as Float32Array])));
}

/** Every option that a training step must refuse. */
const wrongOptions: readonly (readonly [string, (model: Model) => unknown, new (...of: never) => BpttError, string])[] =
  [
    ['a learning rate of NaN', () => ({ learningRate: Number.NaN }), OptionError, 'invalid_option'],
    ['a negative learning rate', () => ({ learningRate: -1 }), OptionError, 'invalid_option'],
    ['an infinite learning rate', () => ({ learningRate: Number.POSITIVE_INFINITY }), OptionError, 'invalid_option'],
    ['a clipping norm of NaN', () => ({ clipNorm: Number.NaN }), OptionError, 'invalid_option'],
    ['a negative clipping norm', () => ({ clipNorm: -5 }), OptionError, 'invalid_option'],
    ['a clipping value as text', () => ({ clipValue: '1' }), OptionError, 'invalid_option'],
    ['a misspelt option', () => ({ learningrate: 0.1 }), OptionError, 'unknown_option'],
    ['null', () => null, OptionError, 'invalid_option'],
    ['a state of another batch size', (model) => ({ state: model.newState(3) }), UsageError, 'state_mismatch'],
    [
      'a state of another network',
      () => ({ state: characterModel({ units: 4 }).newState(2) }),
      UsageError,
      'state_mismatch',
    ],
    [
      'a state of another cell',
      () => ({ state: characterModel({ cell: 'gru' }).newState(2) }),
      UsageError,
      'state_mismatch',
    ],
    ['a state that is none', () => ({ state: {} }), UsageError, 'state_mismatch'],
    [
      'a state of plain arrays',
      (model) => ({ state: stateOf(model, (size) => new Array(2 * size).fill(0)) }),
      UsageError,
      'state_mismatch',
    ],
    [
      'a state of doubles',
      (model) => ({ state: stateOf(model, (size) => new Float64Array(2 * size)) }),
      UsageError,
      'state_mismatch',
    ],
    ['a state without values', () => ({ state: new CarriedState(2, {} as never) }), UsageError, 'state_mismatch'],
  ];

describe('a batch is refused, with nothing changed,', () => {
  it.each(wrongBatches)('when it has %s', async (_, given, type, code, message) => {
    const model = characterModel();
    const state = model.newState(2);
    model.trainStepSync(good, { state });
    const before = imageOf(model, state);
    const batch = given as Batch;
    const runs: (() => unknown)[] = [
      () => model.trainStepSync(batch, { state }),
      () => model.evaluateSync(batch, { state }),
      () => model.trainStep(batch, { state }),
      () => model.evaluate(batch, { state }),
    ];
    for (const run of runs) {
      const failure = await Promise.resolve()
        .then(run)
        .catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(type);
      expect(failure).toMatchObject({ code, message: expect.stringMatching(message) });
      expect(imageOf(model, state)).toEqual(before);
    }
    expect(model.trainStepSync(good, { state }).steps).toBe(5);
  });

  it('names input, row, index and range of an id as details', () => {
    const batch = { ...good, inputs: { input: Int32Array.of(0, 1, 2, 99, 4) } };
    const details = { name: 'input', row: 3, index: 99, low: 0, high: 10, sequence: 1, step: 1 };
    expect(() => characterModel().predictPackedSync(batch)).toThrow(expect.objectContaining({ details }));
  });

  it('when a prediction gets an id out of range, and needs no targets otherwise', () => {
    const model = characterModel();
    expect(model.predictPackedSync({ batchSizes: good.batchSizes, inputs })).toHaveLength(5 * SYMBOLS);
    const batch = { batchSizes: good.batchSizes, inputs: { input: Int32Array.of(0, 1, 2, 3, 11) } };
    expect(() => model.predictPackedSync(batch)).toThrow(RangeIndexError);
  });

  it('when features have another width than the network', () => {
    const model = sequential([lstm({ units: 4 })], { features: 3 }).compileSync({ loss: 'meanSquaredError' });
    const batch = { batchSizes: Int32Array.of(1, 1), inputs: { input: new Float32Array(4) } };
    expect(() => model.predictPackedSync(batch)).toThrow(/input 'input' has 4 entries, expected 6/);
  });
});

describe('an option of a run is refused, with nothing changed,', () => {
  it.each(wrongOptions)('when it is %s', async (_, make, type, code) => {
    const model = characterModel();
    model.trainStepSync(good);
    const before = imageOf(model);
    const options = make(model) as never;
    expect(() => model.trainStepSync(good, options)).toThrow(expect.objectContaining({ code, constructor: type }));
    await expect(model.trainStep(good, options)).rejects.toMatchObject({ code, constructor: type });
    expect(imageOf(model)).toEqual(before);
  });

  it('when a signal is none, or a synchronous run is given one', async () => {
    const model = characterModel();
    for (const wrong of [5, null, {}, { addEventListener() {} }, new AbortController()]) {
      const run = model.trainStep(good, { signal: wrong as never });
      await expect(run).rejects.toMatchObject({ code: 'invalid_option' });
    }
    const signal = { signal: AbortSignal.timeout(1000) } as never;
    expect(() => model.trainStepSync(good, signal)).toThrow(expect.objectContaining({ code: 'unknown_option' }));
  });

  it.each([0, -1, 1.5, Number.NaN])('when a state is made for %s sequences', (batch) => {
    expect(() => characterModel().newState(batch)).toThrow(OptionError);
  });

  it.each([-1, 0.5, Number.NaN])('when the step is set to %s', (step) => {
    const model = characterModel();
    expect(() => Object.assign(model, { step })).toThrow(OptionError);
    expect(model.step).toBe(0);
  });
});

describe('an option of a compilation is refused', () => {
  const compile = (options: object) => sequential([lstm({ units: 4 })], { features: 3 }).compileSync(options as never);

  it.each([
    [{ seed: -1 }, /seed/],
    [{ seed: 1.5 }, /seed/],
    [{ threads: 0 }, /threads is 0/],
    [{ threads: 1000 }, /1\.\.256/],
    [{ threads: Number.NaN }, /threads is NaN/],
    [{ initializer: 'bogus' }, /initializer 'bogus'/],
    [{ optimizer: 'adam' }, /optimizer must be a description/],
    [{ optimizer: { kind: 'adadelta' } }, /optimizer is 'adadelta', which is unknown/],
    [{ optimiser: {} }, /no option 'optimiser'/],
  ])('when it is %j', async (options, message) => {
    expect(() => compile(options)).toThrow(message);
    expect(() => compile(options)).toThrow(OptionError);
    const later = sequential([lstm({ units: 4 })], { features: 3 }).compile(options as never);
    await expect(later).rejects.toThrow(OptionError);
  });
});

describe('a state', () => {
  it('does not take over the values of another network, and stays as it is', () => {
    const [small, large] = [characterModel({ units: 4 }), characterModel({ units: 9 })];
    const state = small.newState(2);
    (state.values.get('lstm.h_l0') as Float32Array).fill(1);
    const before = state.clone();
    for (const other of [large.newState(2), small.newState(3), characterModel({ cell: 'gru' }).newState(2)]) {
      expect(() => state.copyFrom(other as CarriedState)).toThrow(expect.objectContaining({ code: 'state_mismatch' }));
      expect(state).toEqual(before);
    }
  });
});
