import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { type DataCursor, TokenStreams } from '../../src/data/streams.js';

const range = (length: number) => Int32Array.from({ length }, (_, index) => index);
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('TokenStreams', () => {
  it('cuts the example of PyTorch: 26 letters, 4 streams, the last two letters dropped', () => {
    const streams = new TokenStreams(range(26), { batch: 4, steps: 2 });
    expect([streams.windows, streams.predictions]).toEqual([3, 20]);
    const first = streams.batchAt(0);
    expect(first.batchSizes).toEqual(Int32Array.of(4, 4));
    expect(first.inputs.input).toEqual(Int32Array.of(0, 6, 12, 18, 1, 7, 13, 19));
    expect(first.targets?.target).toEqual(Int32Array.of(1, 7, 13, 19, 2, 8, 14, 20));
    const last = streams.batchAt(2); // one step: the sixth letter of a stream has no next one
    expect(last.batchSizes).toEqual(Int32Array.of(4));
    expect(last.inputs.input).toEqual(Int32Array.of(4, 10, 16, 22));
    expect(last.targets?.target).toEqual(Int32Array.of(5, 11, 17, 23));
  });

  it('reads every id of every stream once and in order, and predicts the next one, for random sizes', () => {
    const random = new Random(1, 'streams');
    for (let round = 0; round < 100; round++) {
      const batch = 1 + random.integer(6);
      const steps = 1 + random.integer(9);
      const ids = Int32Array.from({ length: 2 * batch + random.integer(80) }, () => random.integer(1000));
      const length = Math.floor(ids.length / batch);
      const streams = new TokenStreams(ids, { batch, steps });
      const read: number[][] = Array.from({ length: batch }, () => []);
      const predicted: number[][] = Array.from({ length: batch }, () => []);
      for (const window of streams) {
        expect(window.batchSizes.length).toBeLessThanOrEqual(steps);
        for (const [row, id] of window.inputs.input?.entries() ?? []) read[row % batch]?.push(id);
        for (const [row, id] of window.targets?.target?.entries() ?? []) predicted[row % batch]?.push(id);
      }
      for (let stream = 0; stream < batch; stream++) {
        const own = [...ids.subarray(stream * length, (stream + 1) * length)];
        expect(read[stream]).toEqual(own.slice(0, -1));
        expect(predicted[stream]).toEqual(own.slice(1));
      }
      expect(streams.predictions).toBe(predicted.flat().length);
    }
  });

  it('does not follow later changes of the ids', () => {
    const ids = range(6);
    const streams = new TokenStreams(ids, { batch: 1, steps: 5 });
    ids.fill(9);
    expect(streams.batchAt(0).inputs.input).toEqual(Int32Array.of(0, 1, 2, 3, 4));
  });

  it('advances a cursor through windows and epochs', () => {
    const streams = new TokenStreams(range(10), { batch: 2, steps: 3 }); // 4 predictions a stream: windows of 3 and 1
    let cursor: DataCursor = { epoch: 0, window: 0 };
    const visited: DataCursor[] = [];
    for (let count = 0; count < 5; count++) {
      visited.push(cursor);
      cursor = streams.advance(JSON.parse(JSON.stringify(cursor)));
    }
    expect(visited.map(({ epoch, window }) => [epoch, window])).toEqual([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
      [2, 0],
    ]);
  });

  it('refuses data that is too short, naming both sizes', () => {
    expect(() => new TokenStreams(range(7), { batch: 4, steps: 2 })).toThrow(
      '7 symbols are too few for 4 streams: at least 8 are needed',
    );
    expect(() => new TokenStreams(range(0), { batch: 1, steps: 2 })).toThrow(code('too_short'));
    expect(new TokenStreams(range(8), { batch: 4, steps: 2 }).windows).toBe(1);
  });

  it('refuses impossible options and windows', () => {
    expect(() => new TokenStreams(range(9), { batch: 0, steps: 2 })).toThrow(code('invalid_option'));
    expect(() => new TokenStreams(range(9), { batch: 1, steps: 1.5 })).toThrow(code('invalid_option'));
    expect(
      () => new TokenStreams(range(9), { batch: 1, steps: 1, step: 1 } as { batch: number; steps: number }),
    ).toThrow(code('unknown_option'));
    const streams = new TokenStreams(range(9), { batch: 1, steps: 4 });
    for (const window of [-1, 2, 0.5, Number.NaN])
      expect(() => streams.batchAt(window)).toThrow(code('index_out_of_range'));
  });
});
