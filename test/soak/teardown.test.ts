/** Processes and worker threads that end in the middle of something, many times over: `npm run soak -- teardown`. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { soakRepeats, soakSeed, soakTimeout } from './soak-settings.js';

const program = fileURLToPath(new URL('teardown-program.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bptt-teardown-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ACTIVITIES = ['step', 'synchronousStep', 'prediction', 'streams', 'decoding', 'task'] as const;
/** A process that takes longer hangs. */
const HANG_MS = 120_000;

interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a process should end. `COUNT` in its output is the number of endings; part of standard error is enough. */
interface Ending extends Ended {
  /** Sent to it when its activity has begun, after the delay. */
  readonly kill?: NodeJS.Signals;
  /** Endings that one process goes through; missing: one. */
  readonly rounds?: number;
}
const quiet = { signal: null, stderr: '' } as const;
const survived: Ending = { ...quiet, status: 0, stdout: 'survived COUNT\n', rounds: 10 };
const exited: Ending = { ...quiet, status: 7, stdout: '' };
const failed: Ending = { signal: null, status: 1, stdout: '', stderr: 'Error: stopped on purpose' };

/** By the name of the ending, as the program knows it. */
const ENDINGS: Readonly<Record<string, Ending>> = {
  exit: exited,
  throw: failed,
  'throw-in-microtask': failed,
  'throw-in-callback': failed,
  'survived-throw': survived,
  abort: survived,
  signal: { ...quiet, status: null, signal: 'SIGTERM', stdout: 'begun\n', kill: 'SIGTERM' },
  'signal-handler': { ...exited, stdout: 'begun\n', kill: 'SIGTERM' },
  'signal-abort': { ...survived, stdout: `begun\n${survived.stdout}`, kill: 'SIGINT', rounds: 1 },
  'worker-terminate': survived,
  'worker-throw': survived,
  'worker-exit': survived,
  'worker-end': survived,
  'exit-beside-worker': exited,
};

/** Runs the program once. */
function run(
  ending: string,
  activity: string,
  delays: readonly number[],
): Promise<Ended & { readonly hangs: boolean }> {
  const kill = ENDINGS[ending]?.kill;
  const options = [program, ending, activity, delays.join(','), mkdtempSync(join(folder, 'run-'))];
  const child = spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr, hangs] = ['', '', false];
  const watch = setTimeout(() => {
    hangs = true;
    child.kill('SIGKILL');
  }, HANG_MS);
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (stdout === '' && kill !== undefined) setTimeout(() => child.kill(kill), delays[0]);
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      clearTimeout(watch);
      resolve({ status, signal, stdout, stderr, hangs });
    });
  });
}

function isAsExpected(expected: Ending, count: number, ended: Awaited<ReturnType<typeof run>>): boolean {
  const { status, signal, stdout, stderr, hangs } = ended;
  const says = expected.stderr === '' ? stderr === '' : stderr.includes(expected.stderr);
  const wrote = expected.stdout.replace('COUNT', String(count));
  return !hangs && status === expected.status && signal === expected.signal && stdout === wrote && says;
}

describe('the middle of an activity', () => {
  it.each(Object.keys(ENDINGS))(
    `is a good moment for %s, ${soakRepeats} times`,
    async (ending) => {
      const expected = ENDINGS[ending] as Ending;
      const random = new Random(soakSeed, ending);
      let turn = random.integer(ACTIVITIES.length);
      const wrong: unknown[] = [];
      for (let done = 0; done < soakRepeats; ) {
        const activity = ACTIVITIES[turn++ % ACTIVITIES.length] as string;
        const count = Math.min(soakRepeats - done, expected.rounds ?? 1);
        const delays = Array.from({ length: count }, () => 40 * random.uniform() ** 2);
        const ended = await run(ending, activity, delays);
        if (!isAsExpected(expected, count, ended)) wrong.push({ done, activity, delays, ...ended });
        done += count;
      }
      expect({ count: wrong.length, wrong: wrong.slice(0, 5) }).toEqual({ count: 0, wrong: [] });
    },
    soakTimeout(HANG_MS),
  );
});
