/** Paths that the system cannot follow: every command and every function says so with a code. */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BpttError } from '../../src/core/errors.js';
import { loadModel } from '../../src/saved/load-model.js';
import { sampleLanguageModel } from '../../src/tasks/recipes/lm/saved-language-model.js';
import { evaluateTask, loadTask, predictTask, streamTask, trainTask } from '../../src/tasks/tasks.js';
import { QUIET, UNTRAINED } from '../tasks/trained.js';
import { callBptt } from './call-bptt.js';

const folder = mkdtempSync(join(tmpdir(), 'bptt-'));
afterAll(() => rmSync(folder, { recursive: true }));
const data = join(folder, 'c.jsonl');
const run = join(folder, 'run');
const small = { ...QUIET, ...UNTRAINED, units: 4, embedding: 4, valid: 0, test: 0, direction: 'forward' } as const;

/** Paths by what is wrong with them. */
const PATHS: Readonly<Record<string, string>> = {
  'a file with a slash at its end': `${data}/`,
  'a file as a folder': join(data, 'x'),
  'links in a circle': join(folder, 'loop'),
  'a long name': join(folder, 'x'.repeat(300)),
  'NUL in it': join(folder, 'a\0b'),
  nothing: join(folder, 'nothing'),
};

beforeAll(async () => {
  symlinkSync('loop', join(folder, 'loop'));
  writeFileSync(data, '{"input":"0101","target":["a","b","a","b"]}\n');
  await trainTask('tag', { ...small, data, out: run });
});

describe.each(Object.entries(PATHS))('a path with %s', (_what, path) => {
  const out = join(folder, 'other');
  const train = ['train', 'classify', '--out', out, '--data'];
  it.each([
    ['data', [...train, path]],
    ['data of tag', ['train', 'tag', '--out', out, '--data', path]],
    ['data of lm', ['train', 'lm', '--out', out, '--data', path]],
    ['data of forecast', ['train', 'forecast', '--out', out, '--data', path]],
    ['validation', ['train', 'tag', '--out', out, '--data', data, '--valid', path]],
    ['configuration', ['train', 'tag', '--out', out, '--data', data, '--config', path]],
    ['inputs', ['predict', run, '--data', path]],
    ['run of predictions', ['predict', path, '0']],
    ['run of an evaluation', ['eval', path]],
    ['run of a sample', ['sample', path]],
    ['data of an evaluation', ['eval', run, '--data', path]],
    ['module of a run', ['eval', run, '--task', path]],
    ['module', ['train', path.includes('/') ? path : `./${path}`]],
  ])('is refused as %s', async (_use, words) => {
    const { stderr, status } = await callBptt(words);
    expect(stderr).toMatch(/^bptt: error \[[a-z_]+\]: /m);
    expect(stderr).not.toContain('[internal]');
    expect(status).toBe(2);
  });

  it.each(
    Object.entries({
      trainTask: () => trainTask('tag', { ...small, data: path, out }),
      'trainTask, valid': () => trainTask('tag', { ...small, data, valid: path, out }),
      loadTask: () => loadTask(path),
      streamTask: () => streamTask(path),
      evaluateTask: () => evaluateTask(path),
      'evaluateTask, data': () => evaluateTask(run, { data: path, threads: 1 }),
      predictTask: () => predictTask(run, { file: path, threads: 1 }).next(),
      loadModel: () => loadModel(path),
      sampleLanguageModel: () => sampleLanguageModel(path).next(),
    }),
  )('is refused by %s', async (_name, call) => {
    await expect(Promise.resolve().then<unknown>(call)).rejects.toSatisfy(
      (error) => error instanceof BpttError && error.code !== '',
    );
  });
});
