/**
 * The pictures of NLVR (Suhr et al. 2017) with the sentences that are true of them, as JSON lines for `bptt train caption`:
 * `train.jsonl`, and `test.jsonl` with a fifth of the sentences.
 *
 * Usage: node examples/data/nlvr.mjs NLVR/dev OUT [--by identifier]
 *
 * Each line of `dev.json` is a sentence about a scene, of which six pictures show the boxes in other orders: six lines here. The
 * identifier is NUMBER-SCENE, and people wrote a sentence for the four scenes of its number, some of which hold the same items
 * in other places. So the group is the number: no sentence and no scene of it is known to a part that is held back. With
 * `--by identifier` the group is the scene: sentences of a part that is held back are known, beside other scenes.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const [folder, out, flag, by = 'number'] = process.argv.slice(2);
const isKnown = flag === undefined || (flag === '--by' && (by === 'identifier' || by === 'number'));
if (folder === undefined || out === undefined || !isKnown) {
  console.error('usage: node examples/data/nlvr.mjs NLVR/dev OUT [--by identifier]');
  process.exit(2);
}

/** Small letters, and marks of punctuation as words of their own; a full stop at the end says nothing of the picture. */
function wordsOf(sentence) {
  const words = sentence.toLowerCase().match(/[a-z]+(?:'[a-z]+)?|\d+|[.,;:!?]/g) ?? [];
  return words.at(-1) === '.' ? words.slice(0, -1) : words;
}

const groups = new Map();
for (const line of readFileSync(join(folder, 'dev.json'), 'utf8').split('\n')) {
  if (line.trim() === '') continue;
  const { sentence, label, identifier, directory } = JSON.parse(line);
  if (label !== 'true') continue;
  const group = by === 'identifier' ? identifier : identifier.split('-')[0];
  const lines = groups.get(group) ?? [];
  groups.set(group, lines);
  for (let permutation = 0; permutation < 6; permutation++) {
    const picture = join(folder, 'images', directory, `dev-${identifier}-${permutation}.png`);
    if (!existsSync(picture)) throw new Error(`${picture} is not there`);
    lines.push(JSON.stringify({ image: relative(out, picture), text: wordsOf(sentence).join(' '), group }));
  }
}

// The numbers are in no order in the file: every fifth is as good as one drawn by chance, and the same everywhere.
/** @type {{ train: string[], test: string[] }} */
const parts = { train: [], test: [] };
for (const [place, lines] of [...groups.values()].entries()) parts[place % 5 === 4 ? 'test' : 'train'].push(...lines);
mkdirSync(out, { recursive: true });
for (const [name, lines] of Object.entries(parts)) {
  writeFileSync(join(out, `${name}.jsonl`), `${lines.join('\n')}\n`);
  console.log(`${join(out, `${name}.jsonl`)}: ${lines.length} lines`);
}
