import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluateTask, trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { parityFile, QUIET, UNTRAINED } from './trained.js';

describe('an evaluation', () => {
  it('says that its file is the data of the training, by whatever path, and says nothing of a copy', async () => {
    const directory = temporaryDirectory();
    const [out, data, copy] = [join(directory, 'run'), parityFile(directory), join(directory, 'other.jsonl')];
    copyFileSync(data, copy);
    await trainTask('tag', { ...QUIET, ...UNTRAINED, units: 2, embedding: 2, naive: 0, memory: 0, data, out });
    const notesOf = async (file: string | undefined) => {
      const notes: string[] = [];
      const onNote = (line: string) => void notes.push(line);
      await evaluateTask(out, { ...(file !== undefined && { data: file }), threads: 1, onNote });
      return notes.filter((note) => note.includes('is the data of the training'));
    };
    for (const file of [data, join(directory, '..', directory.split('/').at(-1) as string, 'parity.jsonl')]) {
      expect(await notesOf(file)).toEqual([expect.stringMatching(/figures of examples that were trained on/)]);
    }
    expect(await notesOf(copy)).toEqual([]);
    expect(await notesOf(undefined)).toEqual([]);
  });
});
