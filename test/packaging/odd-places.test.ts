/** Where and how the package may be loaded: odd paths, several copies, few rights, nothing around it. */
import { fork, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { info } from '../../src/index.js';
import * as project from '../architecture/project-files.js';
import { copyPackage } from './package-copy.js';

const projectRoot = path.resolve(project.projectRoot);
const smoke = path.join(projectRoot, 'test', 'packaging', 'smoke.mjs');
const folder = mkdtempSync(path.join(realpathSync(tmpdir()), 'bptt-places-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What test/packaging/smoke.mjs finds where all is well. */
const found = { loss: expect.closeTo(2.42, 1), agree: true };
const well = { ...found, saved: true, inWorker: found, isa: info().isa };

interface Settings {
  readonly flags?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

/** Executes a module with options. */
function execute(file: string, options: readonly string[] = [], { flags = [], env, cwd = folder }: Settings = {}) {
  const settings = { encoding: 'utf8', cwd, env: env ?? process.env } as const;
  return spawnSync(process.execPath, [...flags, file, ...options], settings);
}

/** What a module prints as JSON. */
function answerOf(...given: Parameters<typeof execute>): unknown {
  const { status, signal, stdout, stderr } = execute(...given);
  expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: '' });
  return JSON.parse(stdout);
}

describe('the package', () => {
  it('works in a folder whose path has spaces and letters of all kinds', () => {
    const place = path.join(folder, "Müller & Söhne's (β) – 書類 🙂 %20#?");
    copyPackage(place);
    expect(answerOf(smoke, [place])).toMatchObject(well);
  });

  it('works in a forked process', async () => {
    const child = fork(smoke, { silent: true });
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const status = await new Promise((resolve) => child.on('close', resolve));
    expect([status, JSON.parse(output)]).toEqual([0, expect.objectContaining(well)]);
  });

  it('works with an empty environment', () => {
    expect(answerOf(smoke, [], { env: {} })).toMatchObject({ ...well, isa: expect.any(String) });
  });

  it.skipIf(process.platform === 'win32').each([
    ['input', '<&-', ''],
    ['output', '>&-', undefined],
    ['all', '<&- >&- 2>&-', undefined],
  ])('works without the standard streams: %s', (_, redirection, stderr) => {
    const command = `exec "$0" "$1" ${redirection}`;
    const ended = spawnSync('sh', ['-c', command, process.execPath, smoke], { encoding: 'utf8' });
    expect({ status: ended.status, signal: ended.signal }).toEqual({ status: 0, signal: null });
    if (stderr === undefined) expect(ended.stdout).toBe('');
    else expect(JSON.parse(ended.stdout)).toMatchObject(well);
  });
});

/** Two copies of the library in one process: each argument is a folder. */
const TWO = `
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
const folders = isMainThread ? process.argv.slice(2) : [workerData];
const libraries = [];
for (const [at, folder] of folders.entries()) {
  const library = await import(pathToFileURL(path.join(folder, 'dist/index.js')).href);
  // Each copy asks for its instruction set when it is first used.
  if (isMainThread && at === 1) process.env.BPTT_ISA = process.env.SECOND_ISA;
  libraries.push({ ...library, isa: library.info().isa });
}
function modelOf({ sequential, embedding, lstm, dense }) {
  return sequential([embedding({ size: 11, units: 5 }), lstm({ units: 64 }), dense({ units: 11 })]).compileSync({ threads: 2 });
}
const ids = Int32Array.from({ length: 400 }, (_, at) => (at * 7) % 11);
const batch = { batchSizes: new Int32Array(40).fill(10), inputs: { input: ids }, targets: { target: ids } };
async function train(model, steps) {
  const losses = [];
  for (let step = 0; step < steps; step++) losses.push((await model.trainStep(batch)).loss);
  return losses;
}
if (!isMainThread) {
  const [model] = libraries.map(modelOf);
  parentPort.postMessage('begun');
  for (;;) await model.trainStep(batch);
}
const alone = [];
for (const library of libraries) alone.push(await train(modelOf(library), 6));
// At once, and while worker threads of both copies are ended.
const models = libraries.map(modelOf);
const together = Promise.all(models.map((model) => train(model, 6)));
for (const workerData of folders) {
  const worker = new Worker(new URL(import.meta.url), { workerData, env: { ...process.env, BPTT_ISA: 'auto' } });
  await new Promise((resolve) => worker.once('message', resolve));
  await worker.terminate();
}
// One model is no longer there, the other works on.
const same = JSON.stringify(await together) === JSON.stringify(alone);
models[0].dispose();
const after = await train(models[1], 1);
const [first, second] = libraries;
console.log(JSON.stringify({ isas: libraries.map(({ isa }) => isa), same, after: after.length, separate: first.UsageError !== second.UsageError }));
`;

describe('two copies of the package in one process', () => {
  const program = path.join(folder, 'two.mjs');
  writeFileSync(program, TWO);
  const place = (name: string) => path.join(folder, 'two', name);
  copyPackage(place('first'));
  copyPackage(place('other-version'), { version: '0.0.7' });
  const [narrow] = info().supported as [string];

  it('have threads, options and instruction sets of their own', () => {
    const env = { ...process.env, BPTT_ISA: narrow, SECOND_ISA: info().isa, BPTT_GRAIN: '0' };
    const answer = answerOf(program, [place('first'), place('other-version')], { env });
    expect(answer).toMatchObject({ isas: [narrow, info().isa], same: true, after: 1, separate: true });
  });

  it('may share their binaries, as pnpm links them', () => {
    const isa = info().isa;
    const env = { ...process.env, BPTT_ISA: isa, SECOND_ISA: isa, BPTT_GRAIN: '0' };
    copyPackage(place('linked'), { linkedTo: place('first') });
    const answer = answerOf(program, [place('first'), place('linked')], { env });
    expect(answer).toMatchObject({ isas: [isa, isa], same: true, after: 1, separate: true });
  });

  it('say their own version', () => {
    const main = path.join(place('other-version'), 'dist', 'cli', 'main.js');
    expect(execute(main, ['--version']).stdout).toBe('0.0.7\n');
  });
});

describe('under the permission model of Node', () => {
  const flag = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission';
  const program = path.join(folder, 'permitted.mjs');
  writeFileSync(
    program,
    `import { info } from ${JSON.stringify(path.join(projectRoot, 'dist', 'index.js'))};
    try { console.log(JSON.stringify({ isa: info().isa })); }
    catch ({ name, code, message }) { console.log(JSON.stringify({ name, code, message })); }`,
  );
  const attempt = (...flags: string[]) =>
    answerOf(program, [], { flags: ['--no-warnings', ...flags] }) as { isa?: string; message?: string };
  const read = (...places: string[]) => places.map((place) => `--allow-fs-read=${place}`);
  const denied = { name: 'NativeError', code: 'addons_denied', message: expect.stringContaining('--allow-addons') };

  it('says what it needs where addons are not allowed', () => {
    expect(attempt(flag, ...read('*'))).toEqual(denied);
    expect(attempt('--no-addons')).toEqual({ ...denied, message: expect.stringContaining('leave out `--no-addons`') });
  });

  it('says what it may not read', () => {
    const part = (...names: string[]) => names.map((name) => path.join(projectRoot, name));
    const code = read(program, ...part('dist', 'node_modules'));
    expect(attempt(flag, '--allow-addons', ...code)).toEqual({
      ...denied,
      message: expect.stringContaining(`may not read '${projectRoot}'`),
    });
    const withoutBinaries = [...code, ...read('/etc/alpine-release', ...part('package.json'))];
    expect(attempt(flag, '--allow-addons', ...withoutBinaries)).toEqual(denied);
  });

  it('works with the flags that its errors name', () => {
    const flags = ['--allow-addons', ...read(program, projectRoot)];
    for (let round = 0; round < 3; round++) {
      const { isa, message = '' } = attempt(flag, ...flags);
      if (isa !== undefined) break;
      const named = message.match(/--allow-fs-read=[^\s`]+/g) ?? [];
      flags.push(...named.filter((name) => !flags.includes(name))); // Node 20 crashes when one comes twice
    }
    expect(attempt(flag, ...flags)).toEqual({ isa: info().isa });
  });

  const permitted = ['--no-warnings', flag, '--allow-addons', '--allow-worker', ...read('*')];

  it('trains, and works in worker threads', () => {
    expect(answerOf(smoke, ['--no-files'], { flags: permitted })).toMatchObject({ ...well, saved: null });
  });

  it('saves where it may write', () => {
    const flags = [...permitted, `--allow-fs-write=${tmpdir()}/*`];
    expect(answerOf(smoke, [], { flags })).toMatchObject(well);
  });
});

/** Whether this process may mount a folder once more, read-only, in a name space of its own. */
const mayMount =
  process.platform === 'linux' &&
  spawnSync('unshare', ['--mount', 'sh', '-c', 'mount --bind /tmp /tmp && mount -o remount,ro,bind /tmp']).status === 0;
const isRoot = process.getuid?.() === 0;
const canTest = mayMount || (process.platform !== 'win32' && !isRoot);
if (!canTest)
  process.stderr.write('SKIPPED: the package on a read-only file system: needs unshare and mount, or no root\n');

describe.skipIf(!canTest)('on a file system that cannot be written', () => {
  const place = path.join(folder, 'read-only');

  /** Executes the smoke test there, as the current folder; the status is 99 when the folder can be written after all. */
  function executeThere() {
    const command = '(touch "$2/written" 2> /dev/null) && exit 99; cd "$2" && exec "$0" "$1" "$2" --no-files';
    const given = [process.execPath, smoke, place];
    if (mayMount) {
      const mounted = `mount --bind "$2" "$2" && mount -o remount,ro,bind "$2" && ${command}`.replace(
        '&& (touch',
        '; (touch',
      );
      return spawnSync('unshare', ['--mount', 'sh', '-c', mounted, ...given], { encoding: 'utf8' });
    }
    const folders = readdirSync(place, { recursive: true, withFileTypes: true }).filter((entry) => entry.isDirectory());
    const paths = [place, ...folders.map((entry) => path.join(entry.parentPath, entry.name))];
    for (const name of paths) chmodSync(name, 0o555);
    const ended = spawnSync('sh', ['-c', command, ...given], { encoding: 'utf8' });
    for (const name of paths) chmodSync(name, 0o755);
    return ended;
  }

  it('works', () => {
    copyPackage(place);
    const { status, signal, stdout, stderr } = executeThere();
    expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ ...well, saved: null });
  });
});
