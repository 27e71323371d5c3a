import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryPath } from '../../src/checkpoint/file-transfer.js';
import { claim } from '../../src/checkpoint/lock-file.js';
import { isPidInUse, thisProcess } from '../../src/checkpoint/process-identity.js';
import { RunDirectory } from '../../src/checkpoint/run-directory.js';
import { RunLock } from '../../src/checkpoint/run-lock.js';
import { temporaryDirectory } from './temporary-directory.js';
import { transpile } from './transpiled-modules.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
const PROGRAM = `
import { RunLock } from './checkpoint/run-lock.js';
try {
  RunLock.acquire(process.argv[2]);
  console.log('held');
} catch (error) {
  console.log(error.code);
}
process.stdin.on('data', () => process.exit(0));
`;

/** A number of a process that has ended. */
async function endedPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid as number;
}

const lockOf = (run: string) => JSON.parse(readFileSync(join(run, 'run.lock'), 'utf8')) as Record<string, unknown>;
const token = (letter: string) => letter.repeat(32);
const since = '2026-01-02T03:04:05.000Z';

function writeLock(run: string, name: string, fields: object): string {
  const path = join(run, name);
  writeFileSync(path, JSON.stringify({ token: token('a'), since, ...thisProcess(), ...fields }));
  return path;
}

/** Processes that take the lock of a run: what each of them says. */
function programIn(directory: string): (run: string) => { child: ChildProcess; said: Promise<string> } {
  transpile(directory);
  writeFileSync(join(directory, 'program.js'), PROGRAM);
  return (run) => {
    const child = spawn(process.execPath, [join(directory, 'program.js'), run], { stdio: ['pipe', 'pipe', 'inherit'] });
    return {
      child,
      said: once(child.stdout as NonNullable<typeof child.stdout>, 'data').then(([text]) => String(text).trim()),
    };
  };
}

describe('the lock of a run', () => {
  it('names the process that holds it, and is free after its release', () => {
    const run = temporaryDirectory();
    const lock = RunLock.acquire(run);
    expect(lockOf(run)).toMatchObject({ pid: process.pid, host: hostname() });
    const second = () => RunLock.acquire(run);
    expect(second).toThrow(code('run_locked'));
    expect(second).toThrow(`process ${process.pid} on host '${hostname()}', since ${lockOf(run)['since']}`);
    expect(readdirSync(run)).toEqual(['run.lock']);
    lock.release();
    lock.release();
    expect(readdirSync(run)).toEqual([]);
    expect(() => lock.verify()).toThrow(code('run_closed'));
    RunLock.acquire(run).release();
  });

  it('dies with its process, however that ends, and only one of many takes it over', async () => {
    const directory = temporaryDirectory();
    const start = programIn(directory);
    const run = temporaryDirectory();
    const first = start(run);
    expect(await first.said).toBe('held');
    expect(() => RunLock.acquire(run)).toThrow(`process ${first.child.pid} `);
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    expect(existsSync(join(run, 'run.lock'))).toBe(true);
    const others = Array.from({ length: 6 }, () => start(run));
    const said = await Promise.all(others.map((other) => other.said));
    expect(said.toSorted()).toEqual(['held', ...Array.from({ length: 5 }, () => 'run_locked')]);
    for (const { child } of others) child.stdin?.write('end');
    await Promise.all(others.map(({ child }) => once(child, 'exit')));
    expect(readdirSync(run)).toEqual([]); // released by process.exit
  }, 60_000);

  it('of an ended process is taken over, also where another process has its number', async () => {
    const pid = await endedPid();
    for (const fields of [{ pid }, { started: '1' }]) {
      const run = temporaryDirectory();
      writeLock(run, 'run.lock', fields);
      if (thisProcess().started === null) continue; // a system that does not tell
      const lock = RunLock.acquire(run);
      expect(lockOf(run)['token']).not.toBe(token('a'));
      expect([...lock.endedPids]).toEqual(['pid' in fields ? pid : process.pid]);
      lock.release();
    }
  });

  it('of another machine or container, and one that cannot be read, counts for a minute after its last sign of life', () => {
    for (const fields of [
      { host: 'elsewhere' },
      { namespace: 'pid:[1]' },
      { boot: 'another' },
      { token: 'no token' },
    ]) {
      const run = temporaryDirectory();
      const path = writeLock(run, 'run.lock', fields);
      expect(() => RunLock.acquire(run)).toThrow(code('run_locked'));
      expect(() => RunLock.acquire(run)).toThrow(/its last sign of life was \d+ s ago, and after 60 s without one/);
      const [now] = [Date.now() / 1000];
      utimesSync(path, now - 30, now - 30);
      expect(() => RunLock.acquire(run)).toThrow(code('run_locked'));
      utimesSync(path, now - 90, now - 90);
      RunLock.acquire(run).release();
      expect(readdirSync(run)).toEqual([]);
    }
  });

  it('whose sign of life is in the future, because the clock went back, counts for a minute from the next look', () => {
    const run = temporaryDirectory();
    const path = writeLock(run, 'run.lock', { host: 'elsewhere' });
    const now = Date.now() / 1000;
    utimesSync(path, now + 86_400, now + 86_400);
    expect(() => RunLock.acquire(run)).toThrow(code('run_locked'));
    expect(Math.abs(statSync(path).mtimeMs / 1000 - now)).toBeLessThan(60); // dated now, with the same content
    expect(lockOf(run)).toMatchObject({ host: 'elsewhere', token: token('a') });
    expect(() => RunLock.acquire(run)).toThrow(code('run_locked'));
    utimesSync(path, now - 90, now - 90);
    RunLock.acquire(run).release();
    utimesSync(writeLock(run, 'run.lock', { host: 'elsewhere' }), now + 30, now + 30); // clocks that differ a little
    expect(() => RunLock.acquire(run)).toThrow(code('run_locked'));
    expect(statSync(path).mtimeMs / 1000 - now).toBeGreaterThan(20);
  });

  it('is held where the file system lost its answer to the link, and made it', () => {
    const run = temporaryDirectory();
    const temporary = writeLock(run, 'mine', { token: token('c') });
    const path = join(run, 'run.lock');
    expect(claim(temporary, path)).toBe(true);
    expect(claim(temporary, path)).toBe(true); // the same request again: the name leads to the same content
    expect(claim(writeLock(run, 'other', { token: token('d') }), path)).toBe(false);
  });

  it('is taken over where a process ended while it took it over', async () => {
    const run = temporaryDirectory();
    const pid = await endedPid();
    writeLock(run, 'run.lock', { pid });
    writeLock(run, `run.lock.after-${token('a')}`, { pid, token: token('b') });
    const lock = RunLock.acquire(run);
    expect(readdirSync(run)).toEqual(['run.lock']);
    expect(() => RunLock.acquire(run)).toThrow(code('run_locked'));
    lock.release();
  });

  it('is held by a process that is just taking it over', async () => {
    const run = temporaryDirectory();
    writeLock(run, 'run.lock', { pid: await endedPid() });
    writeLock(run, `run.lock.after-${token('a')}`, { token: token('b'), host: 'elsewhere' });
    expect(() => RunLock.acquire(run)).toThrow("on host 'elsewhere'");
  });

  it('is made again when a person removed it, and lost when another process has it', async () => {
    const run = temporaryDirectory();
    const directory = RunDirectory.open(run, {});
    rmSync(join(run, 'run.lock'));
    await directory.save(1, { tensors: new Map(), metadata: {} });
    expect(lockOf(run)).toMatchObject({ pid: process.pid });
    writeLock(run, 'run.lock', { pid: 1, host: 'elsewhere' });
    await expect(directory.save(2, { tensors: new Map(), metadata: {} })).rejects.toThrow(code('run_locked'));
    expect(() => directory.metrics.append({ step: 2 })).toThrow(code('run_locked'));
    expect(readdirSync(join(run, 'checkpoints'))).toEqual(['step-000001.safetensors']);
    directory.close();
    expect(lockOf(run)).toMatchObject({ host: 'elsewhere' });
  });
});

