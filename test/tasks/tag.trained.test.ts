import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluateTask, predictTask, trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { parityFile, QUIET, UNTRAINED } from './trained.js';

const small = {
  ...QUIET,
  units: 24,
  embedding: 4,
  epochs: 30,
  batch: 16,
  learningRate: 1e-2,
  dropout: 0,
  valid: 0.1,
} as const;

// Measured on SSE2, AVX2 and AVX-512 with three seeds: all tags are right.
describe('tag', () => {
  it('learns to carry a parity from step to step', async () => {
    const directory = temporaryDirectory();
    const out = join(directory, 'run');
    const data = parityFile(directory);
    const { metrics, examples } = await trainTask('tag', { ...small, data, out, direction: 'forward' });
    expect(examples).toEqual({ training: 162, validation: 18, test: 20 });
    expect(metrics.test?.['targets']).toBeGreaterThan(20); // steps, not sequences
    expect(metrics.test?.['accuracy']).toBeGreaterThan(0.9); // half of them by chance
    const untrained = await trainTask('tag', {
      ...{ ...small, ...UNTRAINED, direction: 'forward' },
      ...{ data, out: join(directory, 'untrained') },
    });
    expect(untrained.metrics.test?.['accuracy']).toBeLessThan(0.7);
    expect((await evaluateTask(out, { threads: 1 })).metrics).toEqual(metrics.test);
    for await (const prediction of predictTask(out, { values: ['1101'], threads: 1 })) {
      expect(prediction).toEqual({ labels: ['odd', 'even', 'even', 'odd'] });
    }
  });
});
