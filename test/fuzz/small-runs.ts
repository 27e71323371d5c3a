/** Runs of tasks after a step or two: real descriptions, vocabularies and scales to forge. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { trainTask } from '../../src/tasks/tasks.js';
import { smallText } from '../cli/small-text.js';
import { captionedPictures } from '../tasks/captioned-pictures.js';
import { spokenTable } from '../tasks/spoken.js';
import { parityFile, waveTable, wordFolder } from '../tasks/trained.js';

/** A trained run, and inputs for it. */
export interface SmallRun {
  readonly task: string;
  readonly run: string;
  readonly data: string;
  readonly values: readonly (string | object)[] | undefined;
}

const QUICK = { progress: false, threads: 1, seed: 1 } as const;

function pairsFile(directory: string): string {
  const path = join(directory, 'pairs.tsv');
  const words = ['one two', 'two three', 'three one', 'one one', 'two two two', 'three'];
  writeFileSync(
    path,
    words
      .concat(words, words)
      .map((text, at) => `${text}\t${text.toUpperCase()} ${at % 3}\n`)
      .join(''),
  );
  return path;
}

function piecesFile(directory: string): string {
  const path = join(directory, 'pieces.json');
  const piece = (shift: number) => Array.from({ length: 12 }, (_, at) => [50 + ((at * shift) % 20), 70]);
  writeFileSync(path, JSON.stringify({ train: [1, 2, 3, 4].map(piece), valid: [piece(5)], test: [piece(6)] }));
  return path;
}

/** Runs of the quick tasks; of all tasks where `isWhole`. */
export async function smallRuns(directory: string, isWhole: boolean): Promise<SmallRun[]> {
  const table = waveTable(directory, 120);
  const text = join(directory, 'text.txt');
  writeFileSync(text, smallText(60));
  const small = { units: 4, epochs: 1, batch: 8 };
  const out = (task: string) => join(directory, 'runs', task);
  const runs: SmallRun[] = [];
  const train = async (task: string, data: string, options: object, values?: SmallRun['values']) => {
    await trainTask(task as 'tag', { ...QUICK, data, out: out(task), ...options } as never);
    runs.push({ task, run: out(task), data, values });
  };
  await train('classify', wordFolder(directory, 20), { ...small, embedding: 4, naive: 0 }, ['Abc']);
  await train('forecast', table, { ...small, history: 12, horizon: 3, naive: 0 });
  await train('lm', text, { ...small, embedding: 4, steps: 8, naive: 0 }, undefined);
  await train('tag', parityFile(directory, 30), { ...small, embedding: 4, naive: 0 }, ['0101']);
  if (!isWhole) return runs;
  await train('translate', pairsFile(directory), { ...small, embedding: 4, naive: 0 }, ['one two']);
  await train('music', piecesFile(directory), { ...small, naive: 0 });
  await train('caption', captionedPictures(directory, 12), {
    ...small,
    rows: 1,
    columns: 2,
    cells: 4,
    embedding: 4,
    naive: 0,
  });
  await train('transcribe', spokenTable(directory, 6), { ...small, naive: 0 });
  return runs;
}
