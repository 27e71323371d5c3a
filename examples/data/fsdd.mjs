/**
 * A table of transcripts of the Free Spoken Digit Dataset: `digit_speaker_index.wav`.
 *
 * usage: node fsdd.mjs FOLDER TABLE.csv [--hold-out SPEAKER]
 *
 * The text of a clip is its digit as a word, zero..nine: with `--symbols words` a label is a digit and the word error rate counts
 * digits. The official test part are the clips with index 0-4 of every digit and speaker; with `--hold-out` it is all of one
 * speaker, and nothing else of the data set is left out of training.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const DIGITS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];
const OFFICIAL_TEST = 5;

const [folder, table, flag, heldOut] = process.argv.slice(2);
if (
  folder === undefined ||
  table === undefined ||
  (flag !== undefined && (flag !== '--hold-out' || heldOut === undefined))
) {
  console.error('usage: node fsdd.mjs FOLDER TABLE.csv [--hold-out SPEAKER]');
  process.exit(2);
}

const clips = readdirSync(folder)
  .flatMap((name) => {
    const match = /^(\d)_([a-z]+)_(\d+)\.wav$/.exec(name);
    if (match === null) return [];
    const [, digit, speaker, index] = match;
    return [{ name, digit: Number(digit), speaker, index: Number(index) }];
  })
  .sort(
    (a, b) => a.digit - b.digit || (a.speaker < b.speaker ? -1 : Number(a.speaker > b.speaker)) || a.index - b.index,
  );
const speakers = [...new Set(clips.map(({ speaker }) => speaker))];
if (clips.length === 0 || (heldOut !== undefined && !speakers.includes(heldOut))) {
  console.error(
    `no clips${heldOut === undefined ? '' : ` of ${heldOut}`} in ${folder}; speakers: ${speakers.join(', ')}`,
  );
  process.exit(1);
}

const isTest = ({ speaker, index }) => (heldOut === undefined ? index < OFFICIAL_TEST : speaker === heldOut);
const rows = clips.map((clip) => {
  const file = relative(dirname(resolve(table)), join(resolve(folder), clip.name));
  return `${file},${DIGITS[clip.digit]},${clip.speaker},${isTest(clip) ? 'test' : 'training'}`;
});
writeFileSync(table, `file,text,speaker,part\n${rows.join('\n')}\n`);
const tests = clips.filter(isTest).length;
console.log(`${table}: ${clips.length - tests} clips to train on, ${tests} to test, ${speakers.length} speakers`);
