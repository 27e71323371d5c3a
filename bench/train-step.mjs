/**
 * A training step of the 2x512 character model here and in PyTorch, interleaved: a few steps here, a few steps there, and
 * again, so that both meet the same machine. Prints medians, spread and the ratio as JSON.
 *
 *   node bench/train-step.mjs [--cell lstm|gru|rnn] [--threads 1] [--units 512] [--layers 2] [--embedding 128]
 *        [--batch 64] [--steps 100] [--rounds 5] [--repeat 3]
 *
 * BPTT_PYTHON names a Python that has torch; without it only this library is measured, and the result says so.
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { adam, dense, embedding, gru, info, lstm, rnn, sequential } from '../dist/index.js';
import { startPytorch } from './shared/pytorch-process.mjs';
import { statistics } from './shared/statistics.mjs';

const { values } = parseArgs({
  options: {
    cell: { type: 'string', default: 'lstm' },
    threads: { type: 'string', default: '1' },
    units: { type: 'string', default: '512' },
    layers: { type: 'string', default: '2' },
    embedding: { type: 'string', default: '128' },
    vocabulary: { type: 'string', default: '65' },
    batch: { type: 'string', default: '64' },
    steps: { type: 'string', default: '100' },
    rounds: { type: 'string', default: '5' },
    repeat: { type: 'string', default: '3' },
  },
});
const { cell } = values;
const number = (name) => Number(values[name]);
const problem = Object.fromEntries(
  ['vocabulary', 'embedding', 'units', 'layers', 'batch', 'steps', 'threads'].map((name) => [name, number(name)]),
);

/** This library: a function that does `repeat` training steps and gives the milliseconds of each. */
async function openBptt() {
  const { vocabulary, embedding: width, units, layers, batch: B, steps: T, threads } = problem;
  const model = await sequential([
    embedding({ size: vocabulary, units: width }),
    { lstm, gru, rnn }[cell]({ units, layers }),
    dense({ units: vocabulary }),
  ]).compile({ optimizer: adam({ learningRate: 2e-3 }), threads });
  let seed = 1;
  const draw = () =>
    Int32Array.from({ length: T * B }, () => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return seed % vocabulary;
    });
  const batch = { batchSizes: new Int32Array(T).fill(B), inputs: { input: draw() }, targets: { target: draw() } };
  const state = model.newState(B);
  return {
    async train(repeat) {
      const ms = [];
      for (let k = 0; k < repeat; k++) {
        const start = performance.now();
        await model.trainStep(batch, { clipNorm: 5, state });
        ms.push(performance.now() - start);
      }
      return ms;
    },
    // Adam's multiplications with the weights: 6 operations per weight and step, embedding table and biases apart.
    operations:
      6 *
      B *
      T *
      [...model.parameters.values()].reduce(
        (n, { name, shape, data }) => n + (shape.length === 2 && !name.startsWith('embedding') ? data.length : 0),
        0,
      ),
    memory: model.memory,
  };
}

/** The same for PyTorch, in a process of its own; undefined when there is no Python with torch. */
async function openPytorch() {
  const pytorch = startPytorch();
  if (pytorch === undefined) return undefined;
  const { ask } = pytorch;
  const { torch } = await ask({
    op: 'setup',
    model: 'charlm',
    cell,
    ...problem,
    optimizer: 'adam',
    learningRate: 2e-3,
    clipNorm: 5,
  });
  let rssBytes = 0;
  return {
    torch,
    async train(repeat) {
      const answer = await ask({ op: 'train', repeat });
      rssBytes = answer.rssBytes;
      return answer.ms;
    },
    rss: () => rssBytes,
    close: pytorch.close,
  };
}

const ours = await openBptt();
const theirs = await openPytorch();
await ours.train(2);
await theirs?.train(2);
const times = { bptt: [], pytorch: [] };
for (let round = 0; round < number('rounds'); round++) {
  times.bptt.push(...(await ours.train(number('repeat'))));
  if (theirs !== undefined) times.pytorch.push(...(await theirs.train(number('repeat'))));
}
const bptt = statistics(times.bptt);
const result = {
  cell,
  ...problem,
  isa: info().isa,
  bptt: {
    ...bptt,
    gigaflops: Number((ours.operations / bptt.medianMs / 1e6).toFixed(1)),
    tokensPerSecond: Math.round((problem.batch * problem.steps * 1000) / bptt.medianMs),
    peakResidentBytes: process.resourceUsage().maxRSS * 1024,
    plannedBytes: ours.memory.total,
  },
  pytorch: 'not measured: set BPTT_PYTHON to a Python that has torch',
  load: loadavg()[0],
};
if (theirs !== undefined) {
  const pytorch = statistics(times.pytorch);
  result.pytorch = { version: theirs.torch, ...pytorch, peakResidentBytes: theirs.rss() };
  result.timesFaster = Number((pytorch.medianMs / bptt.medianMs).toFixed(2));
  theirs.close();
}
console.log(JSON.stringify(result, null, 2));
