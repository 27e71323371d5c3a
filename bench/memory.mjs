/**
 * Memory of training the 2x512 character LSTM (embedding 128, batch 64, steps 100, 65 symbols): the planned memory
 * compared with the growth of the process, its peak, and its growth over many steps. Prints JSON.
 *
 *   node bench/memory.mjs [--steps 20] [--small]
 *
 * --small shrinks the model so that 1,000 steps take seconds; the question whether memory stays flat is the same.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { adam, dense, embedding, info, lstm, sequential } from '../dist/index.js';

const { values } = parseArgs({
  options: { steps: { type: 'string', default: '20' }, small: { type: 'boolean', default: false } },
});
const [units, B, T] = values.small ? [64, 16, 25] : [512, 64, 100];
const vocabulary = 65;

/** Resident bytes now and at the peak. */
function resident() {
  const status = readFileSync('/proc/self/status', 'utf8');
  const field = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) * 1024;
  return { now: field('VmRSS'), peak: field('VmHWM') };
}

info(); // loads the addon: its size is not the model's
const before = resident().now;
const model = await sequential([
  embedding({ size: vocabulary, units: 128 }),
  lstm({ units, layers: 2 }),
  dense({ units: vocabulary }),
]).compile({ optimizer: adam({ learningRate: 2e-3 }) });
const ids = Int32Array.from({ length: T * B }, (_, e) => (e * 7919) % vocabulary);
const batch = { batchSizes: new Int32Array(T).fill(B), inputs: { input: ids }, targets: { target: ids } };
const state = model.newState(B);
const samples = [];
const steps = Number(values.steps);
for (let step = 1; step <= steps; step++) {
  await model.trainStep(batch, { clipNorm: 5, state });
  if (step === 5 || step === steps) samples.push({ step, residentBytes: resident().now });
}
const { now, peak } = resident();
const [early, late = early] = samples;
console.log(
  JSON.stringify(
    {
      planned: model.memory,
      grownBytes: now - before,
      plannedOverGrown: Number((model.memory.total / (now - before)).toFixed(3)),
      peakResidentBytes: peak,
      samples,
      growthSinceStep5: late.residentBytes - early.residentBytes,
    },
    null,
    2,
  ),
);
