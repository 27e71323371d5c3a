import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/batch/batch.js';
import { packExamples } from '../../src/batch/example-packing.js';
import { unpackSequences } from '../../src/batch/packed-batch.js';
import { beamSearch } from '../../src/decoding/beam-search.js';
import type { Model } from '../../src/model/model.js';
import { type NodeDescription, network } from '../../src/model/network.js';
import type { Decoder } from '../../src/model/use/decoder.js';
import { attention } from '../../src/network/layers/attention.js';
import { dense } from '../../src/network/layers/dense.js';
import { embedding } from '../../src/network/layers/embedding.js';
import { concatenate } from '../../src/network/layers/layers.js';
import { pool } from '../../src/network/layers/pool.js';
import { gru, lstm } from '../../src/network/layers/recurrent.js';
import { adam } from '../../src/network/optimizers/optimizer.js';
import {
  ATTENTIONS,
  BEGIN,
  END,
  encoderDecoder,
  type Pair,
  pairBatch,
  raggedPairs,
  reversedPairs,
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

  it.each(cases)('gives step by step the bits of the whole: %s', async (_, options) => {
    const model = encoderDecoder(options).compileSync({ threads: 2, seed: 4 });
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

  it('finds with beam search what the network has learnt, for all sentences at once', async () => {
    const model = encoderDecoder({ units: 24 }).compileSync({
      threads: 1,
      seed: 2,
      optimizer: adam({ learningRate: 0.01 }),
    });
    for (let step = 0; step < 400; step++) {
      model.trainStepSync(pairBatch(reversedPairs(32, 5, step)), { clipNorm: 1 });
    }
    const held = reversedPairs(40, 5, 10_000);
    const decoder = await model.decoder(pairBatch(held), { input: 'previous' });
    const found = await beamSearch(decoder.step, {
      ...{ vocabulary: SYMBOLS, begin: BEGIN, end: END, beams: 3, maxLength: 8 },
      sentences: decoder.sentences,
    });
    const right = found.filter(([best], index) => {
      return best?.symbols.join() === [...(held[index] as Pair).source].reverse().join();
    });
    expect(right.length).toBeGreaterThanOrEqual(38);
  });
});

/** A picture for each sequence, which a dense layer makes the first state of a decoder. */
function captions(extra: readonly NodeDescription[] = [], last = 'decoder') {
  return network({
    inputs: {
      picture: { kind: 'features', units: 3, per: 'sequence' },
      previous: { kind: 'indices', size: SYMBOLS },
    },
    nodes: [
      { name: 'seen', layer: dense({ units: 10 }), inputs: ['picture'] },
      { name: 'embedding', layer: embedding({ size: SYMBOLS, units: 4 }), inputs: ['previous'] },
      { name: 'told', layer: concatenate(), inputs: ['embedding', 'picture'] },
      { name: 'decoder', layer: gru({ units: 10 }), inputs: ['told'], states: { h_l0: 'seen' } },
      ...extra,
      { name: 'words', layer: dense({ units: SYMBOLS }), inputs: [last] },
    ],
    output: 'words',
  });
}

const PICTURES = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
] as const;
const SAID = [[2, 3, 4, 5], [6], [7, 7]] as const;
const CAPTION_FORM = {
  inputs: { picture: { per: 'sequence', width: 3 }, previous: {} },
  targets: { target: { field: 'words' } },
} as const;
const captionExamples = PICTURES.map((picture, index) => ({
  picture: Float32Array.from(picture),
  previous: ids(BEGIN, ...(SAID[index] as readonly number[])),
  words: ids(...(SAID[index] as readonly number[]), END),
}));

describe('a network of a picture and its caption', () => {
  it('learns captions and says them again', async () => {
    const model = captions().compileSync({ threads: 1, optimizer: adam({ learningRate: 0.02 }) });
    const batch = packExamples(
      [2, 0, 1].map((index) => captionExamples[index] as never),
      CAPTION_FORM,
    );
    for (let step = 0; step < 150; step++) model.trainStepSync(batch);
    expect(model.evaluateSync(batch).loss).toBeLessThan(0.05);
    const inputs = { picture: Float32Array.from(PICTURES.flat()) };
    const decoder = await model.decoder({ inputs }, { input: 'previous' });
    expect(decoder.sentences).toBe(3);
    const options = { vocabulary: SYMBOLS, begin: BEGIN, end: END, beams: 2, maxLength: 6, sentences: 3 };
    const found = await beamSearch(decoder.step, options);
    expect(found.map(([best]) => [...(best?.symbols ?? [])])).toEqual(SAID);
    // The order of a packed batch says which picture is whose.
    const packed = await model.decoder(batch, { input: 'previous' });
    const turned = await beamSearch(packed.step, options);
    expect(turned.map(([best]) => [...(best?.symbols ?? [])])).toEqual([2, 0, 1].map((index) => SAID[index]));
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
    const model = captions(extra as never, last).compileSync({ threads: 1 });
    await expect(model.decoder({ inputs }, { input: 'previous' })).rejects.toEqual(notStreamable(layer));
    expect(model.lookAheadLayer).toBe(layer);
  });

  it('when its input or output is none, or its batch does not fit', async () => {
    const model = captions().compileSync({ threads: 1 });
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
    const model = captions().compileSync({ threads: 1, seed: 6 });
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
