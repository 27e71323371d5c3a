import { describe, expect, it } from 'vitest';
import type { Model } from '../../src/model/model.js';
import { characterModel, randomBatch, SYMBOLS } from './small-models.js';

const busy = expect.objectContaining({ code: 'model_busy' });

/** A model that needs some milliseconds for a batch. */
const slowModel = () => characterModel({ units: 96, layers: 2 });
const slowBatch = randomBatch(new Array<number>(32).fill(24));

/** Sequences of ids of different lengths, the same for the same seed. */
function sequences(count: number, seed: number): number[][] {
  return Array.from({ length: count }, (_, at) =>
    Array.from({ length: 1 + ((7 * at + seed) % 19) }, (__, step) => (3 * at + 5 * step + seed) % SYMBOLS),
  );
}

/** Until the executions that were requested have begun. */
async function begun(): Promise<void> {
  for (let turn = 0; turn < 6; turn++) await Promise.resolve();
}

async function steadily(model: Model, text: readonly number[], pause: () => Promise<unknown>): Promise<Float32Array[]> {
  const stream = model.stream();
  const found: Float32Array[] = [];
  for (const id of text) {
    found.push(stream.step(id));
    await pause();
  }
  return found;
}

describe('predictions at once', () => {
  it('fifty of different numbers and lengths give the bits of one after the other', async () => {
    const [model, inTurn] = [slowModel(), slowModel()];
    const calls = Array.from({ length: 50 }, (_, at) => sequences(1 + ((13 * at) % 150), at));
    const together = await Promise.all(calls.map((input, at) => model.predict(input, { batch: 1 + (at % 40) })));
    for (const [at, input] of calls.entries()) expect(together[at]).toEqual(await inTurn.predict(input));
  });

  it('take turns: a short one ends before a long one that was requested first', async () => {
    const model = characterModel();
    const order: string[] = [];
    const long = model.predict(sequences(40, 1), { batch: 1 }).then(() => order.push('long'));
    const short = model.predict(sequences(1, 2)).then(() => order.push('short'));
    await Promise.all([long, short]);
    expect(order).toEqual(['short', 'long']);
  });

  it('see the same parameters from their beginning to their end, though the model trains meanwhile', async () => {
    const [model, inTurn] = [characterModel(), characterModel()];
    const input = sequences(30, 3);
    const batch = randomBatch([4, 3]);
    const before = model.predict(input, { batch: 1 });
    const trained = model.trainStep(batch);
    const after = model.predict(input, { batch: 1 });
    expect(await before).toEqual(await inTurn.predict(input));
    expect(await trained).toEqual(await inTurn.trainStep(batch));
    expect(await after).toEqual(await inTurn.predict(input));
  });

  it('carry a state in the order in which they were requested', async () => {
    const [model, inTurn] = [characterModel(), characterModel()];
    const [state, other] = [model.newState(1), inTurn.newState(1)];
    const pieces = [1, 2, 3, 4, 5].map((seed) => randomBatch([4], seed));
    const together = await Promise.all([
      ...pieces.map((piece) => model.predictPacked(piece, { state })),
      model.predict(sequences(9, 1), { batch: 2 }),
    ]);
    for (const [at, piece] of pieces.entries()) {
      expect(together[at]).toEqual(await inTurn.predictPacked(piece, { state: other }));
    }
    expect(state).toEqual(other);
  });

  it('do not suffer from those among them that fail or are stopped', async () => {
    const [model, inTurn] = [characterModel(), characterModel()];
    const stop = new AbortController();
    const calls = [0, 1, 2, 3, 4, 5].map((at) => sequences(5, at));
    const settled = Promise.allSettled(
      calls.map((input, at) => {
        if (at === 1) return model.predict([[1, 99]]);
        if (at === 3) return model.predict(input, { batch: 1, signal: stop.signal });
        return model.predict(input, { batch: 2 });
      }),
    );
    await begun();
    stop.abort(new Error('enough'));
    const results = await settled;
    expect(results.map(({ status }) => status)).toEqual([
      ...['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
    ]);
    expect(results[1]).toMatchObject({ reason: { code: 'index_out_of_range' } });
    expect(results[3]).toMatchObject({ reason: new Error('enough') });
    for (const at of [0, 2, 4, 5]) {
      expect((results[at] as PromiseFulfilledResult<unknown>).value).toEqual(await inTurn.predict(calls[at] ?? []));
    }
  });
});

describe('while predictions and evaluations are under way', () => {
  it('streams step, with the bits that they have alone', async () => {
    const [model, alone] = [slowModel(), slowModel()];
    const texts = sequences(3, 4).map((text) => [...text, 1, 2, 3, 4]);
    const expected = [];
    for (const text of texts) expected.push(await steadily(alone, text, async () => {}));
    const running = [model.predictPacked(slowBatch), model.evaluate(slowBatch), model.predict(sequences(100, 5))];
    const end = Promise.all(running);
    const pauses = [begun, () => new Promise((resolve) => setImmediate(resolve)), begun] as const;
    const found = await Promise.all(texts.map((text, at) => steadily(model, text, pauses[at] ?? begun)));
    expect(found).toEqual(expected);
    expect(await end).toEqual([
      await alone.predictPacked(slowBatch),
      await alone.evaluate(slowBatch),
      await alone.predict(sequences(100, 5)),
    ]);
  });

  it('synchronous predictions and evaluations work beside them, in memory of their own', async () => {
    const [model, alone] = [slowModel(), slowModel()];
    const [input, batch] = [sequences(5, 6), randomBatch([5, 2])];
    const expected = [alone.predictSync(input), alone.predictPackedSync(batch), alone.evaluateSync(batch)];
    const slow = await alone.predictPacked(slowBatch);
    const running = model.predictPacked(slowBatch);
    await begun();
    expect([model.predictSync(input), model.predictPackedSync(batch), model.evaluateSync(batch)]).toEqual(expected);
    expect(model.predictPackedSync(batch, { use: 'predict' })).toEqual(expected[1]);
    expect(await running).toEqual(slow);
    const evaluating = model.evaluate(slowBatch);
    await begun();
    expect(model.evaluateSync(batch)).toEqual(expected[2]);
    expect(await evaluating).toEqual(await alone.evaluate(slowBatch));
  });

  it('a state that one of them has is refused to a synchronous one', async () => {
    const model = slowModel();
    const state = model.newState(32);
    const running = model.predictPacked(slowBatch, { state });
    await begun();
    expect(() => model.predictPackedSync(slowBatch, { state })).toThrow(busy);
    expect(() => model.evaluateSync(slowBatch, { state })).toThrow(busy);
    expect(state.isCarried).toBe(false);
    await running;
    expect(state.isCarried).toBe(true);
    model.predictPackedSync(slowBatch, { state });
  });

  it('a state of a call that waits is refused to a synchronous one, which would step in between', async () => {
    const [model, alone] = [slowModel(), slowModel()];
    const [state, own] = [model.newState(32), alone.newState(32)];
    const calls = [slowBatch, slowBatch].map((batch) => model.predictPacked(batch, { state }));
    expect(() => model.predictPackedSync(slowBatch, { state })).toThrow(busy); // before either has begun
    await calls[0];
    expect(() => model.predictPackedSync(slowBatch, { state })).toThrow(busy); // one waits or works
    const expected = [slowBatch, slowBatch].map((batch) => alone.predictPackedSync(batch, { state: own }));
    expect(await Promise.all(calls)).toEqual(expected);
    model.predictPackedSync(slowBatch, { state });
  });

  it('a model that is disposed of ends the batch at work, refuses the others, and frees its memory', async () => {
    const [model, alone] = [slowModel(), slowModel()];
    const disposed = { code: 'model_disposed' };
    const working = model.predictPacked(slowBatch);
    await begun();
    const waiting = [
      model.predict(sequences(70, 7), { batch: 8 }),
      model.evaluate(slowBatch),
      model.trainStep(slowBatch),
      model.whileIdle(async () => 'never called'),
      model.stream().stepAsync(1),
    ];
    await begun();
    model.dispose();
    model.dispose();
    expect(model.memory.arena).toBeGreaterThan(0);
    for (const call of waiting) await expect(call).rejects.toMatchObject(disposed);
    expect(await working).toEqual(await alone.predictPacked(slowBatch));
    expect(model.memory.arena).toBe(0);
    await expect(model.predict([[1]])).rejects.toMatchObject(disposed);
  });

  it('a prediction of several batches ends with the batch at work when the model is disposed of', async () => {
    const model = slowModel();
    const long = model.predict(sequences(70, 7), { batch: 8 });
    await begun();
    model.dispose();
    await expect(long).rejects.toMatchObject({ code: 'model_disposed' });
    expect(model.memory.arena).toBe(0);
  });
});
