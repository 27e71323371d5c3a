/** Options without effect on the data that were found: notes say so. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { QUIET, trainWithNotes, UNTRAINED } from './trained.js';

const small = { ...QUIET, ...UNTRAINED, units: 2, embedding: 2, valid: 0, test: 0, batch: 4 } as const;

async function notesOf(name: string, text: string, options: object): Promise<readonly string[]> {
  const folder = temporaryDirectory();
  const data = join(folder, name);
  writeFileSync(data, text);
  const { notes } = await trainWithNotes('classify', { ...small, ...options, data, out: join(folder, 'run') });
  return notes.filter((note) => note.startsWith('no effect'));
}

const LABELS = 'a\tone two\nb\tthree four\n'.repeat(2);

it.each<[string, string, object, readonly string[]]>([
  [
    'a.txt',
    LABELS,
    {
      sequence: 'bar',
      missing: 'mask',
      target: 'foo',
      input: 'foo',
      decimal: 'comma',
      level: 'word',
      form: 'labels',
    },
    ['no effect on lines of a class and a text: --input, --target, --sequence, --decimal, --missing'],
  ],
  ['a.txt', LABELS, { minCount: 2, vocabulary: 9 }, ['no effect where no words are read: --min-count, --vocabulary']],
  ['a.txt', LABELS, { minCount: 1, level: 'word', unknownWords: 'form', unknownRate: 1, inputDropout: 0.1 }, []],
  [
    'a.txt',
    LABELS,
    { level: 'character', unknownWords: 'form', unknownRate: 5 },
    ['no effect where no words are read: --unknown-words, --unknown-rate'],
  ],
  ['a.txt', LABELS, { unknownWords: 'one', unknownRate: 0, inputDropout: 0 }, []],
  [
    'a.csv',
    'sequence,v,target\n1,1,x\n2,2,y\n',
    { inputDropout: 0.4, calibrate: 'no' },
    ['no effect on numbers, which have no embedding: --input-dropout'],
  ],
  [
    'a.txt',
    LABELS,
    { blend: 'yes', calibrate: 'no' },
    ['no effect of --blend yes with --calibrate no: its weight is fitted with the temperature'],
  ],
  [
    'a.txt',
    LABELS,
    { classWeights: 'balanced' },
    ['no effect of --blend yes with --class-weights: it counts all classes alike'],
  ],
  ['a.txt', LABELS, { blend: 'no', calibrate: 'no', classWeights: 'balanced' }, []],
  [
    'a.jsonl',
    '{"text":"a","label":"x","w":1}\n{"text":"b","label":"y","w":2}\n',
    { weight: 'w' },
    ['no effect of --blend yes with --weight: it counts all examples alike'],
  ],
  [
    'a.csv',
    'text,target\na,x\nb,y\n',
    { missing: 'mask', skipFooter: 0 },
    ['no effect on a table of texts: --missing'],
  ],
  [
    'a.jsonl',
    '{"text":"a","label":"x"}\n{"text":"b","label":"y"}\n',
    { header: 'none', input: 'text' },
    ['no effect on JSON lines: --header'],
  ],
  ['a.csv', 'sequence,v,target\n1,1,x\n2,2,y\n', { input: 'v', missing: 'mask', missingValues: '-' }, []],
])('in %s: %s', async (name, text, options, notes) => {
  expect(await notesOf(name, text, options)).toEqual(notes);
});
