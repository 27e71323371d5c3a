/** Many plain sequences are read in slices: the event loop turns meanwhile, and results and errors are those of reading at once. */
import { describe, expect, it } from 'vitest';
import { atOnce, inSlices, type Pieces } from '../../src/core/time-slices.js';
import { sequential } from '../../src/model/network.js';
import { dense } from '../../src/network/layers/dense.js';
import { gru } from '../../src/network/layers/recurrent.js';

const network = sequential([gru({ units: 2 }), dense({ units: 1 })], { features: 3 });
const model = network.compileSync({ loss: 'meanSquaredError', threads: 1 });

/** Sequences that take far more than a slice to read. */
const steps = Array.from({ length: 40 }, (_, at) => [at, 1, 2]);
const many = Array.from({ length: 20_000 }, (_, at) => steps.slice(0, 20 + (at % 20)));
const targets = many.map((sequence) => sequence.map(() => 0));

/** Turns of the event loop until a promise has settled. */
async function turnsUntilSettled(promise: Promise<unknown>): Promise<number> {
  let turns = 0;
  let isOver = false;
  const turn = () => {
    if (isOver) return;
    turns++;
    setImmediate(turn);
  };
  setImmediate(turn);
  await promise.catch(() => undefined);
  isOver = true;
  return turns;
}

describe('many sequences', () => {
  const spoiled = [...many, [[0, 1, 'two']]] as never;
  const refused = {
    predict: { now: () => model.predictSync(spoiled), later: () => model.predict(spoiled) },
    evaluate: {
      now: () => model.evaluateSync({ inputs: spoiled, targets: [...targets, [0]] }),
      later: () => model.evaluate({ inputs: spoiled, targets: [...targets, [0]] }),
    },
  };
  it.each(['predict', 'evaluate'] as const)(
    'are read while the event loop turns, and refused as at once: %s',
    async (name) => {
      const { now, later } = refused[name];
      const promise = later();
      // The last sequence is wrong, so nothing but reading takes time.
      expect(await turnsUntilSettled(promise)).toBeGreaterThan(0);
      let expected: unknown;
      try {
        now();
      } catch (error) {
        expected = error;
      }
      expect(expected).toMatchObject({
        code: 'rank_mismatch',
        message: expect.stringContaining(`sequence ${many.length}`),
      });
      await expect(promise).rejects.toEqual(expected);
    },
  );

  it('are no longer read when the call is aborted', async () => {
    const stop = new AbortController();
    const promise = model.predict(spoiled, { signal: stop.signal });
    setImmediate(() => stop.abort('enough'));
    await expect(promise).rejects.toBe('enough');
  });

  it('give the outputs of a synchronous call', async () => {
    const some = many.slice(0, 3000);
    expect(await model.predict(some)).toEqual(model.predictSync(some));
    const examples = { inputs: some, targets: targets.slice(0, 3000) };
    expect(await model.evaluate(examples)).toEqual(model.evaluateSync(examples));
  });
});

describe('work in pieces', () => {
  it('gives its result or error at once and in slices', async () => {
    function* work(fails: boolean): Pieces<number> {
      yield;
      if (fails) throw new Error('no');
      return 3;
    }
    expect(atOnce(work(false))).toBe(3);
    expect(await inSlices(work(false))).toBe(3);
    expect(() => atOnce(work(true))).toThrow('no');
    await expect(inSlices(work(true))).rejects.toThrow('no');
  });
});
