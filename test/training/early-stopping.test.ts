import { describe, expect, it } from 'vitest';
import { EarlyStopping } from '../../src/training/early-stopping.js';

/** Whether the patience is used up after each validation. */
function exhaustedAfter(options: ConstructorParameters<typeof EarlyStopping>[0], values: readonly [number, number][]) {
  const stopping = new EarlyStopping(options);
  return values.map(([score, loss]) => {
    stopping.observe(score, loss);
    return stopping.exhausted;
  });
}

describe('early stopping', () => {
  const falling: [number, number][] = [
    [0.5, 3],
    [0, 2],
    [0, 1.5],
    [0, 1],
  ];

  it('takes a lower loss at the same score for an improvement', () => {
    expect(exhaustedAfter({ patience: 2 }, falling)).toEqual([false, false, false, false]);
  });

  it('counts from a perfect score on, whatever the loss is', () => {
    expect(exhaustedAfter({ patience: 2, perfect: 0 }, falling)).toEqual([false, false, false, true]);
    const behind: [number, number][] = [...falling.slice(0, 2), [0.1, 1], [0.1, 0.5]] as [number, number][];
    expect(exhaustedAfter({ patience: 2, perfect: 0 }, behind)).toEqual([false, false, false, true]);
  });

  it('takes ties for improvements where no score is perfect', () => {
    expect(exhaustedAfter({ patience: 2, perfect: -1 }, falling)).toEqual([false, false, false, false]);
  });

  it('goes on from its state at a perfect score', () => {
    const first = new EarlyStopping({ patience: 3, perfect: 0 });
    for (const [score, loss] of falling.slice(0, 3)) first.observe(score, loss);
    const second = new EarlyStopping({ patience: 2, perfect: 0 });
    second.restore(first.state());
    expect([first.exhausted, second.exhausted]).toEqual([false, false]);
    second.observe(0, 0.5);
    expect(second.exhausted).toBe(true);
  });

  it('refuses what is no number', () => {
    expect(() => new EarlyStopping({ patience: 2, perfect: '0' as never })).toThrow(/earlyStopping\.perfect/);
  });
});
