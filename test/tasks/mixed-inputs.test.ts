/** Inputs of several kinds in one file, and of another kind than a model reads. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadTask, trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { QUIET, UNTRAINED } from './trained.js';

const small = { ...QUIET, ...UNTRAINED, units: 2, embedding: 2, valid: 0, test: 0, batch: 4, naive: 0 } as const;

function fileOf(name: string, inputs: readonly unknown[]): string {
  const file = join(temporaryDirectory(), name);
  const lines = inputs.map((input, at) => JSON.stringify({ input, target: at % 2 }));
  writeFileSync(file, lines.join('\n'));
  return file;
}

it('are refused with the first place of each kind', async () => {
  const data = fileOf('mixed.jsonl', ['one', 'two', ['three'], ['four']]);
  await expect(trainTask('classify', { ...small, data, out: join(temporaryDirectory(), 'run') })).rejects.toMatchObject(
    {
      code: 'mixed_examples',
      message: `'${data}' line 3 has tokens, expected text as '${data}' line 1 has: all inputs must be of one kind`,
      details: { file: data, line: 3, kind: 'tokens', expected: 'text' },
    },
  );
});

it('are refused in a file to predict for and in values, with their place', async () => {
  const out = join(temporaryDirectory(), 'run');
  await trainTask('classify', { ...small, data: fileOf('texts.jsonl', ['one', 'two']), out });
  const loaded = await loadTask(out, { task: 'classify', threads: 1 });
  const file = fileOf('other.jsonl', ['one', [1, 2]]);
  await expect(loaded.predictions({ file }).next()).rejects.toMatchObject({
    message: `'${file}' line 2: the input has numbers, the model reads text`,
    details: { reason: 'mixed_examples' },
  });
  await expect(loaded.predict(['one', ['two']])).rejects.toThrow(`'inputs' line 2: expected a text, found ["two"]`);
  await expect(loaded.evaluate(file)).rejects.toThrow(`'${file}' line 2: the input has numbers`);
  loaded.dispose();
});
