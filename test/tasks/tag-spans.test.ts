import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { areSpanTags, SpanCounts, spansOf } from '../../src/tasks/recipes/classify/tag-spans.js';
import { loadTask, trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { QUIET, UNTRAINED } from './trained.js';

const shown = (tags: string) => spansOf(tags.split(' ')).map(({ first, last, kind }) => `${first}-${last} ${kind}`);

describe('spans of tags', () => {
  it.each([
    ['BIO', 'B-PER I-PER O B-LOC B-LOC I-LOC', ['0-1 PER', '3-3 LOC', '4-5 LOC']],
    ['IOB1', 'I-PER I-PER O I-LOC B-LOC I-LOC', ['0-1 PER', '3-3 LOC', '4-5 LOC']],
    ['BIOES', 'B-PER E-PER O S-LOC B-LOC I-LOC E-LOC', ['0-1 PER', '3-3 LOC', '4-6 LOC']],
    ['BILOU', 'B-PER L-PER O U-LOC B-LOC I-LOC L-LOC', ['0-1 PER', '3-3 LOC', '4-6 LOC']],
    ['tags without a kind', 'B I O B', ['0-1 ', '3-3 ']],
    ['a kind with a dash', 'B-WORK-OF-ART I-WORK-OF-ART', ['0-1 WORK-OF-ART']],
    ['an end at the end', 'O O I-PER', ['2-2 PER']],
    ['another kind within a span', 'B-PER I-LOC I-LOC', ['0-0 PER', '1-2 LOC']],
    ['steps behind an end', 'S-PER I-PER E-PER E-PER', ['0-0 PER', '1-2 PER', '3-3 PER']],
    ['no span', 'O O', []],
  ])('are those that conlleval finds: %s', (_name, tags, expected) => {
    expect(shown(tags)).toEqual(expected);
  });

  it('are recognised by all classes together', () => {
    expect(areSpanTags(['O', 'B-PER', 'I-PER'])).toBe(true);
    expect(areSpanTags(['B', 'I', 'O'])).toBe(true);
    for (const classes of [['O'], ['B-PER', 'I-PER'], ['O', 'B-PER', 'NOUN'], ['O', 'E', 'S'], ['even', 'odd']]) {
      expect(areSpanTags(classes)).toBe(false);
    }
  });

  it('count when begin, end and kind are right; steps that are left out end a span', () => {
    const classes = ['O', 'B-PER', 'I-PER', 'B-LOC'];
    const counts = new SpanCounts(classes);
    expect(counts.metrics()).toEqual({ f1: null, precision: null, recall: null, targets: 0, found: 0, right: 0 });
    counts.add([1, 2, 0, 3], [1, 2, 0, 1]); // the second has another kind
    counts.add([1, 2, 0, 0], [1, 0, 0, 0]); // the span is too short
    counts.add([1, -1, 0], [1, 2, 3]);
    expect(counts.metrics()).toEqual({ f1: 4 / 9, precision: 2 / 5, recall: 1 / 2, targets: 4, found: 5, right: 2 });
  });

  it('are in the metrics of a tagger, of a loaded one, and of its rules', async () => {
    const directory = temporaryDirectory();
    const data = join(directory, 'names.jsonl');
    const line = (at: number) =>
      JSON.stringify({ input: ['ask', 'Ann', 'Lee', `w${at % 5}`], target: ['O', 'B-PER', 'I-PER', 'O'] });
    writeFileSync(data, Array.from({ length: 30 }, (_, at) => line(at)).join('\n'));
    const out = join(directory, 'run');
    const options = { ...QUIET, ...UNTRAINED, units: 4, embedding: 4, data, out };
    const { metrics, naive, summary } = await trainTask('tag', options);
    expect(metrics.test).toMatchObject({ spans: { targets: 3 } });
    expect(naive?.results.at(-1)).toMatchObject({ metrics: { accuracy: 1, spans: { f1: 1, right: 3 } } });
    expect(summary).toContain('span F1 100.00 % (precision 100.00 %, recall 100.00 %)');
    const lines = readFileSync(join(out, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
    const recorded = JSON.parse(lines.at(-1) as string);
    expect(recorded).toMatchObject({ kind: 'naive', network: { spans: metrics.test?.['spans'] } });
    expect(recorded.network).not.toHaveProperty('confusion');
    const loaded = await loadTask(out, { threads: 1 });
    expect((await loaded.evaluate()).metrics).toEqual(metrics.test);
    loaded.dispose();
  });
});
