/**
 * A model in bf16 beside the same one in float32: predictions, training steps and steps of a stream. Both take turns in every round.
 * Prints a Markdown table: the lowest and the median time of either, how many times as fast bf16 is, and how far its outputs are
 * from those of float32 (root mean square, relative).
 *
 *   npm run bench -- precision [--cell lstm,gru,rnn] [--units 64,256,1024] [--threads 1] [--rounds 9]
 */
import { parseArgs } from 'node:util';
import { dense, gru, info, lstm, rnn, sequential } from '../dist/index.js';

const CELLS = { lstm, gru, rnn };
const { values } = parseArgs({
  options: {
    cell: { type: 'string', default: 'lstm,gru' },
    units: { type: 'string', default: '64,256,1024' },
    threads: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '9' },
  },
});
const PRECISIONS = /** @type {const} */ (['float32', 'bf16']);
const [sequences, outputs] = [20, 16];
const cells = values.cell.split(',');
const wrong = cells.find((name) => !(name in CELLS));
if (wrong !== undefined)
  throw new Error(`--cell ${wrong} is unknown, expected some of ${Object.keys(CELLS).join(', ')}`);

function wholeNumber(option, text) {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new Error(`--${option} ${text}, expected a whole number from 1`);
}

const rounds = wholeNumber('rounds', values.rounds);
const threads = wholeNumber('threads', values.threads);
const numbers = (count, seed) => Float32Array.from({ length: count }, (_, at) => Math.sin(seed + 12.9898 * at));
const median = (times) => [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)];

/** Root mean square of the difference, relative to that of the expected numbers. */
function distance(actual, expected) {
  const difference = actual.flatMap((row, at) => [...row].map((value, column) => value - expected[at][column]));
  return Math.hypot(...difference) / Math.hypot(...expected.flatMap((row) => [...row]));
}

async function measure(cell, units) {
  const features = Math.max(8, units >> 1);
  const steps = units >= 1024 ? 10 : 35;
  const inputs = Array.from({ length: sequences }, (_, b) => numbers(features * steps, b));
  const targets = inputs.map((_, b) => numbers(outputs * steps, 100 + b));
  const row = numbers(features, 7);
  const singles = Math.max(20, Math.round(2e7 / (units * units * 4)));
  const layers = () => [CELLS[cell]({ units }), dense({ units: outputs })];
  const models = {};
  for (const precision of PRECISIONS) {
    models[precision] = await sequential(layers(), { features }).compile({
      loss: 'meanSquaredError',
      precision,
      threads,
    });
  }
  const error = distance(await models.bf16.predict(inputs), await models.float32.predict(inputs));
  const streams = { float32: models.float32.stream(), bf16: models.bf16.stream() };
  const kinds = {
    prediction: (precision) => models[precision].predictSync(inputs),
    'training step': (precision) => models[precision].trainStepSync({ inputs, targets }),
    'step of a stream': (precision) => {
      for (let step = 0; step < singles; step++) streams[precision].step(row);
    },
  };
  for (const [kind, call] of Object.entries(kinds)) {
    /** @type {Record<string, number[]>} */
    const times = { float32: [], bf16: [] };
    for (let round = 0; round <= rounds; round++) {
      for (const precision of PRECISIONS) {
        const begin = process.hrtime.bigint();
        call(precision);
        const us = Number(process.hrtime.bigint() - begin) / 1e3 / (kind === 'step of a stream' ? singles : 1);
        if (round > 0) times[precision].push(us); // the first one compiles
      }
    }
    const show = (precision) => `${Math.min(...times[precision]).toFixed(1)} (${median(times[precision]).toFixed(1)})`;
    const ratio = (of) => (of(times.float32) / of(times.bf16)).toFixed(2);
    const lowest = ratio((all) => Math.min(...all));
    const cellsOfRow = [`${cell} ${units}, ${kind}`, show('float32'), show('bf16'), `${lowest} (${ratio(median)})`];
    console.log(`| ${[...cellsOfRow, `${(100 * error).toFixed(2)} %`].join(' | ')} |`);
  }
  for (const model of Object.values(models)) model.dispose();
}

console.log(
  `${info().isa}, ${threads === 1 ? '1 thread' : `${threads} threads`}, ${sequences} sequences; microseconds, lowest (median) of ${rounds} rounds`,
);
console.log('\n| | float32 | bf16 | times as fast | error |\n|---|---|---|---|---|');
for (const cell of cells) for (const units of values.units.split(',')) await measure(cell, wholeNumber('units', units));
