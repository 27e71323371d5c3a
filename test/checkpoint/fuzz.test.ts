import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadCheckpointSync, saveCheckpointSync } from '../../src/checkpoint/checkpoint.js';
import { readSafetensorsSync } from '../../src/checkpoint/safetensors.js';
import { CheckpointError } from '../../src/core/errors.js';
import { Random } from '../../src/core/random.js';
import { temporaryDirectory } from './temporary-directory.js';

const ROUNDS = 3000;
const TOKENS = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ',',
  ':',
  '-',
  '1e999',
  '9007199254740993',
  'null',
  '__proto__',
  '\\u0000',
  '"F64"',
  '\ud83d',
];

/**
 * One random change: a bit, some bytes, a cut, a repeated or a foreign piece, or a new number for the header's length.
 */
function mutate(bytes: Buffer, random: Random): Buffer {
  const at = random.integer(bytes.length);
  const length = 1 + random.integer(16);
  switch (random.integer(8)) {
    case 0: {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ (1 << random.integer(8));
      return changed;
    }
    case 1:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 2:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at)]);
    case 3:
      return bytes.subarray(0, at);
    case 4: {
      const token = Buffer.from(TOKENS[random.integer(TOKENS.length)] as string);
      return Buffer.concat([bytes.subarray(0, at), token, bytes.subarray(at + random.integer(token.length + 1))]);
    }
    case 5: {
      // Numbers inside the header: shapes and offsets.
      const header = bytes
        .toString('latin1')
        .replace(/\d+/g, (digits) => (random.integer(8) === 0 ? String(random.uint32()) : digits));
      return Buffer.from(header, 'latin1');
    }
    case 6: {
      const changed = Buffer.from(bytes);
      for (let byte = 0; byte < 8 && byte < changed.length; byte++)
        if (random.integer(2) === 0) changed[byte] = random.integer(256);
      return changed;
    }
    default:
      return Buffer.concat([bytes, Buffer.alloc(length, random.integer(256))]);
  }
}

/** Counts the ways in which reading ends; anything but a result or a CheckpointError is thrown on. */
function fuzz(original: Buffer, seed: number, read: (path: string) => unknown): Map<string, number> {
  const path = join(temporaryDirectory(), 'mutated');
  const random = new Random(seed, 'fuzz');
  const outcomes = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round++) {
    let bytes = original;
    for (let change = 0; change <= random.integer(3) && bytes.length > 0; change++) bytes = mutate(bytes, random);
    writeFileSync(path, bytes);
    let outcome = 'accepted';
    try {
      read(path);
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      outcome = error.code;
    }
    if (outcome === 'accepted' && bytes.equals(original)) outcome = 'unchanged';
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  return outcomes;
}

describe(`${ROUNDS} mutated files`, () => {
  it('are read as safetensors or refused with a CheckpointError, and never take memory that they do not have', () => {
    const before = process.memoryUsage();
    let largest = 0;
    const outcomes = fuzz(
      readFileSync(fileURLToPath(new URL('golden/reference.safetensors', import.meta.url))),
      1,
      (path) => {
        const { tensors } = readSafetensorsSync(path);
        const bytes = [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
        largest = Math.max(largest, bytes);
      },
    );
    expect(largest).toBeLessThan(2000);
    expect(process.memoryUsage().rss - before.rss).toBeLessThan(300e6);
    // Every kind of end is reached; changed data alone cannot be noticed without a checksum.
    expect(Object.fromEntries(outcomes)).toEqual(
      expect.objectContaining({
        accepted: expect.any(Number),
        checkpoint_corrupt: expect.any(Number),
        checkpoint_truncated: expect.any(Number),
      }),
    );
  });

  it('are never accepted as a checkpoint when a single byte differs', () => {
    const path = join(temporaryDirectory(), 'original');
    const tensors = new Map([
      ['w', { shape: [8, 8], data: Float32Array.from({ length: 64 }, (_, index) => index / 7) }],
    ]);
    saveCheckpointSync(path, { tensors, metadata: { step: 12, seed: 1, text: 'a "quoted" text' } });
    const outcomes = fuzz(readFileSync(path), 2, loadCheckpointSync);
    expect(outcomes.get('accepted')).toBeUndefined();
    expect(outcomes.get('checkpoint_corrupt')).toBeGreaterThan(500);
    expect(outcomes.get('checkpoint_truncated')).toBeGreaterThan(100);
  });
});
