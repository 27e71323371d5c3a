import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { roundFile, rounds, SMALL } from './rounds.js';
import { predictions } from './trained.js';

describe('music', () => {
  it('refuses options of its use that it does not have, and frames that are none', async () => {
    const { data, out } = roundFile();
    await trainTask('music', { ...SMALL, data, out, epochs: 1 });
    await expect(predictions(out, { values: ['[]'] }, { units: 3 })).rejects.toMatchObject({ code: 'unknown_option' });
    await expect(predictions(out, { values: ['[]'] }, { steps: 0 })).rejects.toThrow(/'steps' must be an integer >= 1/);
    await expect(predictions(out, { values: ['[[60], [7]]'] })).rejects.toThrow(/input 0, frame 1.*found 7/);
    await expect(predictions(out, { values: ['no music'] })).rejects.toMatchObject({ code: 'invalid_row' });
  });

  it('continues a piece, which may be the field of an object', async () => {
    const { data, out } = roundFile();
    await trainTask('music', { ...SMALL, data, out, epochs: 1 });
    const piece = [[60], [64], []];
    const values = [piece, { notes: piece }, JSON.stringify(piece), JSON.stringify({ notes: piece })];
    const [first, ...others] = await predictions(out, { values }, { choose: 'threshold', threshold: 0.03, steps: 4 });
    expect(others).toEqual([first, first, first]);
    await expect(predictions(out, { values: [{ keys: piece }] })).rejects.toMatchObject({ code: 'invalid_row' });
  });

  it.each<[string, object, string, RegExp]>([
    ['a network that reads ahead', { direction: 'bidirectional' }, 'invalid_option', /'direction' must be forward/],
    ['a fraction of one where the data has no such part', { test: 1 }, 'invalid_option', /'test' must be a fraction/],
  ])('refuses %s before anything is written', async (_name, wrong, code, message) => {
    const directory = temporaryDirectory();
    const [data, out] = [join(directory, 'rounds.jsonl'), join(directory, 'run')];
    writeFileSync(
      data,
      rounds(8)
        .map((notes) => JSON.stringify({ notes }))
        .join('\n'),
    );
    const training = trainTask('music', { ...SMALL, data, out, ...wrong } as never);
    await expect(training).rejects.toThrow(message);
    await expect(training).rejects.toMatchObject({ code });
    expect(existsSync(out)).toBe(false);
  });
});
