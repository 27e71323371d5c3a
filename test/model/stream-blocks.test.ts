/** Blocks of steps of a stream, and the memory that callers give for outputs. */
import { describe, expect, it } from 'vitest';
import type { Model } from '../../src/model/model.js';
import { sequential } from '../../src/model/network.js';
import type { Stream } from '../../src/model/use/stream.js';
import { conv1d } from '../../src/network/layers/conv1d.js';
import { dense } from '../../src/network/layers/dense.js';
import { embedding } from '../../src/network/layers/embedding.js';
import { gru, lstm } from '../../src/network/layers/recurrent.js';
import { CELLS, type Cell, characterModel, randomBatch, randomNumbers, SYMBOLS } from './small-models.js';

const ids = (count: number, seed = 1) => randomBatch([count], seed).inputs['input'] as Int32Array;
const code = (name: string) => expect.objectContaining({ code: name });

function featureModel(threads = 1): Model {
  const network = sequential([gru({ units: 6 }), dense({ units: 2 })], { features: 3 });
  return network.compileSync({ loss: 'meanSquaredError', threads });
}

/** The outputs of single steps, one after the other. */
function stepped(stream: Stream, rows: Int32Array | Float32Array, width = 1): Float32Array {
  const outputs: number[] = [];
  for (let at = 0; at < rows.length; at += width) outputs.push(...stream.step(rows.slice(at, at + width)));
  return Float32Array.from(outputs);
}

/** Bytes of the heap that a call takes; the median of many measurements, which a garbage collection does not spoil. */
function bytesOf(call: () => void): number {
  for (let at = 0; at < 20_000; at++) call();
  const found = Array.from({ length: 21 }, () => {
    const before = process.memoryUsage().heapUsed;
    for (let at = 0; at < 500; at++) call();
    return (process.memoryUsage().heapUsed - before) / 500;
  });
  return found.sort((a, b) => a - b)[10] as number;
}

