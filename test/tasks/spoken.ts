/** Small recordings of tones that have names, and tables of them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../../src/core/random.js';
import { writeWav } from '../files/sound-file.js';
import { QUIET } from './trained.js';

/** A small training to write them down. */
export const SMALL = {
  ...QUIET,
  ...{ units: 16, epochs: 7, batch: 8, learningRate: 2e-2, melBands: 10, join: '1-3', strings: 64, perturb: 0.2 },
  ...{ validStrings: 8, testStrings: 20, silence: 60, dropout: 0 },
  // The mean of a steady tone is all that tells it from others.
  normalize: 'training',
} as const;

/** Tones by name: two that stay and one that rises. */
const TONES: Readonly<Record<string, (seconds: number) => number>> = {
  low: () => 350,
  high: () => 1800,
  up: (seconds) => 350 + 12_000 * seconds,
};

/** A tone of about 120 ms with noise, that begins and ends gently. */
export function spoken(word: string, random: Random): Float32Array {
  const length = 900 + random.integer(200);
  const hertz = TONES[word] as (seconds: number) => number;
  const pitch = 0.9 + 0.2 * random.uniform();
  let phase = 0;
  return Float32Array.from({ length }, (_, at) => {
    phase += (2 * Math.PI * pitch * hertz(at / 8000)) / 8000;
    return 0.3 * Math.sin((Math.PI * at) / length) * Math.sin(phase) + 0.003 * random.normal();
  });
}

const clipsMade = new Map<string, Float32Array>();

/** The clip of a number, which is made once. */
function clipOf(word: string, at: number): Float32Array {
  const name = `${word}-${at}`;
  const made = clipsMade.get(name) ?? spoken(word, new Random(1, name));
  clipsMade.set(name, made);
  return made;
}

/** A folder with `table.csv` of clips of three words by two speakers; the last third of each is the test part. */
export function spokenTable(directory: string, clips = 12, header = 'file,text,speaker,part'): string {
  const lines = [header];
  for (const word of Object.keys(TONES)) {
    for (let at = 0; at < clips; at++) {
      const file = `${word}-${at}.wav`;
      writeWav(join(directory, file), clipOf(word, at));
      const fields: Readonly<Record<string, string>> = {
        ...{ file, text: word, speaker: at % 2 === 0 ? 'ann' : 'bob' },
        part: at < (clips * 2) / 3 ? 'training' : 'test',
      };
      lines.push(
        header
          .split(',')
          .map((name) => fields[name])
          .join(','),
      );
    }
  }
  const table = join(directory, 'table.csv');
  writeFileSync(table, `${lines.join('\n')}\n`);
  return table;
}
