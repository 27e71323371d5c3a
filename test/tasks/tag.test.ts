import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { QUIET, wordFolder } from './trained.js';

const small = { ...QUIET, units: 24, embedding: 4, epochs: 30, batch: 16, learningRate: 1e-2, dropout: 0 } as const;

describe('tag', () => {
  it.each<[string, (directory: string) => string, RegExp]>([
    ['data without a target for each step', (directory) => wordFolder(directory), /has no target for each step/],
    [
      'fewer targets than steps',
      (directory) => write(directory, { input: 'abc', target: ['x', 'y'] }),
      /lines\.jsonl' line 1: expected 3 targets, one for each character, found 2/,
    ],
    ['targets that are no list', (directory) => write(directory, { input: 'abc', target: 'x' }), /'target'/],
  ])('refuses %s', async (_name, data, message) => {
    const directory = temporaryDirectory();
    const out = join(directory, 'run');
    const training = trainTask('tag', { ...small, data: data(directory), out, valid: 0, test: 0 });
    await expect(training).rejects.toThrow(message);
    expect(existsSync(out)).toBe(false);
  });
});

function write(directory: string, line: object): string {
  const file = join(directory, 'lines.jsonl');
  writeFileSync(file, `${JSON.stringify(line)}\n`);
  return file;
}
