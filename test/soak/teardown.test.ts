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

interface Ending {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  /** Part of standard error; empty: nothing is written there. */
  readonly stderr: string;
}
const quiet = { signal: null, stderr: '' } as const;
const survived: Ending = { ...quiet, status: 0, stdout: '{"survived":true}\n' };
const exited: Ending = { ...quiet, status: 7, stdout: '' };
const failed: Ending = { signal: null, status: 1, stdout: '', stderr: 'Error: stopped on purpose' };

/** By the name of the ending, as the program knows it. */
const ENDINGS: Readonly<Record<string, Ending & { readonly kill?: NodeJS.Signals }>> = {
  exit: exited,
  throw: failed,
  'throw-in-microtask': failed,
  'throw-in-callback': failed,
  'survived-throw': survived,
  abort: survived,
  signal: { ...quiet, status: null, signal: 'SIGTERM', stdout: 'begun\n', kill: 'SIGTERM' },
  'signal-handler': { ...exited, stdout: 'begun\n', kill: 'SIGTERM' },
  'signal-abort': { ...survived, stdout: `begun\n${survived.stdout}`, kill: 'SIGINT' },
  'worker-terminate': survived,
  'worker-throw': survived,
  'worker-exit': survived,
  'worker-end': survived,
  'exit-beside-worker': exited,
};

/** Runs the program once; `kill` is sent after the delay, counted from the beginning of the activity. */
function run(ending: string, activity: string, delay: number): Promise<Ending & { readonly hangs: boolean }> {
  const kill = ENDINGS[ending]?.kill;
  const child = spawn(process.execPath, [program, ending, activity, String(delay), mkdtempSync(join(folder, 'run-'))], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr, hangs] = ['', '', false];
  const watch = setTimeout(() => {
    hangs = true;
    child.kill('SIGKILL');
  }, HANG_MS);
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (stdout === '' && kill !== undefined) setTimeout(() => child.kill(kill), delay);
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

const isAsExpected = (ending: string, { status, signal, stdout, stderr, hangs }: Awaited<ReturnType<typeof run>>) => {
  const expected = ENDINGS[ending] as Ending;
  const says = expected.stderr === '' ? stderr === '' : stderr.includes(expected.stderr);
  return !hangs && status === expected.status && signal === expected.signal && stdout === expected.stdout && says;
};

describe('the middle of an activity', () => {
  it.each(Object.keys(ENDINGS))(
    `is a good moment for %s, ${soakRepeats} times`,
    async (ending) => {
      const random = new Random(soakSeed, ending);
      const first = random.integer(ACTIVITIES.length);
      const wrong: unknown[] = [];
      for (let time = 0; time < soakRepeats; time++) {
        const activity = ACTIVITIES[(first + time) % ACTIVITIES.length] as string;
        const delay = 40 * random.uniform() ** 2;
        const ended = await run(ending, activity, delay);
        if (!isAsExpected(ending, ended)) wrong.push({ time, activity, delay, ...ended });
      }
      expect({ count: wrong.length, wrong: wrong.slice(0, 5) }).toEqual({ count: 0, wrong: [] });
    },
    soakTimeout(HANG_MS),
  );
});
