/** The files and runs that the examples read, below the folder in which they are executed. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { trainTask } from 'bptt/tasks';
import { encode } from 'fast-png';

const lines = (count: number, line: (at: number) => string) =>
  `${Array.from({ length: count }, (_, at) => line(at)).join('\n')}\n`;
const once = { epochs: 1, progress: false, threads: 1, units: 4 } as const;

mkdirSync('names');
writeFileSync(
  'names/north.txt',
  lines(20, (at) => `${'abcdefgh'[at % 8]}${'ijkl'[at % 4]}ski`),
);
writeFileSync(
  'names/south.txt',
  lines(20, (at) => `${'abcdefgh'[at % 8]}${'ijkl'[at % 4]}elo`),
);
writeFileSync('new-names.txt', 'Satoshi\n\nKowalski\n');
writeFileSync('ETTh1.csv', `date,HUFL,OT\n${lines(30, (at) => `${at},${at / 2},${30 - at}`)}`);
writeFileSync(
  'train.jsonl',
  lines(8, (at) => `{"input": [[${at}, 1, 2], [3, 4, 5]], "target": ${at % 2}}`),
);
writeFileSync(
  'JapaneseVowels_TRAIN.ts',
  '@problemName Vowels\n@classLabel true 1 2\n@data\n1,2,3:4,5,6:1\n7,8:9,10:2\n',
);
writeFileSync('boxes.png', encode({ width: 64, height: 32, channels: 3, data: new Uint8Array(64 * 32 * 3).fill(200) }));
writeFileSync(
  'tags.jsonl',
  lines(40, (at) => JSON.stringify({ input: '101'.slice(at % 3), target: ['odd', 'even', 'odd'].slice(at % 3) })),
);
writeFileSync('shakespeare.txt', 'ROMEO: what light is this? '.repeat(60));
// This module is compiled to a folder of build/, two below the root.
copyFileSync(new URL('../../test/interchange/golden/guide/tagger.pt', import.meta.url), 'tagger.pt');
mkdirSync('runs');
await trainTask('classify', { data: 'names', out: 'runs/names', ...once });
await trainTask('tag', { data: 'tags.jsonl', out: 'runs/tags', direction: 'forward', ...once });
await trainTask('lm', { data: 'shakespeare.txt', out: 'runs/shakespeare', ...once, embedding: 4, batch: 2, steps: 20 });