describe('a block of steps', () => {
  it.each(Object.keys(CELLS) as Cell[])('of a %s gives the bits of its steps, and their state', (cell) => {
    const model = characterModel({ cell, units: 19, layers: 2 });
    const [stream, plain] = [model.stream(), model.stream()];
    for (const [seed, length] of [5, 1, 12, 7, 40, 12, 3].entries()) {
      const block = ids(length, seed);
      expect(stream.run(block)).toEqual(stepped(plain, block));
      expect(stream.snapshot()).toEqual(plain.snapshot());
    }
    expect(stream.steps).toBe(80);
    expect(stream.step(3)).toEqual(plain.step(3));
  });

  it('of features, in any form, gives the bits of its steps', () => {
    const model = featureModel();
    const block = randomNumbers(21);
    const expected = stepped(model.stream(), block, 3);
    expect(model.stream().run(block)).toEqual(expected);
    const rows = Array.from({ length: 7 }, (_, step) => [...block.slice(3 * step, 3 * step + 3)]);
    expect(model.stream().run(rows)).toEqual(expected);
    expect(model.stream().step(rows[0] as number[])).toEqual(expected.slice(0, 2));
  });

  it('of one feature takes numbers', () => {
    const network = sequential([lstm({ units: 4 })], { features: 1 });
    const model = network.compileSync({ loss: 'meanSquaredError' });
    const block = randomNumbers(6);
    const expected = stepped(model.stream(), block);
    expect(model.stream().run([...block])).toEqual(expected);
    const stream = model.stream();
    expect(Float32Array.from([...block].flatMap((x) => [...stream.step(x)]))).toEqual(expected);
  });

  it('carries the context of convolutions and normalised, clipped cells', () => {
    const layers = [
      conv1d({ units: 5, kernelSize: 3, dilation: 2, padding: 'causal' }),
      gru({ units: 6, layerNormalization: true, inputClip: 3 }),
      dense({ units: 2 }),
    ];
    const model = sequential(layers, { features: 3 }).compileSync({ loss: 'meanSquaredError' });
    const [stream, plain] = [model.stream(), model.stream()];
    for (const [seed, length] of [4, 1, 9, 2].entries()) {
      const block = randomNumbers(3 * length, seed + 1);
      expect(stream.run(block)).toEqual(stepped(plain, block, 3));
    }
    expect(stream.snapshot()).toEqual(plain.snapshot());
  });

  it('of a network with one output for each sequence has the output of each step', async () => {
    const network = sequential([embedding({ size: SYMBOLS, units: 3 }), gru({ units: 4, output: 'last' })]);
    const model = network.compileSync({ loss: 'meanSquaredError' });
    const expected = stepped(model.stream(), ids(6));
    expect(expected).toHaveLength(24);
    const [stream, other] = [model.stream(), model.stream()];
    expect(stream.run(ids(6))).toEqual(expected);
    expect(await other.runAsync(ids(6))).toEqual(expected);
    expect(other.snapshot()).toEqual(stream.snapshot());
    expect(stream.read(ids(6))).toHaveLength(4);
    const into = new Float32Array(24).fill(7);
    const before = stream.snapshot();
    expect(() => stream.run(Int32Array.of(1, 2, 3, SYMBOLS), into)).toThrow(code('index_out_of_range'));
    await expect(stream.runAsync(Int32Array.of(1, 2, 3, SYMBOLS))).rejects.toMatchObject({
      code: 'index_out_of_range',
    });
    expect(stream.snapshot()).toEqual(before);
    expect(new Set(into)).toEqual(new Set([7]));
  });

  it('sees the weights of the moment', async () => {
    const model = characterModel();
    const [stream, plain] = [model.stream(), model.stream()];
    for (let round = 0; round < 3; round++) {
      expect(stream.run(ids(5, round))).toEqual(stepped(plain, ids(5, round)));
      await model.trainStep(randomBatch([6, 6]), { learningRate: 0.1 });
    }
  });

  it('needs no new program while it is no longer than those before', () => {
    const model = characterModel();
    const stream = model.stream();
    stream.run(ids(20));
    const { arena } = model.memory;
    for (const length of [1, 20, 7, 19]) stream.run(ids(length));
    expect(model.memory.arena).toBe(arena);
    stream.run(ids(21));
    const grown = model.memory.arena;
    expect(grown).toBeGreaterThan(arena);
    stream.run(ids(40));
    expect(model.memory.arena).toBe(grown);
  });

  it('takes its place in the queue, before a training step that is requested after it', async () => {
    const [model, other] = [characterModel(), characterModel()];
    const batch = randomBatch([5, 3]);
    const [stream, plain] = [model.stream(), other.stream()];
    const calls = [stream.stepAsync(1), stream.runAsync([2, 3, 4]), stream.readAsync([5, 6]), stream.runAsync([7])];
    const trained = model.trainStep(batch);
    const after = stream.runAsync(ids(4));
    const expected = [plain.step(1), plain.run([2, 3, 4]), plain.read([5, 6]), plain.run([7])];
    expect(await Promise.all(calls)).toEqual(expected);
    expect(await trained).toEqual(await other.trainStep(batch));
    expect(await after).toEqual(plain.run(ids(4)));
    expect(stream.snapshot()).toEqual(plain.snapshot());
  });

  it('leaves the stream as it was where it is refused', async () => {
    const model = characterModel();
    const stream = model.stream();
    stream.run(ids(4));
    const before = stream.snapshot();
    expect(() => stream.run(Int32Array.of(1, 99))).toThrow(/index 99 at row 1/);
    expect(() => stream.run([1, 1.5])).toThrow(code('index_out_of_range'));
    expect(() => stream.run(new Int32Array())).toThrow(code('empty_data'));
    expect(() => stream.run([])).toThrow(code('empty_data'));
    expect(() => stream.run(Float32Array.of(1) as never)).toThrow(code('rank_mismatch'));
    expect(() => stream.run(Int32Array.of(1), new Float64Array(99) as never)).toThrow(code('rank_mismatch'));
    await expect(stream.runAsync(Int32Array.of(1, 99))).rejects.toMatchObject({ code: 'index_out_of_range' });
    await expect(stream.runAsync([1], { stop: 1 } as never)).rejects.toMatchObject({ code: 'unknown_option' });
    expect(stream.snapshot()).toEqual(before);
    stream.close();
    expect(() => stream.run([1])).toThrow(code('stream_closed'));
    await expect(stream.runAsync([1])).rejects.toMatchObject({ code: 'stream_closed' });

    const features = featureModel().stream();
    expect(() => features.run(new Float32Array(7))).toThrow(/7 numbers, expected rows of 3/);
    expect(() => features.run(new Float32Array(7))).toThrow(code('shape_mismatch'));
    const spoiled = randomNumbers(9);
    spoiled[4] = Number.NaN;
    expect(() => features.run(spoiled)).toThrow(code('non_finite_data'));
    expect(() => features.run(Float32Array.of(3e38, 3e38, 3e38))).not.toThrow();
    expect(features.steps).toBe(1);
  });

  it('is refused while an asynchronous call of the stream waits', async () => {
    const stream = characterModel().stream();
    const waiting = stream.runAsync([1, 2]);
    expect(() => stream.run([3])).toThrow(code('model_busy'));
    await waiting;
    expect(stream.run([3])).toHaveLength(SYMBOLS);
  });
});

