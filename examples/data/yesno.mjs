/**
 * A table of transcripts of the data set yesno: 60 recordings of eight words each, whose names are what is said: 1 is yes, 0 is no.
 *
 * usage: node yesno.mjs FOLDER TABLE.csv
 *
 * Every other recording in the order of the names is a test: 30 to train on, 30 to test. All are of one speaker.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const [folder, table] = process.argv.slice(2);
if (folder === undefined || table === undefined) {
  console.error('usage: node yesno.mjs FOLDER TABLE.csv');
  process.exit(2);
}

const names = readdirSync(folder)
  .filter((name) => /^[01](_[01])+\.wav$/.test(name))
  .sort();
if (names.length === 0) {
  console.error(`no recordings such as 1_0_0_1_1_0_0_0.wav in ${folder}`);
  process.exit(1);
}
const rows = names.map((name, at) => {
  const words = name
    .replace('.wav', '')
    .split('_')
    .map((digit) => (digit === '1' ? 'yes' : 'no'));
  const file = relative(dirname(resolve(table)), join(resolve(folder), name));
  return `${file},${words.join(' ')},${at % 2 === 0 ? 'training' : 'test'}`;
});
writeFileSync(table, `file,text,part\n${rows.join('\n')}\n`);
console.log(`${table}: ${names.length} recordings`);
