/**
 * Draws what a training came to as an SVG file, from its run directory.
 *
 *   node examples/draw.mjs curve FILE.svg [NAME=]RUN ...      validation loss (or score) by epoch, a line for each run;
 *                                                             --label says what it is
 *   node examples/draw.mjs confusion FILE.svg RUN [DATA]      which classes are taken for which (classify, tag)
 *   node examples/draw.mjs attention FILE.svg RUN TEXT        which words a translation looks at (translate)
 *   node examples/draw.mjs forecast FILE.svg RUN DATA.csv ROW COLUMN    a forecast from a row on, with its band (forecast)
 */
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { readCsv } from 'bptt/data';
import { loadTask, predictTask } from 'bptt/tasks';
import { forecastBand, heatMap, learningCurve } from './charts/charts.mjs';

const DRAWINGS = { curve, confusion, attention, forecast };

/** The records of a run that say how well it did, one for each validation. */
async function validationsOf(run) {
  const lines = (await readFile(join(run, 'metrics.jsonl'), 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line)).filter(({ kind }) => kind === 'validation');
}

async function curve(...runs) {
  const series = [];
  let label = 'validation loss';
  for (const given of runs) {
    const [name, run] = given.includes('=') ? given.split('=', 2) : [basename(given), given];
    const validations = await validationsOf(run);
    if (validations.length === 0) throw new Error(`${run} has no validation`);
    const hasScore = validations.every(({ score }) => score !== undefined);
    if (hasScore) label = 'validation score';
    series.push({
      name,
      x: validations.map(({ epoch }) => epoch),
      y: validations.map(({ score, loss }) => (hasScore ? score : loss)),
    });
  }
  const yLabel = values.label ?? label;
  return learningCurve(series, { title: `${yLabel} by epoch`, xLabel: 'epoch', yLabel });
}

async function confusion(run, data) {
  const trained = await loadTask(run);
  if (trained.task !== 'classify' && trained.task !== 'tag') throw new Error(`'${run}' has no classes`);
  const { metrics, part } = await trained.evaluate(data);
  const classes = [...trained.saved.classes];
  trained.dispose();
  const shares = /** @type {number[][]} */ (metrics.confusion).map((row) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.map((count) => (total === 0 ? 0 : (100 * count) / total));
  });
  return heatMap(
    shares,
    { rows: classes, columns: classes },
    {
      title: `Per cent of each class, ${part} part`,
      rowLabel: 'class',
      columnLabel: 'taken for',
      numbers: (value) => (value < 0.5 ? '' : value.toFixed(0)),
    },
  );
}

/**
 * What the task `translate` predicts of a text.
 *
 * @typedef {{ text: string, attention: { weights: number[][], target: string[], source: string[] } }} Translation
 */

async function attention(run, text) {
  for await (const prediction of predictTask(run, { values: [text] })) {
    const { text: translation, attention: map } = /** @type {Translation} */ (prediction);
    return heatMap(
      map.weights,
      { rows: map.target, columns: map.source },
      { title: translation, rowLabel: 'translation', columnLabel: 'source' },
    );
  }
  throw new Error(`${run} translates nothing`);
}

async function forecast(run, file, row, column) {
  const { model, options } = await loadTask(run, { task: 'forecast' });
  model.dispose();
  const { columns, covariates, history, horizon, quantiles } = options;
  const names = [columns, covariates].filter((list) => list !== undefined).flatMap((list) => list.split(','));
  const { values: numbers, rows } = await readCsv(file, { columns: names });
  const first = Number(row) - history;
  if (!(first >= 0 && Number(row) + horizon <= rows)) throw new Error(`row ${row} has no ${history} rows before it`);
  const table = Array.from({ length: history + horizon }, (_, at) =>
    Array.from(numbers.subarray((first + at) * names.length, (first + at + 1) * names.length)),
  );
  const place = names.indexOf(column);
  const series = table.map((row) => row[place]);
  for await (const prediction of predictTask(run, { values: [JSON.stringify(table.slice(0, history))] })) {
    const quantilesOf = /** @type {Record<string, Record<string, number[]>>} */ (prediction.quantiles);
    const bands = quantilesOf[column];
    const levels = String(quantiles).split(',');
    const [low, high] = [levels[0], levels[levels.length - 1]];
    return forecastBand(
      {
        history: series.slice(-horizon * 2 - horizon, -horizon),
        actual: series.slice(history),
        median: /** @type {number[]} */ (prediction[column]),
        lower: bands[low],
        upper: bands[high],
      },
      {
        title: `${column}, ${horizon} steps ahead`,
        xLabel: 'step',
        yLabel: column,
        band: `${100 * Number(low)} % to ${100 * Number(high)} %`,
      },
    );
  }
  throw new Error(`${run} forecasts nothing`);
}

const { positionals, values } = parseArgs({ allowPositionals: true, options: { label: { type: 'string' } } });
const [kind, file, ...given] = positionals;
if (!Object.hasOwn(DRAWINGS, kind) || file === undefined || given.length === 0) {
  process.stderr.write('usage: node examples/draw.mjs curve|confusion|attention|forecast FILE.svg RUN ...\n');
  process.exit(2);
}
await writeFile(file, await DRAWINGS[kind](...given));
