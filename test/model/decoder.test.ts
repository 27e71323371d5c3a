import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/batch/batch.js';
import { unpackSequences } from '../../src/batch/packed-batch.js';
import type { Model } from '../../src/model/model.js';
import type { Decoder } from '../../src/model/use/decoder.js';
import { attention } from '../../src/network/layers/attention.js';
import { concatenate } from '../../src/network/layers/layers.js';
import { pool } from '../../src/network/layers/pool.js';
import { gru, lstm } from '../../src/network/layers/recurrent.js';
import {
  ATTENTIONS,
  BEGIN,
  captioner,
  encoderDecoder,
  type Pair,
  pairBatch,
  raggedPairs,
  SYMBOLS,
} from './encoder-decoder-models.js';
import { randomNumbers } from './small-models.js';

const ids = (...values: number[]) => Int32Array.from(values);
const range = (count: number) => Int32Array.from({ length: count }, (_, index) => index);

/** The logits of all steps of each pair, made one by one; pairs whose targets have ended leave the steps. */
async function stepByStep(decoder: Decoder, pairs: readonly Pair[]): Promise<number[][]> {
  const logits: number[][] = pairs.map(() => []);
  let before = range(pairs.length);
  for (let step = 0; ; step++) {
    const alive = range(pairs.length).filter((pair) => step < (pairs[pair] as Pair).previous.length);
    if (alive.length === 0) return logits;
    const tokens = alive.map((pair) => (pairs[pair] as Pair).previous[step] as number);
    const rows = await decoder.step(
      tokens,
      alive.map((pair) => before.indexOf(pair)),
      alive,
    );
    for (const [row, pair] of alive.entries()) {
      logits[pair]?.push(...rows.subarray(row * decoder.outputs, (row + 1) * decoder.outputs));
    }
    before = alive;
  }
}

const whole = async (model: Model, batch: Batch) =>
  unpackSequences(batch, await model.predictPacked(batch), SYMBOLS).map((rows) => [...rows]);

describe('a decoder', () => {
  const pairs = raggedPairs();
  const batch = pairBatch(pairs);
  const cases = [
    ...ATTENTIONS.map(([name, scores]) => [name, { attention: scores }] as const),
    ['an LSTM', { cell: 'lstm' }] as const,
    ['tied weights', { tied: true }] as const,
  ];

  it.each([
    ...cases.map(([name, options]) => [name, options, 'float32'] as const),
    ...cases.map(([name, options]) => [`${name}, in bf16`, options, 'bf16'] as const),
  ])('gives step by step the bits of the whole: %s', async (_, options, precision) => {
    const model = encoderDecoder(options).compileSync({ threads: 2, seed: 4, precision });
    const decoder = await model.decoder(batch, { input: 'previous' });
    expect([decoder.sentences, decoder.outputs]).toEqual([5, SYMBOLS]);
    const expected = await whole(model, batch);
    expect(await stepByStep(decoder, pairs)).toEqual(expected);
    decoder.reset();
    expect(await stepByStep(decoder, pairs)).toEqual(expected);
  });

  it('needs neither the sizes nor the input of the axis that it decodes', async () => {
    const model = encoderDecoder().compileSync({ threads: 1 });
    const { axes, inputs } = batch;
    const decoder = await model.decoder(
      { inputs: { source: inputs['source'] as Int32Array }, axes: axes as never },
      { input: 'previous' },
    );
    expect(await stepByStep(decoder, pairs)).toEqual(await whole(model, batch));
  });

  it('lets several beams share a sentence and go on from any of the beams before', async () => {
    const model = encoderDecoder({ cell: 'lstm' }).compileSync({ threads: 1, seed: 5 });
    const decoder = await model.decoder(batch, { input: 'previous' });
    await decoder.step(ids(BEGIN, BEGIN, BEGIN), ids(0, 1, 4), ids(0, 1, 4));
    await decoder.step(ids(2, 3, 4, 5, 6), ids(0, 0, 1, 2, 2), ids(0, 0, 1, 4, 4));
    const logits = await decoder.step(ids(7, 7, 2, 3), ids(4, 3, 0, 1), ids(4, 4, 0, 0));
    const histories = [
      [4, 6, 7],
      [4, 5, 7],
      [0, 2, 2],
      [0, 3, 3],
    ] as const;
    for (const [row, [sentence, ...taken]] of histories.entries()) {
      const pair = pairs[sentence] as Pair;
      const previous = ids(BEGIN, ...taken);
      const alone = pairBatch([{ source: pair.source, previous, words: previous }]);
      expect([...logits.subarray(row * SYMBOLS, (row + 1) * SYMBOLS)]).toEqual(
        (await whole(model, alone))[0]?.slice(-SYMBOLS),
      );
    }
  });
});

