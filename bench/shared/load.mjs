/** Checks whether other programs use the machine, before each case, when none of its sides computes. */
import { cpus, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { rounded } from './statistics.mjs';

const WATCH_MS = 250;
const SPIN_MS = 40;
/**
 * Processors in use by other programs, and slowness of a loop relative to the fastest one seen, above which a machine
 * is busy.
 */
const MOST_PROCESSORS = 0.15;
const MOST_SLOWNESS = 1.15;
/** A machine that is busy may be quiet a moment later. */
const MOST_TRIES = 5;
const PATIENCE_MS = 1000;

let fastest = 0;

/** Milliseconds since the system started that all processors together spent on work, and on anything. */
function processorTimes() {
  const all = cpus().map(({ times }) => times);
  const total = all.reduce((sum, times) => sum + Object.values(times).reduce((a, b) => a + b), 0);
  return { total, used: total - all.reduce((sum, { idle }) => sum + idle, 0), count: all.length };
}

/** Turns of a loop in a millisecond. */
function spin() {
  const start = performance.now();
  let turns = 0;
  let value = 1;
  for (; performance.now() - start < SPIN_MS; turns++) for (let k = 0; k < 1000; k++) value = Math.imul(value, 48271);
  return value === 0 ? 0 : turns / (performance.now() - start);
}

/** `{ busy, processors, slowness, loadAverage }`: processors that others use, and how much slower a loop is than at best. */
async function loadNow() {
  const before = processorTimes();
  await sleep(WATCH_MS);
  const after = processorTimes();
  const share = (after.used - before.used) / Math.max(1, after.total - before.total);
  const processors = rounded(share * after.count);
  const turns = spin();
  fastest = Math.max(fastest, turns);
  const slowness = rounded(fastest / turns);
  const busy = processors > MOST_PROCESSORS || slowness > MOST_SLOWNESS;
  return { busy, processors, slowness, loadAverage: rounded(loadavg()[0]) };
}

/** The load as soon as the machine is quiet, or after some tries the load at that time. */
export async function machineLoad() {
  let load = await loadNow();
  for (let tries = 1; load.busy && tries < MOST_TRIES; tries++) {
    await sleep(PATIENCE_MS);
    load = await loadNow();
  }
  return load;
}
