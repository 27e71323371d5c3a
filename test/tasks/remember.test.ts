import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { copyInput, memoryExamples, memorylessError } from '../../src/tasks/recipes/remember/memory-problems.js';
import { trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { QUIET } from './trained.js';

const read = async (...arguments_: Parameters<typeof memoryExamples>) => {
  const examples = memoryExamples(...arguments_);
  return examples.read(Int32Array.from({ length: examples.count }, (_, at) => at));
};

describe('the adding problem', () => {
  it('marks one number of each half, and its target is their sum', async () => {
    for (const { input, target } of await read('adding', 7, { count: 50, seed: 1, part: 'test' })) {
      const rows = Array.from({ length: 7 }, (_, step) => [input[step * 2], input[step * 2 + 1]] as [number, number]);
      const marked = rows.flatMap(([, mark], step) => (mark === 1 ? [step] : []));
      expect(marked).toHaveLength(2);
      expect([(marked[0] as number) < 3, (marked[1] as number) >= 3]).toEqual([true, true]);
      expect((target as Float32Array)[0]).toBeCloseTo(
        rows.reduce((sum, [value, mark]) => sum + value * mark, 0),
        6,
      );
    }
  });

  it('has the variance 1/6 that the constant forecast is measured by', async () => {
    const examples = await read('adding', 10, { count: 4000, seed: 1, part: 'test' });
    const squares = examples
      .map(({ target }) => ((target as Float32Array)[0] as number) - 1)
      .map((error) => error ** 2);
    expect(squares.reduce((sum, square) => sum + square, 0) / 4000).toBeCloseTo(memorylessError('adding', 10), 1);
  });

  it('is the same again for the same seed, and another for another part', async () => {
    const first = await read('adding', 9, { count: 3, seed: 5, part: 'training' });
    expect(await read('adding', 9, { count: 3, seed: 5, part: 'training' })).toEqual(first);
    expect(await read('adding', 9, { count: 3, seed: 5, part: 'test' })).not.toEqual(first);
    expect(await read('adding', 9, { count: 3, seed: 6, part: 'training' })).not.toEqual(first);
  });
});

describe('the copy problem', () => {
  it('asks for the first ten symbols behind the mark', async () => {
    for (const { input, target } of await read('copy', 4, { count: 5, seed: 1, part: 'test' })) {
      const ids = Array.from({ length: 24 }, (_, step) => input.slice(step * 10, step * 10 + 10).indexOf(1));
      expect(ids.slice(10)).toEqual([8, 8, 8, 9, ...new Array(10).fill(8)]);
      expect([...(target as Int32Array)]).toEqual([...new Array(14).fill(8), ...ids.slice(0, 10)]);
      expect(copyInput(ids.slice(0, 10), 4)).toEqual(input);
    }
  });
});

describe('remember', () => {
  const small = { ...QUIET, valid: 100, test: 200, units: 24, batch: 16 } as const;

  it.each<[string, object, RegExp]>([
    ['data', { data: 'names' }, /'data' must be left out/],
    ['a fraction', { valid: 0.1 }, /'valid' must be a number of examples, got 0.1/],
    ['a single step', { steps: 1 }, /'steps'/],
  ])('refuses %s before anything is written', async (_name, wrong, message) => {
    const out = join(temporaryDirectory(), 'run');
    await expect(trainTask('remember', { ...small, out, ...wrong } as never)).rejects.toThrow(message);
    expect(existsSync(out)).toBe(false);
  });
});
