import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lm } from '../../src/tasks/recipes/lm/lm.js';
import { loadLanguageModel, sampleLanguageModel } from '../../src/tasks/recipes/lm/saved-language-model.js';
import type { TaskStart } from '../../src/tasks/runner/train-task.js';
import { evaluateTask, loadTask, trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { smallText } from '../cli/small-text.js';
import { predictions } from './trained.js';

const small = {
  embedding: 8,
  units: 16,
  layers: 1,
  batch: 8,
  steps: 16,
  epochs: 2,
  threads: 1,
  progress: false,
} as const;

// Measured on SSE2, AVX2 and AVX-512 with three seeds: a loss of 2.68 at most, and a perplexity of words of 1.22.
describe('a language model', () => {
  function text(): { data: string; out: string } {
    const directory = temporaryDirectory();
    const data = join(directory, 'text.txt');
    writeFileSync(data, smallText(200));
    return { data, out: join(directory, 'run') };
  }

  it('is trained, evaluated, sampled and loaded', async () => {
    const files = text();
    const starts: TaskStart[] = [];
    const result = await trainTask('lm', { ...files, ...small, onStart: (start) => void starts.push(start) });
    expect(starts).toMatchObject([{ parameters: result.parameters, threads: 1, options: { batch: 8 } }]);
    expect(result).toMatchObject({ run: files.out, epochs: 2, memory: { plannedBytes: expect.any(Number) } });
    const { arena, scratch, parameters, gradients, optimizer, plannedBytes } = result.memory;
    expect(arena + scratch + parameters + gradients + optimizer).toBe(plannedBytes);
    expect(parameters).toBeGreaterThanOrEqual(4 * result.parameters);

    const { metrics } = await evaluateTask(files.out, { data: files.data, threads: 1 });
    expect(metrics['loss']).toBeLessThan(Math.log(23));
    const validated = await evaluateTask(files.out, { threads: 1 });
    expect(validated).toMatchObject({ part: 'validation', of: 'symbols', metrics: result.metrics.validation });
    expect(validated.metrics['loss']).toBeCloseTo(result.best?.loss as number, 5);

    let sampled = '';
    for await (const piece of sampleLanguageModel(files.out, { length: 30, seed: 2 })) sampled += piece;
    expect(sampled).toHaveLength(30);
    const { model, vocabulary, checkpoint } = await loadLanguageModel(files.out, { threads: 1 });
    expect(model.sample(vocabulary, { prompt: '\n', length: 30, seed: 2 })).toBe(sampled);
    expect(checkpoint).toBe(join(files.out, 'best.safetensors'));
    model.dispose();
  });

  it('of words, with a limited vocabulary, tied embeddings and a test part, says how likely a text is', async () => {
    const { data, out } = text();
    writeFileSync(data, 'the cat sat on the mat\nthe dog sat on the rug\n'.repeat(60));
    const words = { level: 'word', vocabulary: 8, tied: true, test: 0.1, valid: 0.1 } as const;
    const result = await trainTask('lm', { data, out, ...small, ...words, epochs: 12, learningRate: 1e-2 });
    expect(result.metrics.test?.['perplexity']).toBeLessThan(2); // of 8 words
    expect(result).toMatchObject({ of: 'symbols' });
    expect((await loadLanguageModel(out, { threads: 1 })).vocabulary.size).toBe(8);

    const [likely, unlikely] = await predictions(out, { values: ['the cat sat on the', 'on on cat the sat'] });
    expect(likely).toMatchObject({
      symbols: 5,
      next: expect.arrayContaining([{ symbol: expect.any(String), probability: expect.any(Number) }]),
    });
    expect(likely?.['nats']).toBeLessThan(Number(unlikely?.['nats']) / 3);
    const { model, options, saved } = await loadTask(out, { threads: 1 });
    const stream = lm.stream?.(model, { options, saved } as Parameters<NonNullable<typeof lm.stream>>[1]);
    const nats = [];
    for (const piece of ['the cat', 'sat', 'on the']) nats.push(Number((await stream?.push(piece))?.[0]?.['nats']));
    expect(nats.reduce((sum, each) => sum + each, 0)).toBeCloseTo(Number(likely?.['nats']), 4);
    stream?.close();
    await expect(stream?.push('mat')).rejects.toMatchObject({ code: 'stream_closed' });
    model.dispose();
  });

  it('of bytes needs no character of the training text', async () => {
    const { data, out } = text();
    await trainTask('lm', { data, out, ...small, level: 'byte', epochs: 1 });
    const other = join(temporaryDirectory(), 'other.txt');
    writeFileSync(other, 'äöü – 漢字\n'.repeat(20));
    const { metrics, examples } = await evaluateTask(out, { data: other, threads: 1 });
    expect(examples).toBe(20 * Buffer.byteLength('äöü – 漢字\n') - 1);
    expect(metrics['loss']).toBeGreaterThan(Math.log(23));
  });
});
