/** A disk that is full, a quota, a limit of the size of files: a run says so with a code, and its last checkpoints stay readable. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from './temporary-directory.js';
import { transpile } from './transpiled-modules.js';

// Checkpoints grow until one cannot be written. Then metrics are written until there is no place, and after place was made again.
const PROGRAM = `
import { readdirSync, readFileSync, rmSync, writeFileSync, appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { RunDirectory } from './checkpoint/run-directory.js';
const [, , path, isDisk] = process.argv;
const run = RunDirectory.open(path, { seed: 1 }, { resume: true, keepLast: 2 });
const told = { saved: [], codes: [], messages: [] };
const failed = (error) => { told.codes.push(error.code ?? String(error)); told.messages.push(error.message); };
for (let step = 1; told.codes.length < 4 && step < 60; step++) {
  const data = new Float32Array(8000 * step).fill(step);
  const checkpoint = { tensors: new Map([['w', { shape: [data.length], data }]]), metadata: { step } };
  try {
    run.metrics.append({ step });
    if (step % 2 === 0) run.saveSync(step, checkpoint, { best: step === 2 });
    else await run.save(step, checkpoint);
    told.saved.push(step);
  } catch (error) { failed(error); }
}
const latest = await run.loadLatest();
told.latest = latest.step;
told.whole = latest.checkpoint.tensors.get('w').data.every((value) => value === latest.step) && latest.skipped.length === 0;
told.best = (await run.loadBest()).metadata.step;
if (isDisk === 'disk') {
  const filler = join(path, '..', 'filler');
  for (let bytes = 65536; bytes >= 1; bytes >>= 1) for (;;) { try { appendFileSync(filler, Buffer.alloc(bytes)); } catch { break; } }
  try { run.metrics.append({ step: 60, text: 'x'.repeat(20000) }); } catch (error) { failed(error); }
  rmSync(filler);
  run.metrics.append({ step: 61 });
  const data = Float32Array.of(1);
  await run.save(62, { tensors: new Map([['w', { shape: [1], data }]]), metadata: { step: 62 } });
  told.after = (await run.loadLatest()).step;
}
told.lines = readFileSync(run.metrics.path, 'utf8').trimEnd().split('\\n').map((line) => JSON.parse(line).step);
run.close();
told.left = [...readdirSync(path), ...readdirSync(join(path, 'checkpoints'))].filter((name) => /tmp|lock/.test(name));
console.log(JSON.stringify(told));
`;

interface Told {
  readonly saved: readonly number[];
  readonly codes: readonly string[];
  readonly messages: readonly string[];
  readonly latest: number;
  readonly whole: boolean;
  readonly best: number;
  readonly after?: number;
  readonly lines: readonly number[];
  readonly left: readonly string[];
}

async function tellingOf(command: string, args: readonly string[]): Promise<Told> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const [status] = await once(child, 'close');
  expect(status).toBe(0);
  return JSON.parse(output) as Told;
}

function requireSafe({ saved, codes, messages, latest, whole, best, left }: Told, reason: RegExp): void {
  expect(codes.slice(0, 4)).toEqual(Array.from({ length: 4 }, () => 'checkpoint_write_failed'));
  expect(messages[0]).toMatch(reason);
  expect([latest, whole, best]).toEqual([saved.at(-1), true, 2]);
  expect(saved.length).toBeGreaterThan(2);
  expect(left).toEqual([]);
}

/** A namespace in which this user may mount a small file system. */
const IN_NAMESPACE = ['--map-root-user', '--mount', 'sh', '-c'];
const canMount =
  process.platform === 'linux' && spawnSync('unshare', [...IN_NAMESPACE, 'mount -t tmpfs tmpfs /mnt']).status === 0;
if (!canMount) process.stderr.write('\nSKIPPED: the tests of a full disk: this user may not mount a file system\n\n');

describe.skipIf(process.platform === 'win32')('a run', () => {
  it('whose files may not grow further keeps its last checkpoints, and leaves nothing unfinished', async () => {
    const directory = temporaryDirectory();
    transpile(directory);
    writeFileSync(join(directory, 'program.js'), PROGRAM);
    const limited = `ulimit -f 512; exec "${process.execPath}" "${join(directory, 'program.js')}" "${join(directory, 'run')}"`;
    requireSafe(await tellingOf('sh', ['-c', limited]), /cannot write '.*': EFBIG/);
  }, 60_000);

  it.skipIf(!canMount)(
    'on a full disk keeps its last checkpoints, and goes on when there is place again',
    async () => {
      const directory = temporaryDirectory();
      transpile(directory);
      writeFileSync(join(directory, 'program.js'), PROGRAM);
      const disk = join(directory, 'disk');
      mkdirSync(disk);
      const mounted = `mount -t tmpfs -o size=1m tmpfs "${disk}" && exec "${process.execPath}" "${join(directory, 'program.js')}" "${join(disk, 'run')}" disk`;
      const told = await tellingOf('unshare', [...IN_NAMESPACE, mounted]);
      requireSafe(told, /cannot write '.*': ENOSPC/);
      expect(told.codes.at(-1)).toBe('checkpoint_write_failed');
      expect(told.messages.at(-1)).toMatch(/metrics\.jsonl': ENOSPC/);
      expect(told.lines).not.toContain(60);
      expect(told.lines.at(-1)).toBe(61);
      expect(told.after).toBe(62);
    },
    60_000,
  );
});
