/**
 * Streams and predictions beside training, in one process: how long each call takes, and how late the event loop, files and
 * names are meanwhile. Prints JSON.
 *
 *   npm run bench -- serve [--seconds 3] [--threads N] [--units 512] [--streams 100]
 *
 * - `sameModel`: calls of a model while it is trained, one at a time, and the same calls while nothing else works.
 * - `costs`: `update` is how long a synchronous call of a model waits that comes while clipping and the optimizer write the weights,
 *   at most, in each of some training steps. `copy` is what a copy of the weights before each step would cost instead.
 * - `otherModel`: calls of one model while another one is trained.
 * - `streams`: many streams of one model, each one step after the other: synchronous, and in turns, computed together.
 * - `process`: one model trains and three serve all streams and predictions; lateness of the event loop (`monitorEventLoopDelay`,
 *   of 1 ms), of a file that is read and of a name that is looked up, compared with an idle process.
 *
 * Threads are those of training, by default all processors but one; models that serve work on one.
 */
import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as nextTask, setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { adam, dense, embedding, info, lstm, sequential } from '../dist/index.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    threads: { type: 'string', default: String(Math.max(1, availableParallelism() - 1)) },
    units: { type: 'string', default: '512' },
    streams: { type: 'string', default: '100' },
  },
});
const [seconds, threads, units, streamCount] = ['seconds', 'threads', 'units', 'streams'].map((name) =>
  Number(values[name]),
);
const vocabulary = 65;
const T = 50;
const B = 32;

function modelOf(width, count) {
  const layers = [
    embedding({ size: vocabulary, units: 64 }),
    lstm({ units: width, layers: 2 }),
    dense({ units: vocabulary }),
  ];
  return sequential(layers).compileSync({ optimizer: adam(), threads: count });
}

const ids = Int32Array.from({ length: T * B }, (_, e) => (e * 7919) % vocabulary);
const batch = { batchSizes: new Int32Array(T).fill(B), inputs: { input: ids }, targets: { target: ids } };
const text = [Array.from({ length: 20 }, (_, at) => (at * 31) % vocabulary)];

const rounded = (value, digits = 3) => Number(value.toFixed(digits));

/** Median, 99th percentile and largest of times in milliseconds. */
function times(list) {
  const sorted = [...list].sort((a, b) => a - b);
  const at = (share) => rounded(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
  return { calls: sorted.length, medianMs: at(0.5), p99Ms: at(0.99), worstMs: at(1) };
}

async function timeOf(call) {
  const begin = performance.now();
  await call();
  return performance.now() - begin;
}

/** Calls one after the other for a time, with a pause between two of them. */
async function repeated(call, pauseMs = 2, duration = seconds) {
  const list = [];
  const end = performance.now() + 1000 * duration;
  while (performance.now() < end) {
    list.push(await timeOf(call));
    await sleep(pauseMs);
  }
  return times(list);
}

/** Trains a model as long as an action takes. */
async function whileTraining(model, action) {
  let isOver = false;
  const steps = [];
  const training = (async () => {
    while (!isOver) steps.push(await timeOf(() => model.trainStep(batch, { clipNorm: 5 })));
  })();
  const result = await action();
  isOver = true;
  await training;
  return { trainingSteps: times(steps), ...result };
}

function callsOf(model) {
  const [stream, turns] = [model.stream(), model.stream()];
  return {
    step: () => stream.step(7),
    predictSync: () => model.predictSync(text),
    stepAsync: () => turns.stepAsync(7),
    predict: () => model.predict(text),
  };
}

async function callTimes(model) {
  const result = {};
  for (const [name, call] of Object.entries(callsOf(model))) {
    await call(); // plans and warms up
    result[name] = await repeated(call);
  }
  return result;
}

/** How long the update of a training step holds the lock of the weights: the longest wait for it. */
async function updateTime(model) {
  const { lock } = model.blocks; // not public
  const waits = [];
  for (let round = 0; round < 5; round++) {
    let worst = 0;
    let isOver = false;
    const step = model.trainStep(batch, { clipNorm: 5 }).then(() => {
      isOver = true;
    });
    while (!isOver) {
      for (let turn = 0; turn < 100; turn++) {
        const begin = performance.now();
        lock.enter();
        lock.leave();
        worst = Math.max(worst, performance.now() - begin);
      }
      await nextTask();
    }
    await step;
    waits.push(worst);
  }
  return times(waits);
}

/** What the rule costs. */
async function costs(model) {
  const weights = [...model.parameters.values()].map(({ data }) => data);
  const copies = weights.map((data) => new Float32Array(data.length));
  const copying = [];
  for (let round = 0; round < 7; round++) {
    copying.push(await timeOf(() => copies.forEach((copy, at) => void copy.set(weights[at]))));
  }
  return {
    weights: model.parameterCount,
    update: await updateTime(model),
    copy: { medianMs: times(copying).medianMs, bytes: 4 * model.parameterCount },
    snapshotMs: rounded(await timeOf(async () => (await model.snapshot()).dispose())),
  };
}

/** Many streams, each one step after the other; steps in a second, and the lateness of the event loop. */
async function streaming(model, step) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let steps = 0;
  let isOver = false;
  delay.enable();
  const all = Array.from({ length: streamCount }, async () => {
    const stream = model.stream();
    while (!isOver) {
      await step(stream);
      steps++;
    }
  });
  const begin = performance.now();
  await sleep(1000 * seconds);
  isOver = true;
  await Promise.all(all);
  delay.disable();
  return { stepsPerSecond: Math.round((1000 * steps) / (performance.now() - begin)), ...lateness(delay) };
}

