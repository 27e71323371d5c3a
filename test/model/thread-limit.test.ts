import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { expect, it } from 'vitest';
import { projectRoot } from '../architecture/project-files.js';

/** A process that trains and predicts on two threads, and says of each call how it ended. */
const WORK = `
const { dense, lstm, sequential } = await import(process.argv[1]);
const model = sequential([lstm({ units: 96 }), dense({ units: 1 })], { features: 2 }).compileSync({ loss: 'meanSquaredError', threads: 2 });
const batch = { batchSizes: new Int32Array(20).fill(16), inputs: { input: new Float32Array(640) }, targets: { target: new Float32Array(320) } };
process.stdout.write('loaded ');
const attempt = async (name, job) => {
  const code = await Promise.resolve().then(job).then(() => 'done', (error) => error.code ?? error.message);
  process.stdout.write(name + ' ' + code + ' ');
};
await attempt('now', () => model.trainStepSync(batch));
await attempt('later', () => model.trainStep(batch));
await attempt('prediction', () => model.predict(batch));
await attempt('again', () => model.predictSync(batch));
process.stdout.write('end');
`;

/** A user who has no other process: limits do not hold for the superuser. */
const OTHER_USER = 54_321;
const isRoot = process.getuid?.() === 0;

function threadsOfUser(): number {
  let sum = 0;
  for (const id of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (statSync(`/proc/${id}`).uid !== process.getuid?.()) continue;
      sum += Number(/Threads:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1]);
    } catch {
      // The process has ended meanwhile.
    }
  }
  return sum;
}

/** Runs the work where only so many threads may be started. */
function under(limit: number): string {
  const node = [process.execPath, '--input-type=module', '-e', WORK, `${projectRoot}/dist/index.js`];
  const [command, ...args] = isRoot
    ? ['setpriv', `--reuid=${OTHER_USER}`, '--clear-groups', 'prlimit', `--nproc=${limit}`, ...node]
    : ['prlimit', `--nproc=${threadsOfUser() + limit}`, ...node];
  const { stdout, signal } = spawnSync(command as string, args, { encoding: 'utf8', cwd: '/', timeout: 30_000 });
  return `${stdout ?? ''}${signal === null ? '' : ` ${signal}`}`;
}

const DONE = 'loaded now done later done prediction done again done end';
const canLimit = process.platform === 'linux' && under(200) === DONE;
if (!canLimit) {
  process.stderr.write(
    '\nSKIPPED: work under a limit of threads: there is no prlimit and setpriv that could run it here\n\n',
  );
}

it.skipIf(!canLimit)('a process that gets no further thread is told so, and goes on', () => {
  const seen = new Set<string>();
  for (let limit = 6; limit <= 20; limit++) {
    const told = under(limit);
    // Node itself, or the loading of the library, found no thread.
    if (!told.startsWith('loaded now')) continue;
    expect(told).toMatch(/^loaded now done later (done|no_thread) prediction (done|no_thread) again done end$/);
    seen.add(told);
    if (told === DONE) break;
  }
  expect([...seen].some((told) => told.includes('no_thread'))).toBe(true);
});
