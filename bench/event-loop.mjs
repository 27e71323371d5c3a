/**
 * How late a 5 ms timer is while training steps run on all threads but one, and for comparison while nothing runs.
 * Prints percentiles as JSON; every interval between two ticks minus 5 ms is one sample.
 *
 *   node bench/event-loop.mjs [--seconds 10] [--threads N] [--units 512] [--batch 64] [--steps 100]
 *
 * Threads default to all processors but one, which is left to the event loop. A step should take more than 200 ms.
 */
import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { adam, dense, embedding, info, lstm, sequential } from '../dist/index.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    threads: { type: 'string', default: String(Math.max(1, availableParallelism() - 1)) },
    units: { type: 'string', default: '512' },
    batch: { type: 'string', default: '64' },
    steps: { type: 'string', default: '100' },
  },
});
const [seconds, threads, units, B, T] = ['seconds', 'threads', 'units', 'batch', 'steps'].map((name) =>
  Number(values[name]),
);
const PERIOD_MS = 5;
const vocabulary = 65;

/** Calls `during` and returns the lateness of every tick of a timer in the meantime. */
async function latenessWhile(during) {
  const late = [];
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    late.push(Math.max(0, now - last - PERIOD_MS));
    last = now;
  }, PERIOD_MS);
  await during();
  clearInterval(timer);
  late.sort((a, b) => a - b);
  const at = (share) => Number((late[Math.min(late.length - 1, Math.floor(share * late.length))] ?? 0).toFixed(3));
  return {
    samples: late.length,
    medianMs: at(0.5),
    p95Ms: at(0.95),
    p99Ms: at(0.99),
    p999Ms: at(0.999),
    worstMs: at(1),
  };
}

const model = await sequential([
  embedding({ size: vocabulary, units: 128 }),
  lstm({ units, layers: 2 }),
  dense({ units: vocabulary }),
]).compile({ optimizer: adam({ learningRate: 2e-3 }), threads });
const ids = Int32Array.from({ length: T * B }, (_, e) => (e * 7919) % vocabulary);
const batch = { batchSizes: new Int32Array(T).fill(B), inputs: { input: ids }, targets: { target: ids } };
const state = model.newState(B);
await model.trainStep(batch, { clipNorm: 5, state }); // plans and warms up

const idle = await latenessWhile(() => sleep(2000));
const stepMs = [];
const training = await latenessWhile(async () => {
  const end = performance.now() + 1000 * seconds;
  while (performance.now() < end) {
    const begin = performance.now();
    await model.trainStep(batch, { clipNorm: 5, state });
    stepMs.push(performance.now() - begin);
  }
});
stepMs.sort((a, b) => a - b);
console.log(
  JSON.stringify(
    {
      processors: availableParallelism(),
      threads,
      isa: info().isa,
      loadAverage: Number(loadavg()[0].toFixed(2)),
      stepMedianMs: Number(stepMs[Math.floor(stepMs.length / 2)].toFixed(1)),
      trainingSteps: stepMs.length,
      timerPeriodMs: PERIOD_MS,
      idle,
      training,
    },
    null,
    2,
  ),
);
