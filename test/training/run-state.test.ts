import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../src/core/json.js';
import { RunState } from '../../src/training/run-state.js';

const stored = (state: RunState) => JSON.parse(JSON.stringify(state)) as Record<string, JsonValue>;
const part = (output: string, loss: number, total: number, factor = 1) => ({
  ...{ output, loss, total, factor },
  isSum: false,
});

describe('the state of a run', () => {
  it('comes back from JSON with the sums of every loss', () => {
    const state = new RunState();
    state.epochLoss.add([part('a', 1 / 3, 7), part('b', 0.1, 3, 2)]);
    state.intervalLoss.add([{ ...part('a', 5, 0), isSum: true }]);
    const again = RunState.fromJSON('file', stored(state));
    expect(stored(again)).toEqual(stored(state));
    expect(again.epochLoss.loss).toBe(state.epochLoss.loss);
    again.epochLoss.add([part('a', 1, 7), part('b', 0.3, 3, 2)]);
    expect(again.epochLoss.loss).toBeCloseTo((1 / 3 + 1) / 2 + 2 * 0.2, 12);
  });

  it('goes on with the mean of one loss that version 0.1.0 stored', () => {
    const old = { ...stored(new RunState()), epochLoss: { sum: 3, weight: 6 }, intervalLoss: { sum: 0, weight: 0 } };
    const state = RunState.fromJSON('file', old);
    expect(state.epochLoss.loss).toBe(0.5);
    expect(state.intervalLoss.countedLoss).toBeUndefined();
    state.epochLoss.add([part('output', 1, 2, 2)]);
    expect(state.epochLoss.loss).toBe((3 + 2 * 1 * 2) / 8);
    const several = RunState.fromJSON('file', old);
    several.epochLoss.add([part('a', 1, 2), part('b', 2, 2)]);
    expect(several.epochLoss.loss).toBe(3);
  });

  it.each([
    ['no list', { sum: 1 }],
    ['a loss without its factor', [{ output: 'a', sum: 1, total: 1, isSum: false }]],
    ['a name that is none', [{ output: 3, factor: 1, sum: 1, total: 1, isSum: false }]],
    ['a negative total', [{ output: 'a', factor: 1, sum: 1, total: -1, isSum: false }]],
  ])('refuses %s', (_name, epochLoss) => {
    const changed = { ...stored(new RunState()), epochLoss };
    expect(() => RunState.fromJSON('file', changed)).toThrow(
      expect.objectContaining({ code: 'checkpoint_corrupt', message: expect.stringContaining('run.epochLoss') }),
    );
  });
});
