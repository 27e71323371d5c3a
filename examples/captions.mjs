/**
 * Pictures with their captions beside what people wrote, as one page of HTML with links to the pictures.
 *
 * Usage: node examples/captions.mjs RUN HELD_BACK.jsonl OUT.html [PICTURES]
 *
 * RUN is a run of `bptt train caption`, HELD_BACK.jsonl lines `{"image": ..., "text": ..., "group": ...}` that it was not trained on.
 * Of each group one picture is shown, ten unless told otherwise, and below it where the model looked for each word.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { predictTask } from 'bptt/tasks';

const [run, file, out, most = '10'] = process.argv.slice(2);
if (run === undefined || file === undefined || out === undefined || !(Number(most) >= 1)) {
  console.error('usage: node examples/captions.mjs RUN HELD_BACK.jsonl OUT.html [PICTURES]');
  process.exit(2);
}

const escaped = (text) =>
  String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const references = new Map();
const firstOfGroup = new Map();
for (const line of readFileSync(file, 'utf8').split('\n')) {
  if (line.trim() === '') continue;
  const { image, text, group = image } = JSON.parse(line);
  const path = resolve(dirname(file), image);
  references.set(path, [...(references.get(path) ?? []), text]);
  if (!firstOfGroup.has(group)) firstOfGroup.set(group, path);
}
const all = [...firstOfGroup.values()];
const count = Math.min(all.length, Number(most));
const shown = Array.from({ length: count }, (_, at) => all[Math.floor((at * all.length) / count)]);

/** The picture, dark where the model did not look. */
function look(source, { word, weights }) {
  const largest = Math.max(...weights.flat());
  const [height, width] = [weights.length, weights[0].length];
  const cells = weights.flatMap((row, y) =>
    row.map((weight, x) => {
      const shade = (0.85 * (1 - weight / largest)).toFixed(2);
      return `<rect x="${x}" y="${y}" width="1" height="1" opacity="${shade}"/>`;
    }),
  );
  const picture = `<image href="${source}" width="${width}" height="${height}" preserveAspectRatio="none"/>`;
  return `<figure><svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none">${picture}${cells.join('')}</svg><figcaption>${escaped(word)}</figcaption></figure>`;
}

/**
 * What the task `caption` predicts of a picture.
 *
 * @typedef {{ text: string, score: number | null, attention?: { word: string, weights: number[] | number[][] }[] }} Caption
 */

const articles = [];
for await (const prediction of predictTask(run, { values: shown })) {
  const { text, score, attention = [] } = /** @type {Caption} */ (prediction);
  const path = shown[articles.length];
  const source = escaped(
    relative(dirname(resolve(out)), path)
      .split('\\')
      .join('/'),
  );
  const people = references.get(path).map((reference) => `<li>${escaped(reference)}</li>`);
  // A grid is a list of rows; features without a grid have a flat list, which cannot be laid over a picture.
  const looks = attention.filter(({ weights }) => Array.isArray(weights[0])).map((word) => look(source, word));
  articles.push(
    [
      `<article><img src="${source}" alt="">`,
      `<p><b>${escaped(text)}</b> (log probability ${score?.toFixed(2) ?? 'none'})</p>`,
      `<ul>${people.join('')}</ul><div>${looks.join('')}</div></article>`,
    ].join('\n'),
  );
}
const style =
  'body{font:16px sans-serif;max-width:60em;margin:2em auto}article{margin:2em 0}div{display:flex;flex-wrap:wrap}figure{margin:2px;font-size:12px;text-align:center}svg{width:140px;height:35px}';
const head = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Captions</title><style>${style}</style>`;
const note = '<p>Bold: the caption that the model found. Below it: what people wrote.</p>';
writeFileSync(out, `${head}<h1>Pictures that were held back</h1>${note}\n${articles.join('\n')}\n</html>\n`);
console.log(`${out}: ${articles.length} pictures`);