describe('a block of a network with one output for each sequence', () => {
  const last = () =>
    sequential([gru({ units: 64, output: 'last' }), dense({ units: 2 })], { features: 3 }).compileSync({
      loss: 'meanSquaredError',
      threads: 1,
    });

  it('that is aborted leaves the stream as it was before, at once and later', async () => {
    const [stream, plain] = [last().stream(), last().stream()];
    const row = randomNumbers(3);
    expect(stream.step(row)).toEqual(plain.step(row));
    const controller = new AbortController();
    const block = stream.runAsync(randomNumbers(3 * 2000), { signal: controller.signal });
    const refused = expect(block).rejects.toMatchObject({ name: 'AbortError' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    controller.abort();
    await refused;
    expect(stream.snapshot()).toEqual(plain.snapshot());
    expect(stream.step(row)).toEqual(plain.step(row));
    await new Promise((resolve) => setTimeout(resolve, 50)); // what still worked has ended
    expect(stream.snapshot()).toEqual(plain.snapshot());
    expect(stream.step(row)).toEqual(plain.step(row));
  });
});

describe('programs that users name', () => {
  it('are none of those of streams', () => {
    const model = characterModel();
    const [stream, plain] = [model.stream(), characterModel().stream()];
    for (const use of ['stream', 'streams', 'read', 'group', 'group in turn', 'predict']) {
      model.predictPackedSync(randomBatch([5, 4, 1]), { use });
      expect(stream.step(1)).toEqual(plain.step(1));
      expect(stream.run([2, 3])).toEqual(plain.run([2, 3]));
    }
  });
});

describe('memory for outputs', () => {
  it('is written from its beginning, is returned, and may be longer than the outputs', async () => {
    const model = characterModel();
    const expected = stepped(model.stream(), ids(6));
    const stream = model.stream();
    const into = new Float32Array(3 * SYMBOLS).fill(7);
    expect(stream.step(ids(6)[0] as number, into)).toBe(into);
    expect(into.slice(0, SYMBOLS)).toEqual(expected.slice(0, SYMBOLS));
    expect(new Set(into.slice(SYMBOLS))).toEqual(new Set([7]));
    expect(stream.run(ids(6).slice(1, 3), into)).toBe(into);
    expect(into.slice(0, 2 * SYMBOLS)).toEqual(expected.slice(SYMBOLS, 3 * SYMBOLS));
    expect(await stream.stepAsync(ids(6)[3] as number, { into })).toBe(into);
    expect(into.slice(0, SYMBOLS)).toEqual(expected.slice(3 * SYMBOLS, 4 * SYMBOLS));
    expect(await stream.runAsync(ids(6).slice(4), { into })).toBe(into);
    expect(into.slice(0, 2 * SYMBOLS)).toEqual(expected.slice(4 * SYMBOLS));
  });

  it('that is too short is refused before the step', async () => {
    const stream = characterModel().stream();
    const into = new Float32Array(2 * SYMBOLS - 1);
    expect(() => stream.step(1, new Float32Array(SYMBOLS - 1))).toThrow(code('length_mismatch'));
    expect(() => stream.run([1, 2], into)).toThrow(/into has room for 21 numbers, the outputs are 22/);
    await expect(stream.runAsync([1, 2], { into })).rejects.toMatchObject({ code: 'length_mismatch' });
    await expect(stream.stepAsync(1, { into: [] as never })).rejects.toMatchObject({ code: 'rank_mismatch' });
    expect(stream.steps).toBe(0);
  });

  it('that is moved away while an asynchronous step waits is replaced by a new array', async () => {
    const model = characterModel();
    const stream = model.stream();
    const into = new Float32Array(SYMBOLS);
    const step = stream.stepAsync(1, { into });
    structuredClone(into, { transfer: [into.buffer as ArrayBuffer] });
    expect(await step).toEqual(model.stream().step(1));
    expect(stream.steps).toBe(1);
  });

  it('saves all allocations of steps and blocks', () => {
    const model = featureModel();
    const stream = model.stream();
    const [row, numbers, block] = [randomNumbers(3), [0.1, 0.2, 0.3], randomNumbers(24)];
    const into = new Float32Array(16);
    const characters = characterModel().stream();
    const symbols = new Float32Array(SYMBOLS);
    expect(bytesOf(() => stream.step(row))).toBeGreaterThan(50); // the new array: so the measurement sees it
    expect(bytesOf(() => stream.step(row, into))).toBeLessThan(8);
    expect(bytesOf(() => stream.step(numbers, into))).toBeLessThan(8);
    expect(bytesOf(() => stream.run(block, into))).toBeLessThan(8);
    expect(bytesOf(() => characters.step(3, symbols))).toBeLessThan(8);
  });
});
