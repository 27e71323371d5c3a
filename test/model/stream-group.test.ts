import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import type { Model } from '../../src/model/model.js';
import { sequential } from '../../src/model/network.js';
import type { Stream } from '../../src/model/use/stream.js';
import type { StreamGroup } from '../../src/model/use/stream-group.js';
import type { StreamSession } from '../../src/model/use/stream-session.js';
import { conv1d } from '../../src/network/layers/conv1d.js';
import { dense } from '../../src/network/layers/dense.js';
import { gru, lstm, rnn } from '../../src/network/layers/recurrent.js';
import { CELLS, type Cell, characterModel, imageOf, randomBatch, randomNumbers, SYMBOLS } from './small-models.js';

const code = (name: string) => expect.objectContaining({ code: name });

/** The output of one session among those of a tick. */
function rowOf(outputs: Float32Array, row: number, columns: number): Float32Array {
  return outputs.slice(row * columns, (row + 1) * columns);
}

/** A session and a stream of another model that does the same. */
interface Pair {
  readonly session: StreamSession;
  readonly stream: Stream;
}

/** Opens, closes and steps sessions at random, and compares each with a stream. */
async function comeAndGo(
  group: StreamGroup,
  other: Model,
  seed: number,
  draw: (random: Random) => Float32Array | number,
) {
  const random = new Random(seed, 'sessions');
  let pairs: Pair[] = [];
  for (let tick = 0; tick < 30; tick++) {
    while (pairs.length < 2 || random.integer(3) > 0) pairs.push({ session: group.open(), stream: other.stream() });
    const chosen = pairs.filter(() => random.integer(3) > 0).sort(() => random.integer(3) - 1);
    const inputs = chosen.map(() => draw(random));
    const sessions = chosen.map(({ session }) => session);
    const outputs = tick % 4 === 0 ? await group.stepAsync(sessions, inputs) : group.step(sessions, inputs);
    for (const [row, { stream }] of chosen.entries()) {
      expect(rowOf(outputs, row, other.outputs)).toEqual(stream.step(inputs[row] as number));
    }
    pairs = pairs.filter((pair) => {
      if (random.integer(4) > 0) return true;
      expect(pair.session.snapshot()).toEqual(pair.stream.snapshot());
      pair.session.close();
      return false;
    });
    expect(group.size).toBe(pairs.length);
  }
  for (const { session, stream } of pairs) expect(session.snapshot()).toEqual(stream.snapshot());
}

