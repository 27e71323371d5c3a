import { describe, expect, it } from 'vitest';
import { splitParts } from '../../src/tasks/building-blocks/split-parts.js';

const one = [{ input: Float32Array.of(1), target: 0 }];

describe('a part of too few examples', () => {
  it.each([
    ['test', { valid: 0, test: 0.2 }],
    ['valid', { valid: 0.2, test: 0 }],
  ] as const)('names the option %s, and what to do without', async (name, choice) => {
    await expect(splitParts(one, { ...choice, seed: 1 })).rejects.toMatchObject({
      code: 'too_short',
      message: expect.stringMatching(new RegExp(`from 1 examples .*; --${name} 0 makes no .* part, --${name} FILE`)),
    });
  });

  it('is none where nothing is held back', async () => {
    expect(await splitParts(one, { valid: 0, test: 0, seed: 1 })).toMatchObject({ training: one });
  });
});