const lateness = (delay) => ({
  eventLoop: {
    medianMs: rounded(delay.percentile(50) / 1e6),
    p99Ms: rounded(delay.percentile(99) / 1e6),
    worstMs: rounded(delay.max / 1e6),
  },
});

/** How late the event loop, files and names are during an action. */
async function outside(action) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const file = new URL(import.meta.url);
  delay.enable();
  const [files, names, result] = await Promise.all([
    repeated(() => readFile(file), 10),
    repeated(() => lookup('localhost'), 10),
    action(),
  ]);
  delay.disable();
  return { ...lateness(delay), readFile: files, lookup: names, ...result };
}

/** One model trains, three serve streams, which wait 20 ms between two steps, and predictions. */
function serving(trained, others) {
  return whileTraining(trained, async () => {
    let isOver = false;
    const [steps, predictions] = [[], []];
    const loop = async (list, call, pauseMs) => {
      while (!isOver) {
        list.push(await timeOf(call));
        await sleep(pauseMs);
      }
    };
    const all = Array.from({ length: streamCount }, (_, at) => {
      const stream = others[at % others.length].stream();
      return loop(steps, () => stream.stepAsync(at % vocabulary), 20);
    });
    for (const model of others) all.push(loop(predictions, () => model.predict(text), 5));
    await sleep(1000 * seconds);
    isOver = true;
    await Promise.all(all);
    return { stepAsync: times(steps), predict: times(predictions) };
  });
}

const trained = modelOf(units, threads);
const others = [0, 1, 2].map(() => modelOf(Math.max(1, units >> 2), 1));
await trained.trainStep(batch, { clipNorm: 5 });
const [first] = others;

const alone = await callTimes(trained);
const beside = await whileTraining(trained, async () => ({ calls: await callTimes(trained) }));
const besideOther = await whileTraining(trained, async () => ({ calls: await callTimes(first) }));
const oneByOne = await streaming(first, async (stream) => {
  stream.step(7);
  await nextTask();
});
const together = await streaming(first, (stream) => stream.stepAsync(7));
const idle = await outside(async () => ({}));
const busy = await outside(() => serving(trained, others));

console.log(
  JSON.stringify(
    {
      processor: cpus()[0]?.model,
      processors: availableParallelism(),
      threads,
      isa: info().isa,
      loadAverage: rounded(loadavg()[0], 2),
      costs: await costs(trained),
      sameModel: { alone, beside },
      otherModel: { alone: await callTimes(first), beside: besideOther },
      streams: { streams: streamCount, step: oneByOne, stepAsync: together },
      process: { models: 1 + others.length, streams: streamCount, idle, busy },
    },
    null,
    2,
  ),
);