describe('sessions of a group', () => {
  it.each(Object.keys(CELLS) as Cell[])(
    'of a %s give the bits of streams, whoever comes, goes and waits',
    async (cell) => {
      const make = () => characterModel({ cell, units: 19, layers: 2 }, { threads: 2 });
      const group = make().streamGroup({ capacity: 2 });
      await comeAndGo(group, make(), 7, (random) => random.integer(SYMBOLS));
      expect(group.capacity).toBeGreaterThan(2);
    },
  );

  it('of wide layers, and of convolutions, give the bits of streams', async () => {
    const layers = [conv1d({ units: 70, kernelSize: 3, padding: 'causal' }), lstm({ units: 130 }), dense({ units: 2 })];
    const make = () => sequential(layers, { features: 3 }).compileSync({ loss: 'meanSquaredError', threads: 1 });
    await comeAndGo(make().streamGroup(), make(), 3, (random) => randomNumbers(3, 1 + random.integer(1000)));
  });

  it('take their inputs in any form', () => {
    const network = sequential([gru({ units: 6 }), dense({ units: 2 })], { features: 3 });
    const model = network.compileSync({ loss: 'meanSquaredError' });
    const rows = randomNumbers(6);
    const [first, second] = [rows.slice(0, 3), rows.slice(3)];
    const expected = Float32Array.from([...model.stream().step(first), ...model.stream().step(second)]);
    for (const inputs of [rows, [first, second], [[...first], second]]) {
      const group = model.streamGroup();
      expect(group.step([group.open(), group.open()], inputs)).toEqual(expected);
    }
    const group = characterModel().streamGroup();
    const stream = characterModel().stream();
    expect(group.step([group.open()], Int32Array.of(4))).toEqual(stream.step(4));
  });

  it('write their outputs into given memory', async () => {
    const group = characterModel().streamGroup();
    const session = group.open();
    const stream = characterModel().stream();
    const into = new Float32Array(SYMBOLS + 1).fill(7);
    expect(group.step([session], [1], into)).toBe(into);
    expect(into.slice(0, SYMBOLS)).toEqual(stream.step(1));
    expect(await group.stepAsync([session], [2], { into })).toBe(into);
    expect(into.slice(0, SYMBOLS)).toEqual(stream.step(2));
    expect(into[SYMBOLS]).toBe(7);
    expect(() => group.step([session], [1], new Float32Array(3))).toThrow(code('length_mismatch'));
    expect(group.step([], [])).toHaveLength(0);
    expect(await group.stepAsync([], new Int32Array())).toHaveLength(0);
    expect(session.steps).toBe(2);
  });

  it('can be saved, restored, reset, and go on as a stream', () => {
    const model = characterModel();
    const group = model.streamGroup();
    const [session, other] = [group.open(), group.open()];
    const stream = model.stream();
    for (const id of [3, 1, 4]) {
      group.step([other, session], [id + 1, id]);
      stream.step(id);
    }
    const saved = session.snapshot();
    expect(saved).toEqual(stream.snapshot());
    group.step([session], [9]);
    expect(saved).toEqual(stream.snapshot());
    session.restore(saved);
    const copy = group.open(stream.snapshot());
    const moved = model.stream();
    moved.restore(saved);
    const next = stream.step(5);
    expect(moved.step(5)).toEqual(next);
    const outputs = group.step([copy, session], [5, 5]);
    expect(rowOf(outputs, 0, SYMBOLS)).toEqual(next);
    expect(rowOf(outputs, 1, SYMBOLS)).toEqual(next);
    expect(copy.steps).toBe(4);
    session.reset();
    expect(session.steps).toBe(0);
    expect(group.step([session], [3])).toEqual(model.stream().step(3));
  });

  it('begin with states of zero in places that others have left', () => {
    const model = characterModel();
    const group = model.streamGroup({ capacity: 1 });
    for (let round = 0; round < 4; round++) {
      const session = group.open();
      expect(group.step([session], [2])).toEqual(model.stream().step(2));
      session.close();
    }
    expect(group.capacity).toBe(1);
  });

  it('see the weights of the moment, and need no new program for any number that there was before', async () => {
    const [model, other] = [characterModel(), characterModel()];
    const group = model.streamGroup();
    const sessions = Array.from({ length: 9 }, () => group.open());
    const streams = sessions.map(() => other.stream());
    const tick = (count: number, id: number) => {
      const outputs = group.step(sessions.slice(0, count), new Int32Array(count).fill(id));
      for (let row = 0; row < count; row++) expect(rowOf(outputs, row, SYMBOLS)).toEqual(streams[row]?.step(id));
    };
    tick(9, 1);
    const { arena } = model.memory;
    for (const each of [model, other]) await each.trainStep(randomBatch([5, 3]), { learningRate: 0.1 });
    const withTraining = model.memory.arena - arena;
    for (const count of [1, 8, 3, 9]) tick(count, count);
    expect(model.memory.arena - arena).toBe(withTraining);
  });
});

