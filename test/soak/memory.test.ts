/** Resident memory while models, streams and worker threads come and go, many times over: `npm run soak -- memory`. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { soakRepeats, soakTimeout } from './soak-settings.js';

const program = fileURLToPath(new URL('memory-program.mjs', import.meta.url));
const MEGABYTE = 2 ** 20;

interface Measured {
  /** Highest resident bytes after a forced collection in the third quarter of the repetitions, and in the last. */
  readonly first: number;
  readonly second: number;
  /** Highest resident bytes in the first half, in which no collection is forced. */
  readonly peak: number;
  /** Bytes that the library plans for one model. */
  readonly model: number;
}

function measure(scenario: string, count: number): Promise<Measured> {
  const child = spawn(process.execPath, ['--expose-gc', program, scenario, String(count)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text: Buffer) => {
    stdout += text;
  });
  child.stderr.on('data', (text: Buffer) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      if (status === 0) resolve(JSON.parse(stdout) as Measured);
      else reject(new Error(`${scenario} ended with ${status ?? signal}: ${stderr}`));
    });
  });
}

/**
 * `times`: repetitions for each one that is asked for; what is cheap comes more often. In megabytes, `growth`: within it the
 * allocators of V8 and of the system settle; `peak`: below it all stays, although nobody forces a collection.
 */
const SCENARIOS = [
  { scenario: 'disposed', what: 'models that are disposed of', times: 20, growth: 48, peak: 250 },
  { scenario: 'dropped', what: 'models that are dropped in a synchronous loop', times: 20, growth: 48, peak: 250 },
  {
    scenario: 'droppedAfterSteps',
    what: 'models that are dropped after their steps',
    times: 20,
    growth: 24,
    peak: 250,
  },
  { scenario: 'streams', what: 'streams of a model', times: 200, growth: 8, peak: 200 },
  { scenario: 'workers', what: 'worker threads', times: 2, growth: 12, peak: 250 },
] as const;

/** The suite asks for two, and 200 models are the fewest that show a leak. */
const isSoak = soakRepeats > 2;
const countOf = (times: number) => times * (isSoak ? soakRepeats : 10);

describe('resident memory', () => {
  it.each(SCENARIOS.map((each) => [countOf(each.times), each.what, each] as const))(
    'stays flat with %i %s',
    async (count, _, { scenario, growth, peak }) => {
      const measured = await measure(scenario, count);
      const figures = JSON.stringify({ scenario, count, growth: measured.second - measured.first, ...measured });
      if (isSoak) process.stderr.write(`${figures}\n`);
      expect(measured.second - measured.first, figures).toBeLessThan(growth * MEGABYTE);
      expect(measured.peak, figures).toBeLessThan(peak * MEGABYTE);
    },
    soakTimeout(300_000),
  );
});
