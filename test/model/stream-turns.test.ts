import { describe, expect, it } from 'vitest';
import type { Model } from '../../src/model/model.js';
import { sequential } from '../../src/model/network.js';
import type { Stream } from '../../src/model/use/stream.js';
import { dense } from '../../src/network/layers/dense.js';
import { gru } from '../../src/network/layers/recurrent.js';
import { CELLS, type Cell, characterModel, imageOf, randomBatch, randomNumbers, SYMBOLS } from './small-models.js';

const busy = expect.objectContaining({ code: 'model_busy' });
const closed = { code: 'stream_closed' };

const ids = (count: number, seed: number) => Array.from({ length: count }, (_, at) => (3 * at + 5 * seed) % SYMBOLS);

/** The outputs of the steps one by one, on the calling thread. */
function alone(model: Model, steps: readonly number[]): Float32Array[] {
  const stream = model.stream();
  return steps.map((id) => stream.step(id));
}

async function inTurns(stream: Stream, steps: readonly number[]): Promise<Float32Array[]> {
  const outputs: Float32Array[] = [];
  for (const id of steps) outputs.push(await stream.stepAsync(id));
  return outputs;
}

/** Makes all calls of a model wait until they are released. */
async function held(model: Model): Promise<{ release(): Promise<void> }> {
  let release = () => {};
  const holding = model.whileIdle(() => new Promise<void>((resolve) => (release = resolve)));
  await new Promise((resolve) => setImmediate(resolve));
  return {
    async release() {
      release();
      await holding;
    },
  };
}

/** The numbers of sequences of the single steps that a model executes together. */
function batchesOf(model: Model): number[] {
  const batches: number[] = [];
  const { executions } = model as unknown as { executions: { begin(request: Record<string, unknown>): unknown } };
  const begin = executions.begin.bind(executions);
  executions.begin = (request) => {
    if (request['use'] === 'streams') batches.push((request['batch'] as { batchSizes: Int32Array }).batchSizes[0] ?? 0);
    return begin(request);
  };
  return batches;
}

describe('asynchronous steps of streams', () => {
  it.each(Object.keys(CELLS) as Cell[])('of 100 streams of a %s at once give the bits of each alone', async (cell) => {
    const make = () => characterModel({ cell, units: 19, layers: 2 });
    const [model, other] = [make(), make()];
    const texts = Array.from({ length: 100 }, (_, at) => ids(1 + (at % 9), at));
    const found = await Promise.all(texts.map((text) => inTurns(model.stream(), text)));
    for (const [at, text] of texts.entries()) expect(found[at]).toEqual(alone(other, text));
  });

  it('of features give the bits of each alone, and copy their inputs', async () => {
    const make = () => {
      const network = sequential([gru({ units: 6 }), dense({ units: 2 })], { features: 3 });
      return network.compileSync({ loss: 'meanSquaredError', threads: 2 });
    };
    const [model, other] = [make(), make()];
    const rows = Array.from({ length: 5 }, (_, at) => randomNumbers(3, at + 1));
    const expected = rows.map((row) => other.stream().step(row));
    const given = rows.map((row) => row.slice());
    const steps = given.map((row) => model.stream().stepAsync(row));
    for (const row of given) row.fill(7);
    expect(await Promise.all(steps)).toEqual(expected);
    expect(await model.stream().stepAsync([...(rows[0] as Float32Array)])).toEqual(expected[0]);
  });

  it('of one stream keep their order, also among reads of several steps and when nobody waits for them', async () => {
    const [model, other] = [characterModel(), characterModel()];
    const [stream, plain] = [model.stream(), other.stream()];
    const calls = [stream.stepAsync(1), stream.readAsync([2, 3, 4]), stream.stepAsync(5), stream.stepAsync(6)];
    const expected = [plain.step(1), plain.read([2, 3, 4]), plain.step(5), plain.step(6)];
    expect(await Promise.all(calls)).toEqual(expected);
    expect(stream.steps).toBe(6);
    expect(stream.snapshot()).toEqual(plain.snapshot());
    expect(await stream.stepAsync(7)).toEqual(plain.step(7));
  });

  it('that wait at the same time are computed together, 64 at most', async () => {
    const model = characterModel();
    const batches = batchesOf(model);
    const streams = Array.from({ length: 100 }, () => model.stream());
    await Promise.all(streams.map((stream) => stream.stepAsync(1)));
    expect(batches).toEqual([64, 36]);
    await streams[0]?.stepAsync(2);
    expect(batches).toEqual([64, 36, 1]);
  });

  it('are computed one of each stream in a round', async () => {
    const model = characterModel();
    const batches = batchesOf(model);
    const streams = [model.stream(), model.stream(), model.stream()];
    await Promise.all(streams.flatMap((stream, at) => ids(3 - at, at).map((id) => stream.stepAsync(id))));
    expect(batches).toEqual([3, 2, 1]);
  });

  it('come before a training step that was requested after them, however many wait on one stream', async () => {
    const [model, other] = [characterModel(), characterModel()];
    const batch = randomBatch([5, 3]);
    const { release } = await held(model);
    const [stream, plain] = [model.stream(), other.stream()];
    const before = [...ids(5, 1).map((id) => stream.stepAsync(id)), stream.readAsync([2, 3]), stream.stepAsync(4)];
    const trained = model.trainStep(batch);
    const after = [stream.readAsync([5, 6]), ...ids(4, 2).map((id) => stream.stepAsync(id))];
    await release();
    const expected = [...ids(5, 1).map((id) => plain.step(id)), plain.read([2, 3]), plain.step(4)];
    expect(await Promise.all(before)).toEqual(expected);
    expect(await trained).toEqual(await other.trainStep(batch));
    expect(await Promise.all(after)).toEqual([plain.read([5, 6]), ...ids(4, 2).map((id) => plain.step(id))]);
    expect(stream.snapshot()).toEqual(plain.snapshot());
    expect(imageOf(model)).toEqual(imageOf(other));
  });

  it('wait for training steps that were requested before, and see their weights', async () => {
    const [model, other] = [characterModel(), characterModel()];
    const batch = randomBatch([5, 3]);
    const stream = model.stream();
    const [first, trained, second] = [stream.stepAsync(1), model.trainStep(batch), model.stream().stepAsync(2)];
    expect(await first).toEqual(other.stream().step(1));
    expect(await trained).toEqual(await other.trainStep(batch));
    expect(await second).toEqual(other.stream().step(2));
    expect(imageOf(model)).toEqual(imageOf(other));
  });
});

