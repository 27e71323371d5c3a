import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/batch/batch.js';
import { packSequences, unpackSequences } from '../../src/batch/packed-batch.js';
import type { CarriedState } from '../../src/model/execute/carried-state.js';
import type { Model } from '../../src/model/model.js';
import {
  batchSizesOf,
  CELLS,
  type Cell,
  characterModel,
  imageOf,
  randomBatch,
  randomNumbers,
  SYMBOLS,
} from './small-models.js';

const cells = Object.keys(CELLS) as Cell[];

/** Steps begin..end of a packed batch. */
function windowOf({ batchSizes, inputs, targets }: Batch, begin: number, end: number): Batch {
  const rowsBefore = (step: number) => batchSizes.slice(0, step).reduce((sum, size) => sum + size, 0);
  const rows = [rowsBefore(begin), rowsBefore(end)] as const;
  const part = (values: Record<string, Int32Array | Float32Array>) =>
    Object.fromEntries(Object.entries(values).map(([name, data]) => [name, data.slice(...rows)]));
  return { batchSizes: batchSizes.slice(begin, end), inputs: part(inputs), targets: part(targets ?? {}) };
}

const stateNames = (state: CarriedState) => [...state.values.keys()];

describe('a new state', () => {
  it('holds zeros for every state of every layer, by name', () => {
    const state = characterModel({ cell: 'lstm', units: 9, layers: 2 }).newState(3);
    expect(stateNames(state)).toEqual(['lstm.h_l0', 'lstm.c_l0', 'lstm.h_l1', 'lstm.c_l1']);
    for (const values of state.values.values()) expect(values).toEqual(new Float32Array(3 * 9));
    expect(state.batch).toBe(3);
    expect(stateNames(characterModel({ cell: 'gru' }).newState(1))).toEqual(['gru.h_l0']);
  });

  it('has clones that are independent of it, and can be reset', () => {
    const state = characterModel().newState(2);
    const hidden = state.values.get('lstm.h_l0') as Float32Array;
    hidden.fill(0.5);
    const clone = state.clone();
    hidden.fill(0.25);
    expect(clone.values.get('lstm.h_l0')).toEqual(new Float32Array(18).fill(0.5));
    state.copyFrom(clone);
    expect(hidden).toEqual(new Float32Array(18).fill(0.5));
    state.reset();
    expect(hidden).toEqual(new Float32Array(18));
    expect(clone.values.get('lstm.h_l0')?.[0]).toBe(0.5);
  });
});

describe.each(cells)('the state of an %s', (cell) => {
  const long = randomBatch([12, 12, 12]);
  const model = characterModel({ cell, layers: 2 });

  it('carried over windows gives what one long window gives, bit for bit', () => {
    const whole = model.predictPackedSync(long);
    for (const cuts of [
      [0, 6, 12],
      [0, 1, 2, 11, 12],
    ]) {
      const state = model.newState(3);
      const parts = cuts.slice(1).map((end, index) => {
        return [...model.predictPackedSync(windowOf(long, cuts[index] as number, end), { state })];
      });
      expect(Float32Array.from(parts.flat())).toEqual(whole);
    }
  });

  it('carried over evaluations gives the loss of the whole, row for row', () => {
    const { batchSizes } = long;
    const given = long.targets?.['target'] as Int32Array;
    const state = model.newState(3);
    for (let step = 0; step < 12; step++) {
      const { loss } = model.evaluateSync(windowOf(long, step, step + 1), { state });
      // The same rows out of the long window: all other targets are ignored.
      const target = new Int32Array(36).fill(-1);
      target.set(given.subarray(3 * step, 3 * step + 3), 3 * step);
      expect(loss).toBe(model.evaluateSync({ batchSizes, inputs: long.inputs, targets: { target } }).loss);
    }
  });

  it('carried over training steps at a learning rate of 0 gives the losses of evaluation', async () => {
    const trained = characterModel({ cell, layers: 2 });
    const [a, b] = [trained.newState(3), trained.newState(3)];
    for (const begin of [0, 6]) {
      const window = windowOf(long, begin, begin + 6);
      const { loss } = await trained.trainStep(window, { state: a, learningRate: 0 });
      expect((await trained.evaluate(window, { state: b })).loss).toBe(loss);
    }
    expect(a).toEqual(b);
  });

  it('is zero and forgotten where none is given', () => {
    const window = windowOf(long, 0, 4);
    expect(model.predictPackedSync(window)).toEqual(model.predictPackedSync(window));
    expect(model.predictPackedSync(window, { state: model.newState(3) })).toEqual(model.predictPackedSync(window));
  });

  it('of a sequence that ends early is that at its own last step', () => {
    const ragged = randomBatch([7, 4, 1]);
    const state = model.newState(3);
    model.predictPackedSync(ragged, { state });
    [7, 4, 1].forEach((length, sequence) => {
      const alone = model.newState(1);
      const rows = Array.from(
        { length },
        (_, t) =>
          batchSizesOf([7, 4, 1])
            .slice(0, t)
            .reduce((a, b) => a + b, 0) + sequence,
      );
      const input = Int32Array.from(rows, (row) => (ragged.inputs['input'] as Int32Array)[row] as number);
      model.predictPackedSync({ batchSizes: new Int32Array(length).fill(1), inputs: { input } }, { state: alone });
      for (const [name, values] of alone.values) {
        expect(state.values.get(name)?.slice(sequence * 9, (sequence + 1) * 9), `${name} ${sequence}`).toEqual(values);
      }
    });
  });
});

