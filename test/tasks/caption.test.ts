import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { captionedPictures } from './captioned-pictures.js';
import { QUIET } from './trained.js';

const small = {
  ...{ ...QUIET, units: 16, embedding: 8, epochs: 16, batch: 8, learningRate: 2e-2, dropout: 0, beams: 2 },
  ...{ rows: 2, columns: 4, cells: 1 },
} as const;

describe('caption', () => {
  it.each<[string, object, string, RegExp]>([
    ['pictures with fewer pixels than cells', { cells: 5 }, 'too_short', /8 x 24 pixels, but 10 x 20 cells/],
    ['a decoder that reads ahead', { direction: 'bidirectional' }, 'invalid_option', /'direction' must be forward/],
    [
      'a test file with a group of the training',
      { test: 'captions.jsonl' },
      'mixed_examples',
      /the group '1-\d' is in/,
    ],
    ['words that no two groups have', { minCount: 29 }, 'invalid_vocabulary', /29 times/],
  ])('refuses %s before anything is written', async (_name, wrong, code, message) => {
    const directory = temporaryDirectory();
    const data = captionedPictures(directory, 12);
    const out = join(directory, 'run');
    const test = 'test' in wrong ? { test: data } : {};
    const training = trainTask('caption', { ...small, valid: 0, data, out, ...wrong, ...test } as never);
    await expect(training).rejects.toThrow(message);
    await expect(training).rejects.toMatchObject({ code });
    expect(existsSync(out)).toBe(false);
  });

  it.each<[string, string, RegExp]>([
    ['without a picture', '{"text": "a"}', /line 2, field 'features'/],
    ['with a picture and features', '{"image": "a.png", "features": "a.npy", "text": "a"}', /line 2, field 'features'/],
    ['without a word', '{"image": "a.png", "text": " "}', /line 2, field 'text'/],
    ['of features among pictures', '{"features": "a.npy", "text": "a"}', /a\.npy' is given as features/],
    ['of a picture that is not there', '{"image": "a.png", "text": "a"}', /a\.png'.*no such file/],
  ])('refuses a line %s', async (_name, line, message) => {
    const directory = temporaryDirectory();
    const data = captionedPictures(directory, 1);
    writeFileSync(data, `${readFileSync(data, 'utf8')}${line}\n`);
    const options = { ...small, data, out: join(directory, 'run'), valid: 0, test: 0 };
    await expect(trainTask('caption', options)).rejects.toThrow(message);
  });
});