describe('an asynchronous step that does not succeed', () => {
  it('harms neither its stream nor those that were requested with it', async () => {
    const [model, other] = [characterModel(), characterModel()];
    const streams = Array.from({ length: 9 }, () => model.stream());
    const steps = streams.map((stream, at) => stream.stepAsync(at === 4 ? SYMBOLS : at));
    const results = await Promise.allSettled(steps);
    for (const [at, result] of results.entries()) {
      if (at === 4) expect(result).toMatchObject({ reason: { code: 'index_out_of_range' } });
      else expect(result).toMatchObject({ value: other.stream().step(at) });
    }
    expect(await streams[4]?.stepAsync(4)).toEqual(other.stream().step(4));
  });

  it('in the execution harms those that were computed with it no more', async () => {
    const [model, other] = [characterModel(), characterModel()];
    const { executions } = model as unknown as { executions: { begin(request: Record<string, unknown>): unknown } };
    const begin = executions.begin.bind(executions);
    executions.begin = (request) => {
      const { input } = (request['batch'] as { inputs: { input: Int32Array } }).inputs;
      if (input.includes(4)) throw new Error('one of them is at fault');
      return begin(request);
    };
    const streams = Array.from({ length: 6 }, () => model.stream());
    const results = await Promise.allSettled(streams.map((stream, at) => stream.stepAsync(at)));
    for (const [at, result] of results.entries()) {
      if (at === 4) expect(result).toMatchObject({ reason: new Error('one of them is at fault') });
      else expect(result).toMatchObject({ value: other.stream().step(at) });
    }
    expect(await streams[4]?.stepAsync(5)).toEqual(other.stream().step(5));
  });

  it.each([SYMBOLS, -1, 1.5, Number.NaN])('is refused as the synchronous one: %d', async (id) => {
    const stream = characterModel().stream();
    let expected: unknown;
    try {
      stream.step(id);
    } catch (error) {
      expected = error;
    }
    const { code, message } = expected as { code: string; message: string };
    const [told = ''] = message.split(' (sequence'); // one of many steps that are computed together has no number of its own
    await expect(stream.stepAsync(id)).rejects.toMatchObject({ code, message: expect.stringContaining(told) });
    expect(stream.steps).toBe(0);
  });

  it('is refused for wrong features and options', async () => {
    const network = sequential([gru({ units: 6 }), dense({ units: 2 })], { features: 3 });
    const stream = network.compileSync({ loss: 'meanSquaredError', threads: 1 }).stream();
    const code = (name: string) => ({ code: name });
    await expect(stream.stepAsync(new Float32Array(2))).rejects.toMatchObject(code('length_mismatch'));
    const stop = { stop: 1 } as never;
    await expect(stream.stepAsync(new Float32Array(3), stop)).rejects.toMatchObject(code('unknown_option'));
    await expect(stream.readAsync(new Float32Array(4))).rejects.toMatchObject(code('length_mismatch'));
    const signal = { signal: 'no' } as never;
    await expect(stream.readAsync([[1, 2, 3]], signal)).rejects.toMatchObject(code('invalid_option'));
  });

  it('as it was aborted leaves the queue at once, and later steps go on without it', async () => {
    const [model, other] = [characterModel(), characterModel()];
    const [stream, plain] = [model.stream(), other.stream()];
    await stream.stepAsync(1);
    plain.step(1);
    const { release } = await held(model);
    const stop = new AbortController();
    const first = stream.stepAsync(2, { signal: stop.signal });
    const behind = stream.stepAsync(3, { signal: stop.signal });
    const kept = stream.stepAsync(4);
    const neighbour = model.stream().stepAsync(5);
    stop.abort('enough');
    await expect(first).rejects.toBe('enough');
    await expect(behind).rejects.toBe('enough');
    await expect(stream.stepAsync(6, { signal: stop.signal })).rejects.toBe('enough');
    await release();
    expect(await kept).toEqual(plain.step(4));
    expect(await neighbour).toEqual(other.stream().step(5));
    expect(stream.steps).toBe(2);
  });

  it('as it was aborted while it worked leaves the state as it was, and the next step goes on from there', async () => {
    const [model, other] = [characterModel(), characterModel()];
    const [stream, plain] = [model.stream(), other.stream()];
    for (const call of ['readAsync', 'stepAsync'] as const) {
      const stop = new AbortController();
      const { executions } = model as unknown as { executions: { begin(request: unknown): unknown } };
      const begin = executions.begin.bind(executions);
      executions.begin = (request) => {
        queueMicrotask(() => stop.abort('enough'));
        executions.begin = begin;
        return begin(request);
      };
      const input = call === 'readAsync' ? [1, 2, 3] : 1;
      const stopped = stream[call](input as never, { signal: stop.signal });
      const next = stream.stepAsync(4);
      await expect(stopped).rejects.toBe('enough');
      expect(await next).toEqual(plain.step(4));
    }
    expect(stream.snapshot()).toEqual(plain.snapshot());
  });

  it('as its stream was closed is refused', async () => {
    const model = characterModel();
    const stream = model.stream();
    const { release } = await held(model);
    const [first, second] = [stream.stepAsync(1), stream.stepAsync(2)];
    const neighbour = model.stream().stepAsync(1);
    await new Promise((resolve) => setImmediate(resolve));
    stream.close();
    await expect(first).rejects.toMatchObject(closed);
    await expect(second).rejects.toMatchObject(closed);
    await release();
    expect(await neighbour).toEqual(characterModel().stream().step(1));
    expect(stream.steps).toBe(0);
    await expect(stream.stepAsync(3)).rejects.toMatchObject(closed);
    await expect(stream.readAsync([3])).rejects.toMatchObject(closed);
  });

  it('as its model was disposed of is refused', async () => {
    const model = characterModel();
    const streams = [model.stream(), model.stream()];
    const { release } = await held(model);
    const steps = streams.flatMap((stream) => [stream.stepAsync(1), stream.readAsync([2, 3])]);
    const results = Promise.allSettled(steps);
    await new Promise((resolve) => setImmediate(resolve));
    model.dispose();
    const refused = { status: 'rejected', reason: { code: 'model_disposed' } };
    expect(await results).toMatchObject([refused, refused, refused, refused]);
    await release();
    expect(streams[0]?.steps).toBe(0);
  });
});

describe('while asynchronous steps of a stream wait', () => {
  it('nothing synchronous may touch its state, and afterwards it may', async () => {
    const model = characterModel();
    const stream = model.stream();
    const snapshot = stream.snapshot();
    const step = stream.stepAsync(1);
    const calls = [
      () => stream.step(2),
      () => stream.read([2, 3]),
      () => stream.reset(),
      () => stream.snapshot(),
      () => stream.restore(snapshot),
    ];
    for (const call of calls) expect(call).toThrow(busy);
    expect(model.stream().step(2)).toHaveLength(SYMBOLS); // of others
    await step;
    expect(stream.steps).toBe(1);
    for (const call of calls) call();
    expect(stream.steps).toBe(0);
  });
});
