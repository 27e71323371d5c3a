import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { RunDirectory } from '../../src/checkpoint/run-directory.js';
import { Random } from '../../src/core/random.js';
import { temporaryDirectory } from './temporary-directory.js';
import { transpile } from './transpiled-modules.js';

// A training run in small: every step changes the weights; every second one is saved, on either thread, some as the
// best.
const PROGRAM = `
import { RunDirectory } from './checkpoint/run-directory.js';
const run = RunDirectory.open(process.argv[2], { seed: 1 }, { resume: true, keepLast: 2 });
const latest = await run.resume((_path, { step }) => step);
if (latest?.skipped.length) throw new Error('a checkpoint was torn: ' + latest.skipped[0].error.message);
console.log('ready');
const weights = latest?.checkpoint.tensors.get('w').data ?? new Float32Array(2_000_000);
for (let step = latest?.step ?? 0; step < Number(process.argv[3]); ) {
  step++;
  for (let at = 0; at < weights.length; at += 97) weights[at] = (weights[at] * 1.5 + step + at) % 1000;
  run.metrics.append({ step, first: weights[0] });
  if (step % 2 !== 0) continue;
  const checkpoint = { tensors: new Map([['w', { shape: [weights.length], data: weights }]]), metadata: { step } };
  const options = { best: step % 4 === 0 };
  if (step % 6 === 0) run.saveSync(step, checkpoint, options);
  else await run.save(step, checkpoint, options);
}
`;

/** Processes that are killed: some in the suite, more in `npm run soak:kill`. */
const KILLS = Number(process.env['BPTT_KILLS'] ?? 12);

describe('a run killed with SIGKILL', () => {
  it(
    'goes on each time from a whole checkpoint and ends as one that was never killed',
    async () => {
      const directory = temporaryDirectory();
      transpile(directory);
      const program = join(directory, 'program.js');
      writeFileSync(program, PROGRAM);
      const random = new Random(1, 'kill');
      const steps = Math.ceil((40 * KILLS) / 12);
      const start = (run: string) =>
        spawn(process.execPath, [program, join(directory, run), String(steps)], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });

      const [status] = await once(start('whole'), 'exit');
      expect(status).toBe(0);
      let kills = 0;
      for (let attempt = 0; ; attempt++) {
        const child = start('killed');
        const exited = once(child, 'exit');
        if (attempt < KILLS) {
          await Promise.race([once(child.stdout, 'data'), exited]);
          await Promise.race([sleep(random.integer(120)), exited]);
          child.kill('SIGKILL');
        }
        const [exitStatus, signal] = await exited;
        if (signal === 'SIGKILL') kills++;
        else {
          expect(exitStatus).toBe(0);
          break;
        }
      }
      expect(kills).toBeGreaterThan(KILLS / 4);
      if (KILLS > 12) process.stdout.write(`killed ${kills} times in ${steps} steps\n`);

      const [whole, killed] = ['whole', 'killed'].map((name) =>
        RunDirectory.open(join(directory, name), { seed: 1 }, { resume: true }),
      ) as [RunDirectory, RunDirectory];
      expect(readFileSync(killed.metrics.path, 'utf8')).toBe(readFileSync(whole.metrics.path, 'utf8'));
      expect((await killed.loadLatest())?.step).toBe(steps);
      for (const file of [
        'best.safetensors',
        join('checkpoints', `step-${String(steps).padStart(6, '0')}.safetensors`),
      ]) {
        const [left, right] = [whole, killed].map((run) => readFileSync(join(run.path, file)));
        expect(Buffer.compare(left as Buffer, right as Buffer)).toBe(0);
      }
      expect(readdirSync(join(killed.path, 'checkpoints')).sort()).toEqual(
        readdirSync(join(whole.path, 'checkpoints')).sort(),
      );
    },
    KILLS * 10_000,
  );
});