describe('a decoder is refused', () => {
  const notStreamable = (layer: string) =>
    expect.objectContaining({ code: 'not_streamable', details: { layer, axis: 'time' } });
  const inputs = { picture: randomNumbers(6) };

  it.each([
    [
      'reads it in reverse',
      'backwards',
      [{ name: 'backwards', layer: lstm({ units: 4, direction: 'reverse' }), inputs: ['told'] }],
      'backwards',
    ],
    [
      'brings its mean to all steps',
      'both',
      [
        { name: 'mean', layer: pool({ over: 'mean' }), inputs: ['decoder'] },
        { name: 'both', layer: concatenate(), inputs: ['decoder', 'mean'] },
      ],
      'mean',
    ],
    [
      'brings its last state to all steps',
      'both',
      [{ name: 'both', layer: concatenate(), inputs: ['decoder', 'decoder.h_l0'] }],
      'both',
    ],
    [
      'begins with what another has made of it',
      'again',
      [{ name: 'again', layer: gru({ units: 10 }), inputs: ['told'], states: { h_l0: 'decoder.h_l0' } }],
      'again',
    ],
    [
      'looks at all of it',
      'self',
      [{ name: 'self', layer: attention({ score: 'dot' }), inputs: ['decoder', 'decoder'] }],
      'self',
    ],
  ] as const)('when a layer %s', async (_, last, extra, layer) => {
    const model = captioner(extra as never, last).compileSync({ threads: 1 });
    await expect(model.decoder({ inputs }, { input: 'previous' })).rejects.toEqual(notStreamable(layer));
    expect(model.streamObstacle?.layer).toBe(layer);
  });

  it('when its input or output is none, or its batch does not fit', async () => {
    const model = captioner().compileSync({ threads: 1 });
    const make = (options: object, given: object = inputs) =>
      model.decoder({ inputs: given as never }, options as never);
    await expect(make({ input: 'nobody' })).rejects.toThrow(/'nobody' is no input/);
    await expect(make({ input: 'picture' })).rejects.toThrow(/'picture' holds no index/);
    await expect(make({ input: 'previous', output: 'seen' })).rejects.toThrow(/must be one of output, got seen/);
    await expect(make({ input: 'previous', beams: 3 })).rejects.toMatchObject({ code: 'unknown_option' });
    await expect(make({ input: 'previous' }, {})).rejects.toMatchObject({ code: 'rank_mismatch' });
    await expect(make({ input: 'previous' }, { picture: new Float32Array(4) })).rejects.toMatchObject({
      code: 'length_mismatch',
    });
    model.dispose();
    await expect(make({ input: 'previous' })).rejects.toMatchObject({ code: 'model_disposed' });
  });

  it('a step that does not fit, and goes on afterwards as if it had not been asked for', async () => {
    const model = captioner().compileSync({ threads: 1, seed: 6 });
    const decoder = await model.decoder({ inputs }, { input: 'previous' });
    const first = () => decoder.step(ids(BEGIN, BEGIN), ids(0, 1), ids(0, 1));
    const second = () => decoder.step(ids(2, 3, 4), ids(0, 0, 1), ids(0, 0, 1));
    await first();
    const expected = await second();
    decoder.reset();
    await first();
    const wrong: readonly (readonly [unknown, unknown, unknown, string])[] = [
      [ids(), ids(), ids(), 'length_mismatch'],
      [[2], ids(0), ids(0), 'rank_mismatch'],
      [ids(2), ids(0, 1), ids(0), 'length_mismatch'],
      [ids(2), ids(2), ids(0), 'index_out_of_range'],
      [ids(2), ids(0), ids(2), 'index_out_of_range'],
      [ids(2), ids(-1), ids(0), 'index_out_of_range'],
      [ids(99), ids(0), ids(0), 'index_out_of_range'],
    ];
    for (const [tokens, parents, sentences, code] of wrong) {
      await expect(decoder.step(tokens as never, parents as never, sentences as never)).rejects.toMatchObject({ code });
    }
    expect(await second()).toEqual(expected);
    decoder.dispose();
    await expect(second()).rejects.toMatchObject({ code: 'stream_closed' });
  });
});