describe('a state that is carried through training', () => {
  it('changes every step: gradients stop at the window, values do not', () => {
    const model = characterModel();
    const state = model.newState(2);
    const window = randomBatch([4, 4]);
    const carried = model.evaluateSync(window, { state }).loss;
    expect(model.evaluateSync(window, { state }).loss).not.toBe(carried);
  });

  it('may be shared by runs that were asked for at once: each goes on from the one before', async () => {
    const windows = [1, 2, 3].map((seed) => randomBatch([4, 4], seed));
    const run = async (atOnce: boolean) => {
      const model: Model = characterModel();
      const state = model.newState(2);
      const steps = [];
      for (const window of windows) {
        const step = model.trainStep(window, { state });
        steps.push(atOnce ? step : await step);
      }
      return { results: await Promise.all(steps), image: imageOf(model, state) };
    };
    expect(await run(true)).toEqual(await run(false));
  });

  it('may be written by hand and is used as it stands', () => {
    const model = characterModel();
    const window = randomBatch([1]);
    const state = model.newState(1);
    const cold = model.predictPackedSync(window);
    (state.values.get('lstm.h_l0') as Float32Array).fill(0.9);
    const warm = model.predictPackedSync(window, { state });
    expect(warm).toHaveLength(SYMBOLS);
    expect(warm).not.toEqual(cold);
  });
});

