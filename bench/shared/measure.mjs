/** One case: all sides in new processes, in turns, so that they have the same conditions. */
import { setTimeout as sleep } from 'node:timers/promises';
import { measurePeak } from './ceilings.mjs';
import { machineLoad } from './load.mjs';
import { startPeer } from './peer-process.mjs';
import { median, rounded, statistics } from './statistics.mjs';

const ROUND_MS = 200;
/** A side whose single execution takes longer than this is executed in the first round only. */
const PATIENCE_MS = 10_000;
/** Between two turns: threads of the side before stop waiting for more work. */
const PAUSE_MS = 30;
const MISSING_PYTHON = 'not measured: set BPTT_PYTHON to a Python that has torch';

/** Starts a side, opens its task and checks it: `{ ask, close, opened, times }`, or `{ missing }`, a reason. */
async function openSide({ name, peer, request }, check) {
  const side = startPeer(peer);
  if (side === undefined) return { missing: MISSING_PYTHON };
  try {
    const opened = await side.ask({ op: 'open', ...request });
    if (opened.unsupported === undefined) {
      await check?.(name, opened, side.ask);
      return { ...side, opened, times: [] };
    }
    await side.close();
    return { missing: opened.unsupported };
  } catch (error) {
    await side.close();
    if (peer === 'bptt') throw error;
    process.exitCode = 1;
    return { missing: `FAILED: ${error.message}` };
  }
}

/** Executes a side once or twice to measure how long an execution takes, then for half a round. */
async function warmUp(side) {
  const once = async () => (await side.ask({ op: 'run', repeat: 1 })).ms[0];
  const first = await once();
  const ms = first > PATIENCE_MS ? first : Math.min(first, await once());
  side.rounds = ms > PATIENCE_MS ? 1 : Number.POSITIVE_INFINITY;
  const most = Math.ceil(ROUND_MS / 2 / ms);
  if (most < 2) {
    side.repeat = 1;
    return;
  }
  // Short runs get faster in the warm-up, when their code is compiled: it decides.
  const warm = median((await side.ask({ op: 'run', repeat: most })).ms);
  side.repeat = Math.max(1, Math.round(ROUND_MS / warm));
}

/**
 * All rounds; the order turns with them, so that nobody always follows the same side.
 *
 * @returns the multiply-add peak of so many threads, measured once in every round: a share of it compares with the same machine
 */
async function runRounds(sides, rounds, threads) {
  const names = [...sides.keys()];
  const peaks = [];
  for (let round = 0; round < rounds; round++) {
    await sleep(PAUSE_MS);
    peaks.push(measurePeak(threads));
    for (let turn = 0; turn < names.length; turn++) {
      const side = sides.get(names[(round + turn) % names.length]);
      if (round >= side.rounds) continue;
      await sleep(PAUSE_MS);
      const { ms, ...last } = await side.ask({ op: 'run', repeat: side.repeat });
      side.times.push(median(ms));
      side.last = last;
    }
  }
  return peaks.includes(undefined) ? undefined : rounded(median(peaks));
}

/**
 * Measures a case.
 *
 * @param {object} options
 * @param {{ name: string, peer: string, request: any }[]} options.sides this library first; the request is what opens the side's task
 * @param {number} options.rounds how often each side has its turn; one turn takes about 0.2 s, and counts by its median run
 * @param {(name: string, opened: any, ask: (request: object) => Promise<any>) => unknown} [options.check] called with the name of
 *   a side, its answer to `open`, and `ask`, before anything is timed; it throws when the side computes something else. A peer
 *   that fails is missing from the result with its reason, and the process will end with status 1
 * @returns `{ load, peakGigaflops, sides: { name: { version, medianMs, lowestMs, highestMs, runs, repeat, ... } | { missing } } }`
 */
export async function measureCase({ sides: wanted, rounds, check }) {
  const load = await machineLoad();
  const all = new Map();
  let peakGigaflops;
  try {
    for (const side of wanted) all.set(side.name, await openSide(side, check));
    const present = new Map([...all].filter(([, { missing }]) => missing === undefined));
    for (const side of present.values()) await warmUp(side);
    peakGigaflops = await runRounds(present, rounds, wanted[0].request.threads ?? 1);
  } finally {
    for (const side of all.values()) await side.close?.();
  }
  const figures = [...all].map(([name, { missing, opened, times, repeat, last }]) => {
    if (missing !== undefined) return [name, { missing }];
    const { ok: _, ...facts } = opened;
    return [name, { ...facts, ...statistics(times), repeat, ...last }];
  });
  return { load, peakGigaflops, sides: Object.fromEntries(figures) };
}