describe('asynchronous ticks', () => {
  it('come before a training step that is requested after them, and keep their order', async () => {
    const [model, other] = [characterModel(), characterModel()];
    const batch = randomBatch([5, 3]);
    const group = model.streamGroup();
    const [a, b] = [group.open(), group.open()];
    const [plainA, plainB, neighbour] = [other.stream(), other.stream(), other.stream()];
    const ticks = [group.stepAsync([a, b], [1, 2]), group.stepAsync([b], [3]), group.stepAsync([b, a], [4, 5])];
    const step = model.stream().stepAsync(6);
    const trained = model.trainStep(batch);
    const after = group.stepAsync([a], [7]);
    const expected = [[plainA.step(1), plainB.step(2)], [plainB.step(3)], [plainB.step(4), plainA.step(5)]];
    expect((await Promise.all(ticks)).map((outputs) => [...outputs])).toEqual(
      expected.map((rows) => rows.flatMap((row) => [...row])),
    );
    expect(await step).toEqual(neighbour.step(6));
    expect(await trained).toEqual(await other.trainStep(batch));
    expect(await after).toEqual(plainA.step(7));
    expect(a.snapshot()).toEqual(plainA.snapshot());
    expect(b.steps).toBe(3);
    expect(imageOf(model)).toEqual(imageOf(other));
  });

  it('work beside training, as synchronous ones do', async () => {
    const [model, other] = [characterModel({ units: 40 }), characterModel({ units: 40 })];
    const group = model.streamGroup();
    const session = group.open();
    const before = other.stream().step(1);
    const trained = model.trainStep(randomBatch(new Array<number>(30).fill(30)));
    expect(group.step([session], [1])).toEqual(before);
    await trained;
    session.reset();
    await other.trainStep(randomBatch(new Array<number>(30).fill(30)));
    expect(group.step([session], [1])).toEqual(other.stream().step(1));
  });

  it('leave a session its place until they have ended, though it has been closed meanwhile', async () => {
    const model = characterModel();
    const group = model.streamGroup({ capacity: 2 });
    const [a, b] = [group.open(), group.open()];
    const tick = group.stepAsync([a, b], [1, 2]);
    a.close();
    expect(group.size).toBe(1);
    const late = group.open();
    expect(group.capacity).toBe(4);
    expect(() => group.step([a], [1])).toThrow(code('stream_closed'));
    const outputs = await tick;
    expect(rowOf(outputs, 0, SYMBOLS)).toEqual(model.stream().step(1));
    expect(rowOf(outputs, 1, SYMBOLS)).toEqual(model.stream().step(2));
    expect(group.step([late], [3])).toEqual(model.stream().step(3));
    group.open();
    group.open();
    expect(group.capacity).toBe(4);
  });

  it('keep others from their sessions, which go on afterwards', async () => {
    const group = characterModel().streamGroup();
    const [a, b] = [group.open(), group.open()];
    const snapshot = a.snapshot();
    const tick = group.stepAsync([a], [1]);
    for (const call of [
      () => group.step([b, a], [1, 2]),
      () => a.reset(),
      () => a.snapshot(),
      () => a.restore(snapshot),
    ]) {
      expect(call).toThrow(code('model_busy'));
    }
    expect(group.step([b], [1])).toHaveLength(SYMBOLS);
    await tick;
    expect(group.step([b, a], [1, 2])).toHaveLength(2 * SYMBOLS);
  });

  it('that are stopped, or whose group is closed, change nothing', async () => {
    const model = characterModel();
    const group = model.streamGroup();
    const [a, b] = [group.open(), group.open()];
    const stop = new AbortController();
    const stopped = group.stepAsync([a, b], [1, 2], { signal: stop.signal });
    const next = group.stepAsync([a], [3]);
    stop.abort('enough');
    await expect(stopped).rejects.toBe('enough');
    expect(await next).toEqual(model.stream().step(3));
    expect(b.steps).toBe(0);
    const refused = group.stepAsync([a], [4]);
    await new Promise((resolve) => queueMicrotask(() => resolve(group.close())));
    await expect(refused).rejects.toMatchObject({ code: 'stream_closed' });
    expect(() => group.open()).toThrow(code('stream_closed'));
    expect(() => group.step([], [])).toThrow(code('stream_closed'));
    await expect(group.stepAsync([a], [1])).rejects.toMatchObject({ code: 'stream_closed' });
  });

  it('copy their inputs and their list', async () => {
    const model = characterModel();
    const group = model.streamGroup();
    const sessions = [group.open(), group.open()];
    const inputs = Int32Array.of(1, 2);
    const tick = group.stepAsync(sessions, inputs);
    inputs.fill(9);
    sessions.reverse();
    expect(rowOf(await tick, 0, SYMBOLS)).toEqual(model.stream().step(1));
  });
});

