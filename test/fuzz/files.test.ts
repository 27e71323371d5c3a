/** Every reader of files ends in a result or in an error with a code, whatever the file holds. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { outcomeOf } from './execution.js';
import { type FileTarget, fileTargets } from './file-targets.js';
import { asBytes, asText, corpusOf, fuzz } from './fuzzing.js';
import { mutated } from './mutations.js';

const directory = mkdtempSync(join(tmpdir(), 'bptt-fuzz-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function executionOf({ name, file, read, repair }: FileTarget): (bytes: Buffer) => unknown {
  const path = join(directory, name, file);
  mkdirSync(join(directory, name), { recursive: true });
  for (const other of ['feats.ark', 'other.scp', 'a.wav', 'b.wav'])
    copyFileSync(join(directory, other), join(directory, name, other));
  return (bytes) => {
    writeFileSync(path, repair === undefined ? bytes : repair(bytes));
    return read(path);
  };
}

describe.each(fileTargets(directory))('the reader of $name', (target) => {
  it('reads the valid files', async () => {
    const execute = executionOf(target);
    for (const seed of target.seeds) {
      const { code, kind } = await outcomeOf(() => execute(Buffer.from(seed)));
      // Some seeds are for one of two readers of a target; each kind has at least one that is read.
      expect([code, kind], target.name).toEqual([expect.any(String), expect.any(String)]);
    }
    const ends = await Promise.all(target.seeds.slice(0, 1).map((seed) => outcomeOf(() => execute(Buffer.from(seed)))));
    expect(ends).toEqual([{ code: 'result', kind: '' }]);
  });

  it('ends in a result or a coded error for the kept inputs', async () => {
    const execute = executionOf(target);
    for (const text of corpusOf<string>(target.name)) await outcomeOf(() => execute(asBytes(text)));
  });

  it('ends in a result or a coded error for mutated files', async () => {
    const bases = [...target.seeds, ...corpusOf<string>(target.name).map(asBytes)];
    const { runs } = await fuzz(target.name, mutated(bases), { execute: executionOf(target), saved: asText });
    expect(runs).toBeGreaterThan(0);
  });
});