describe('temporary files', () => {
  const named = (path: string, pid: number) => temporaryPath(path).replace(`.${process.pid}-`, `.${pid}-`);
  const minuteAgo = Date.now() / 1000 - 90;

  it('of the ended holder are removed at once, those of others only when nobody can be writing to them', async () => {
    const run = temporaryDirectory();
    const [holder, other] = [await endedPid(), await endedPid()];
    const living = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
    writeLock(run, 'run.lock', { pid: holder });
    const file = join(run, 'best.safetensors');
    const fresh = { holder: named(file, holder), other: named(file, other), living: named(file, living.pid as number) };
    const old = { own: named(file, process.pid), other: named(file, other), living: named(file, living.pid as number) };
    for (const path of [...Object.values(fresh), ...Object.values(old)]) writeFileSync(path, 'half');
    for (const path of Object.values(old)) utimesSync(path, minuteAgo, minuteAgo);
    const directory = RunDirectory.open(run, {});
    const left = [fresh.holder, fresh.other, fresh.living, old.own, old.other, old.living].map(existsSync);
    expect(isPidInUse(living.pid as number)).toBe(true);
    expect(left).toEqual([false, true, true, false, false, true]);
    directory.close();
    living.kill();
  });

  it('with which ended processes were about to take the lock are removed at once, those of others are not', async () => {
    const run = temporaryDirectory();
    const ended = await endedPid();
    const lock = join(run, 'run.lock');
    const living = named(lock, process.pid);
    const files = [
      writeLock(run, basename(named(lock, ended)), { pid: ended }),
      writeLock(run, basename(living), {}),
      writeLock(run, basename(named(lock, ended)), { pid: ended, host: 'elsewhere', boot: 'another' }),
    ];
    const half = named(lock, ended);
    writeFileSync(half, '{"tok');
    const directory = RunDirectory.open(run, {});
    expect([...files, half].map(existsSync)).toEqual([false, true, true, true]);
    directory.close();
  });

  it('and a lock that others hold stay as they are when a run is refused', () => {
    const run = temporaryDirectory();
    const directory = RunDirectory.open(run, {});
    const temporary = temporaryPath(join(run, 'best.safetensors'));
    writeFileSync(temporary, 'half');
    utimesSync(temporary, minuteAgo, minuteAgo);
    expect(() => RunDirectory.open(run, {}, { resume: true })).toThrow(code('run_locked'));
    expect(existsSync(temporary)).toBe(true);
    directory.close();
  });
});