describe('the states of a model', () => {
  const model = characterModel({ cell: 'lstm', units: 9, layers: 2 });
  const lengths = [7, 4, 4, 1];
  const ragged = randomBatch(lengths);

  it('are told by name and width', () => {
    expect([...model.stateSizes]).toEqual([
      ['lstm.h_l0', 9],
      ['lstm.c_l0', 9],
      ['lstm.h_l1', 9],
      ['lstm.c_l1', 9],
    ]);
    expect([...characterModel({ cell: 'gru', units: 4 }).stateSizes]).toEqual([['gru.h_l0', 4]]);
  });

  it('go in before the first step of each sequence, and come out after its last one', () => {
    const state = model.newState(4);
    let seed = 50;
    for (const [name, units] of model.stateSizes) state.set(name, randomNumbers(4 * units, seed++));
    const given = state.clone();
    const outputs = model.predictPackedSync(ragged, { state });
    const rowsBefore = (step: number) => ragged.batchSizes.slice(0, step).reduce((sum, size) => sum + size, 0);
    for (const [sequence, length] of lengths.entries()) {
      const alone = model.newState(1);
      for (const [name, values] of given.values) alone.set(name, values.slice(9 * sequence, 9 * sequence + 9));
      const rows = Array.from({ length }, (_, step) => rowsBefore(step) + sequence);
      const input = Int32Array.from(rows, (row) => (ragged.inputs['input'] as Int32Array)[row] as number);
      const expected = rows.flatMap((row) => [...outputs.slice(row * SYMBOLS, (row + 1) * SYMBOLS)]);
      const batchSizes = new Int32Array(length).fill(1);
      expect([...model.predictPackedSync({ batchSizes, inputs: { input } }, { state: alone })]).toEqual(expected);
      for (const [name, values] of alone.values) {
        expect(state.values.get(name)?.slice(9 * sequence, 9 * sequence + 9), `${name} ${sequence}`).toEqual(values);
      }
    }
  });

  it('stay with their sequences from window to window, whose orders differ', async () => {
    const sequences = [Int32Array.of(1, 2, 3, 4), Int32Array.of(6, 7, 8, 9), Int32Array.of(10, 0, 1, 2)];
    const windows = [
      packSequences(sequences.map((ids, index) => ids.slice(0, index + 1))),
      packSequences(sequences.map((ids, index) => ids.slice(index + 1))),
    ] as const;
    expect(windows.map(({ order }) => [...order])).toEqual([
      [2, 1, 0],
      [0, 1, 2],
    ]);
    const [first, second] = windows;
    const [state, later] = [model.newState(3), model.newState(3)];
    model.predictPackedSync(first, { state });
    await model.evaluate({ ...first, targets: { target: first.inputs['input'] as Int32Array } }, { state: later });
    expect(later).toEqual(state);
    const rows = unpackSequences(second, model.predictPackedSync(second, { state }), SYMBOLS);
    for (const [index, ids] of sequences.entries()) {
      const whole = model.predictSync([ids])[0] as Float32Array;
      expect(rows[index]).toEqual(whole.slice((index + 1) * SYMBOLS));
    }
  });

  it('go in and come out in the order in which the sequences were packed', () => {
    const sequences = [Int32Array.of(1, 2), Int32Array.of(3, 4, 5), Int32Array.of(6)];
    const batch = packSequences(sequences);
    const initial = randomNumbers(3 * 9, 5);
    const state = model.newState(3);
    state.set('lstm.h_l1', initial);
    model.predictPackedSync(batch, { state });
    const final = state.values.get('lstm.c_l0') as Float32Array;
    for (const [index, input] of sequences.entries()) {
      const alone = model.newState(1);
      alone.set('lstm.h_l1', initial.slice(9 * index, 9 * index + 9));
      model.predictPackedSync(
        { batchSizes: new Int32Array(input.length).fill(1), inputs: { input } },
        { state: alone },
      );
      expect(final.slice(9 * index, 9 * index + 9)).toEqual(alone.values.get('lstm.c_l0'));
    }
  });

  it('are copied when they are set, and refused when they do not fit', () => {
    const state = model.newState(2);
    const values = randomNumbers(18);
    state.set('lstm.c_l1', values);
    const kept = values.slice();
    values.fill(0);
    expect(state.values.get('lstm.c_l1')).toEqual(kept);
    const mismatch = expect.objectContaining({ code: 'state_mismatch' });
    expect(() => state.set('lstm.h_l2', kept)).toThrow("there is no state 'lstm.h_l2'; there are lstm.h_l0, lstm.c_l0");
    expect(() => state.set('lstm.h_l2', kept)).toThrow(mismatch);
    expect(() => state.set('lstm.c_l1', new Float32Array(9))).toThrow(
      "state 'lstm.c_l1' takes a Float32Array of 18 numbers for 2 sequences, got 9 numbers",
    );
    for (const wrong of [new Float64Array(18), new Array(18).fill(0), undefined]) {
      expect(() => state.set('lstm.c_l1', wrong as never)).toThrow(mismatch);
    }
    expect(state.values.get('lstm.c_l1')).toEqual(kept);
  });
});