describe('a tick is refused, and no session has changed,', () => {
  it('for what is no open session of the group, once', async () => {
    const model = characterModel();
    const group = model.streamGroup();
    const [a, b, gone] = [group.open(), group.open(), group.open()];
    gone.close();
    gone.close();
    const foreign = model.streamGroup().open();
    const cases: [unknown, string, RegExp][] = [
      [[a, gone], 'stream_closed', /sessions\[1\] has been closed/],
      [[a, foreign], 'foreign_session', /sessions\[1\] belongs to another group/],
      [[a, b, a], 'duplicate_session', /sessions\[0\] and sessions\[2\] are the same/],
      [[a, {}], 'invalid_option', /sessions\[1\] is/],
      [[a, undefined], 'invalid_option', /sessions\[1\] is undefined/],
      [a, 'invalid_option', /a list of sessions/],
    ];
    for (const [sessions, name, message] of cases) {
      const call = () => group.step(sessions as never, [1, 2, 3].slice(0, (sessions as []).length));
      expect(call).toThrow(code(name));
      expect(call).toThrow(message);
      await expect(group.stepAsync(sessions as never, [1, 2])).rejects.toMatchObject({ code: name });
    }
    for (const call of [() => gone.reset(), () => gone.snapshot()]) expect(call).toThrow(code('stream_closed'));
    expect([a.steps, b.steps]).toEqual([0, 0]);
    expect(group.step([a, b], [1, 2])).toHaveLength(2 * SYMBOLS);
  });

  it('for wrong inputs', async () => {
    const group = characterModel().streamGroup();
    const sessions = [group.open(), group.open()];
    const cases: [unknown, string, RegExp?][] = [
      [[1], 'length_mismatch', /1 inputs for 2 sessions/],
      [Int32Array.of(1), 'length_mismatch'],
      [Int32Array.of(1, 2, 3), 'length_mismatch'],
      [Float32Array.of(1, 2), 'rank_mismatch'],
      [[1, 1.5], 'index_out_of_range', /inputs\[1\]/],
      [[1, SYMBOLS], 'index_out_of_range', /sequence 1/],
      [[1, Float32Array.of(1)], 'length_mismatch', /inputs\[1\]/],
      ['ab', 'invalid_option'],
    ];
    for (const [inputs, name, message] of cases) {
      expect(() => group.step(sessions, inputs as never)).toThrow(code(name));
      if (message) expect(() => group.step(sessions, inputs as never)).toThrow(message);
      await expect(group.stepAsync(sessions, inputs as never)).rejects.toMatchObject({ code: name });
    }
    expect(() => group.step([], Int32Array.of(1))).toThrow(code('length_mismatch'));
    const network = sequential([gru({ units: 2 })], { features: 3 });
    const features = network.compileSync({ loss: 'meanSquaredError' }).streamGroup();
    const session = features.open();
    expect(() => features.step([session], [[1, 2]])).toThrow(/inputs\[0\]/);
    expect(() => features.step([session], Float32Array.of(1, Number.NaN, 2))).toThrow(code('non_finite_data'));
    expect(sessions.map(({ steps }) => steps)).toEqual([0, 0]);
  });

  it('for a session that is no longer finite, which it names', async () => {
    const network = sequential([rnn({ units: 3, activation: 'relu' }), dense({ units: 2 })], { features: 1 });
    const model = network.compileSync({ loss: 'meanSquaredError', threads: 1 });
    for (const { data } of model.parameters.values()) data.fill(100);
    for (const [name, { data }] of model.parameters) if (name.startsWith('dense')) data.set([-100, 100]);
    model.parametersChanged();
    const group = model.streamGroup();
    const sessions = [group.open(), group.open(), group.open()];
    group.step(sessions, [1, 1, 1]);
    const before = sessions.map((session) => session.snapshot());
    const into = new Float32Array(6).fill(7);
    const unsound = { code: 'non_finite_output', details: { position: 1, positions: [1, 2] } };
    expect(() => group.step(sessions, [1, 1e37, 1e37], into)).toThrow(
      expect.objectContaining({ ...unsound, details: expect.objectContaining(unsound.details) }),
    );
    await expect(group.stepAsync(sessions, [1, 1e37, 1e37])).rejects.toMatchObject(unsound);
    expect(sessions.map((session) => session.snapshot())).toEqual(before);
    expect(new Set(into)).toEqual(new Set([7]));
    const [first] = sessions as [StreamSession];
    const plain = model.stream();
    plain.step(1);
    expect(group.step([first], [1])).toEqual(plain.step(1));
  });

  it('for a snapshot of another network, and while or after the model cannot answer', async () => {
    const model = characterModel({ units: 9 });
    const group = model.streamGroup();
    const other = characterModel({ units: 8 }).stream().snapshot();
    expect(() => group.open(other)).toThrow(code('state_mismatch'));
    expect(group.size).toBe(0);
    const session = group.open();
    expect(() => session.restore(other)).toThrow(code('state_mismatch'));
    expect(() => session.restore({ steps: -1, state: session.snapshot().state })).toThrow(code('invalid_option'));
    await model.whileIdle(async () => {
      expect(() => group.step([session], [1])).toThrow(code('model_busy'));
      await expect(group.stepAsync([session], [1])).rejects.toMatchObject({ code: 'model_busy' });
    });
    expect(group.step([session], [1])).toEqual(model.stream().step(1));
    model.dispose();
    expect(() => group.step([session], [1])).toThrow(code('model_disposed'));
    await expect(group.stepAsync([session], [1])).rejects.toMatchObject({ code: 'model_disposed' });
  });

  it('by models that have no streams, and options that are none', () => {
    const model = characterModel();
    expect(() => model.streamGroup({ capacity: 0 })).toThrow(code('invalid_option'));
    expect(() => model.streamGroup({ size: 3 } as never)).toThrow(code('unknown_option'));
    const network = sequential([gru({ units: 3, direction: 'bidirectional' })], { features: 2 });
    expect(() => network.compileSync({ loss: 'meanSquaredError' }).streamGroup()).toThrow(code('not_streamable'));
  });
});
