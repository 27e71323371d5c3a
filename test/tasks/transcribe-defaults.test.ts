import { describe, expect, it } from 'vitest';
import type { Utterances } from '../../src/tasks/recipes/transcribe/transcribe-data.js';
import { settleTranscription } from '../../src/tasks/recipes/transcribe/transcribe-defaults.js';

/** Sounds of so many rows of three frames. */
function sounds(count: number, rows: number): Utterances {
  return { count, lengthOf: () => rows, read: () => [], texts: [], weights: [] };
}

const valuesOf = (training: Utterances, given = {}) =>
  Object.fromEntries(
    Object.entries(settleTranscription({ stack: 3, ...given }, training, true)).map(([name, set]) => [
      name,
      set?.value,
    ]),
  );

describe('the defaults of transcribe', () => {
  it('are a deeper network with masks for sounds of a second and more', () => {
    expect(valuesOf(sounds(853, 90))).toEqual({
      ...{ layers: 2, dropout: 0.4, mask: 1 },
      ...{ batch: 16, epochs: 60, patience: 30 },
    });
  });

  it.each([
    ['single words', sounds(853, 20)],
    ['few sounds', sounds(24, 200)],
  ])('are a small network without masks for %s', (_what, training) => {
    expect(valuesOf(training)).toMatchObject({ layers: 1, dropout: 0.2, mask: 0 });
  });

  it('count frames, not rows, and follow the epochs that are given', () => {
    expect(valuesOf(sounds(200, 99), { stack: 1 })).toMatchObject({ layers: 1 });
    expect(valuesOf(sounds(200, 100), { stack: 1, epochs: 7 })).toMatchObject({ layers: 2, epochs: 7, patience: 6 });
  });
});
