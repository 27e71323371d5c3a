/**
 * Steps on ordinary numbers compared with steps on denormal ones: all weights and inputs near 1e-40, which a processor multiplies
 * a hundred times slower unless it is told to take them for zero. One thread. Prints JSON: milliseconds of processor time, medians of
 * the rounds, and the ratio, which should be about 1.
 *
 *   npm run bench -- denormals [--rounds 15]
 */
import { parseArgs } from 'node:util';
import { dense, info, lstm, sequential, sgd } from '../dist/index.js';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' } } });
const [units, features, B, T] = [128, 64, 16, 30];

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** A model and a batch whose numbers have about this size; `scale` 1 leaves them as they are. */
function problem(scale) {
  const model = sequential([lstm({ units, layers: 2 }), dense({ units: features })], { features }).compileSync({
    threads: 1,
    loss: 'meanSquaredError',
    optimizer: sgd({ learningRate: 1e-30 }),
    initializer: 'uniform:0.1',
  });
  for (const { data } of model.parameters.values()) for (let at = 0; at < data.length; at++) data[at] *= scale;
  const rows = () => Float32Array.from({ length: T * B * features }, (_, at) => scale * Math.sin(at));
  const batch = { batchSizes: new Int32Array(T).fill(B), inputs: { input: rows() }, targets: { target: rows() } };
  const example = Array.from({ length: 4 * T }, (_, t) => batch.inputs.input.slice(t * features, (t + 1) * features));
  const stream = model.stream();
  return {
    trainStep: () => model.trainStep(batch),
    trainStepSync: () => model.trainStepSync(batch),
    predict: () => model.predictPacked(batch),
    stream: () => {
      for (const row of example) stream.step(row);
    },
    plainExamples: () => model.predict([example.map((row) => [...row])]),
  };
}

const sides = { ordinary: problem(1), denormal: problem(1e-39) };
const times = {};
for (let round = 0; round <= Number(values.rounds); round++) {
  for (const [side, calls] of Object.entries(sides)) {
    for (const [name, call] of Object.entries(calls)) {
      const begin = process.cpuUsage();
      await call();
      const { user, system } = process.cpuUsage(begin);
      const ms = (user + system) / 1000;
      if (round === 0) continue; // compiles
      times[name] ??= { ordinary: [], denormal: [] };
      times[name][side].push(ms);
    }
  }
}
const result = Object.entries(times).map(([name, { ordinary, denormal }]) => {
  const [usual, tiny] = [median(ordinary), median(denormal)].map((ms) => Number(ms.toFixed(3)));
  return [name, { ordinaryMs: usual, denormalMs: tiny, ratio: Number((tiny / usual).toFixed(2)) }];
});
console.log(JSON.stringify({ isa: info().isa, ...Object.fromEntries(result) }, null, 2));
