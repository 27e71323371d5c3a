import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type TaskName, trainTask } from '../../src/entries/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { roundFile, SMALL } from './rounds.js';
import { QUIET } from './trained.js';

/** The rules of a task on the test part, by name. */
async function rulesOf(task: TaskName, options: object): Promise<Record<string, object | undefined>> {
  const out = join(temporaryDirectory(), 'run');
  const train = trainTask as (task: TaskName, options: object) => ReturnType<typeof trainTask<'lm'>>;
  const { naive } = await train(task, { ...QUIET, out, ...options });
  return Object.fromEntries((naive?.results ?? []).map(({ rule, metrics }) => [rule, metrics]));
}

function fileOf(name: string, lines: readonly string[]): string {
  const file = join(temporaryDirectory(), name);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

const tiny = { units: 4, epochs: 1 };

describe('the naive rules', () => {
  it('of a language model are frequencies and n-grams, judged on the symbols that the network predicts', async () => {
    const data = fileOf('text.txt', ['abcabcabc'.repeat(200)]);
    const rules = await rulesOf('lm', { ...tiny, data, embedding: 4, layers: 1, steps: 10, test: 0.2 });
    const { 'frequencies of symbols': one, '6-grams, Kneser-Ney': six } = rules;
    expect(one).toMatchObject({ perplexity: expect.closeTo(3, 0), tokens: 359 });
    expect((six as { loss: number }).loss).toBeLessThan(0.05);
  });

  it('of translation are the source itself and the most similar sentence', async () => {
    const pairs = Array.from({ length: 60 }, (_, at) => `a${at % 12} b c d${at % 12}\tx${at % 12} y z w${at % 12}`);
    const [data, test] = [fileOf('pairs.tsv', pairs), fileOf('test.tsv', [...pairs.slice(0, 6), 'k l m n\tk l m n'])];
    const rules = await rulesOf('translate', { ...tiny, data, test, embedding: 4, beams: 1 });
    // Of four-word sentences: six are known and one is a copy.
    expect(rules['copy of the source']).toEqual({ bleu: expect.closeTo(1 / 7, 6) });
    expect(rules['translation of the most similar sentence']).toEqual({ bleu: expect.any(Number) });
    expect((rules['translation of the most similar sentence'] as { bleu: number }).bleu).toBeGreaterThan(0.8);
  });

  it('of music are key frequencies and the last frame of each key', async () => {
    const { data } = roundFile();
    const rules = await rulesOf('music', { ...SMALL, data, epochs: 1, units: 4 });
    const nats = (rule: string) => (rules[rule] as { nats: number }).nats;
    expect(nats('each key by its last frame')).toBeLessThan(nats('key frequencies'));
  });

  it('of tags are the most frequent one and that of each symbol', async () => {
    const lines = Array.from({ length: 40 }, (_, at) =>
      JSON.stringify({ input: ['the', at % 2 ? 'dog' : 'runs'], target: ['D', at % 2 ? 'N' : 'V'] }),
    );
    const rules = await rulesOf('tag', { ...tiny, data: fileOf('tags.jsonl', lines) });
    expect(rules['most frequent class']).toEqual({ accuracy: 0.5 });
    expect(rules['most frequent class of each symbol']).toEqual({ accuracy: 1 });
  });

  it('of series are the most frequent class and the nearest neighbour', async () => {
    const lines = Array.from({ length: 40 }, (_, at) =>
      JSON.stringify({ input: [at % 4, (at % 4) + 0.1, 1], target: at % 4 === 0 ? 'a' : 'b' }),
    );
    const rules = await rulesOf('classify', { ...tiny, data: fileOf('series.jsonl', lines), test: 0.25 });
    expect(rules['nearest neighbour']).toEqual({ accuracy: 1 });
    expect((rules['most frequent class'] as { accuracy: number }).accuracy).toBeLessThan(1);
  });
});
