/** Small pieces of music that go round, for tests. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { QUIET } from './trained.js';

/** The four frames of a round. */
export const CHORDS: readonly (readonly number[])[] = [[60, 64, 67], [57, 60, 64], [], [55, 59, 62]];
/** A small training on them. */
export const SMALL = { ...QUIET, units: 24, epochs: 20, batch: 4, learningRate: 2e-2, dropout: 0 } as const;

/** Pieces that go round four frames, one of them silent, each from another one on. */
export function rounds(count: number, first = 0): readonly (readonly number[][])[] {
  return Array.from({ length: count }, (_, piece) =>
    Array.from({ length: 6 + (piece % 5) }, (_frame, at) => [
      ...(CHORDS[(first + piece + at) % 4] as readonly number[]),
    ]),
  );
}

/** Path of a file of rounds in three parts, and of a run. */
export function roundFile(): { readonly data: string; readonly out: string } {
  const directory = temporaryDirectory();
  const data = join(directory, 'rounds.json');
  writeFileSync(data, JSON.stringify({ train: rounds(48), valid: rounds(4), test: rounds(8, 1) }));
  return { data, out: join(directory, 'run') };
}
