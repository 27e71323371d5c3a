import { describe, expect, it } from 'vitest';
import type { AxisSizes, Batch } from '../../src/batch/batch.js';
import { OptionError, RangeIndexError, ShapeError } from '../../src/core/errors.js';
import { encoderDecoder, pairBatch, raggedPairs } from './encoder-decoder-models.js';
import { imageOf } from './small-models.js';

const good = pairBatch(raggedPairs());
const source = good.axes?.['source'] as Required<AxisSizes>;
const order = good.order as Int32Array;
const withSource = (change: object) => ({ ...good, axes: { source: { ...source, ...change } } });
const outOfRange = (good.inputs['source'] as Int32Array).map((id, row) => (row === 2 ? 99 : id));

const wrong: readonly (readonly [string, unknown, unknown, string, RegExp])[] = [
  ['no axes', { ...good, axes: undefined }, ShapeError, 'rank_mismatch', /axes\.source\.batchSizes is missing/],
  ['an axis without sizes', withSource({ batchSizes: undefined }), ShapeError, 'rank_mismatch', /is missing/],
  ['an axis that is null', { ...good, axes: { source: null } }, ShapeError, 'rank_mismatch', /is missing/],
  [
    'sizes that are not sorted',
    withSource({ batchSizes: Int32Array.of(5, 6) }),
    ShapeError,
    'shape_mismatch',
    /axes\.source\.batchSizes\[1\] is 6/,
  ],
  ['no order of its own', { ...good, order: undefined }, ShapeError, 'rank_mismatch', /^order is missing/],
  [
    'no order of another axis',
    withSource({ order: undefined }),
    ShapeError,
    'rank_mismatch',
    /axes\.source\.order is missing/,
  ],
  [
    'an order that names a sequence twice',
    withSource({ order: Int32Array.of(0, 1, 2, 3, 3) }),
    ShapeError,
    'length_mismatch',
    /axes\.source\.order must name each of the 5 sequences once/,
  ],
  ['an order that is too short', { ...good, order: order.slice(1) }, ShapeError, 'length_mismatch', /order must name/],
  [
    'another number of sequences',
    { ...good, axes: { source: { batchSizes: Int32Array.of(4, 4, 4, 4), order: Int32Array.of(0, 1, 2, 3) } } },
    ShapeError,
    'shape_mismatch',
    /axis 'source' has 4 sequences, axis 'time' 5/,
  ],
  [
    'sizes of its own beside those of time',
    { ...good, axes: { source, time: source } },
    ShapeError,
    'shape_mismatch',
    /axes names 'time'/,
  ],
  [
    'an input that does not fit its axis',
    { ...good, inputs: { ...good.inputs, source: new Int32Array(3) } },
    ShapeError,
    'length_mismatch',
    /input 'source' has 3 entries, expected 16/,
  ],
  [
    'an index out of range',
    { ...good, inputs: { ...good.inputs, source: outOfRange } },
    RangeIndexError,
    'index_out_of_range',
    /source has index 99 at row 2/,
  ],
];

describe('a batch of two axes is refused, with nothing changed,', () => {
  it.each(wrong)('when it has %s', async (_, given, type, code, message) => {
    const model = encoderDecoder().compileSync({ threads: 1 });
    model.trainStepSync(good);
    const before = imageOf(model);
    const batch = given as Batch;
    const runs: (() => unknown)[] = [
      () => model.trainStepSync(batch),
      () => model.trainStep(batch),
      () => model.evaluate(batch),
      () => model.predictPacked(batch),
      () => model.attention(batch, 'context'),
    ];
    for (const run of runs) {
      const failure = await Promise.resolve()
        .then(run)
        .catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(type);
      expect(failure).toMatchObject({ code, message: expect.stringMatching(message) });
      expect(imageOf(model)).toEqual(before);
    }
    expect(model.trainStepSync(good).steps).toBe(18);
  });

  it('when the weights of a node are asked for that is no attention', async () => {
    const model = encoderDecoder().compileSync({ threads: 1 });
    await expect(model.attention(good, 'decoder')).rejects.toThrow(OptionError);
    await expect(model.attention(good, 'decoder')).rejects.toThrow(/'decoder' is a node of kind gru/);
    await expect(model.attention(good, 'nobody')).rejects.toThrow(/'nobody' is no node/);
    await expect(model.attention(good, 'context', { state: 1 } as never)).rejects.toThrow(OptionError);
  });
});
