import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderWithPackage, writeModule } from './linked-package.js';
import { runBptt, startBptt } from './run-bptt.js';
import { endOf, jsonOf, newestStep, waitFor } from './training-run.js';

const IMPORTS = `
import { dense, sequential } from 'bptt';
import { readJsonLines } from 'bptt/data';
import { commonOptions, defineTask, numberOption, outputsOf, recurrentBody, requireData, splitParts } from 'bptt/tasks';
`;

/** Reads lines of bits with the parity so far, and counts the wrong steps. */
const PARITY = `${IMPORTS}
export const task = defineTask({
  name: 'parity',
  summary: 'whether the ones so far are odd',
  options: {
    ...commonOptions({ units: 8, batch: 16, epochs: 2, learningRate: 1e-2 }),
    width: numberOption({ integer: true, min: 1 }, { description: 'numbers between the layers', default: 4 }),
  },
  async read(options) {
    const read = (row) => ({ input: row.rows('input'), target: row.ids('target') });
    return splitParts(await readJsonLines(requireData(options), read), options);
  },
  network: (options) =>
    sequential([...recurrentBody(options, 'none'), dense({ units: options.width }), dense({ units: 2 })], { features: 1 }),
  loss: 'softmaxCrossEntropy',
  async evaluate(model, part) {
    const steps = { wrong: 0, all: 0 };
    for await (const { example, output } of outputsOf(model, part)) {
      for (const [step, target] of example.target.entries()) {
        steps.all += 1;
        if (output[2 * step + target] < output[2 * step + 1 - target]) steps.wrong += 1;
      }
    }
    return steps;
  },
  score: ({ wrong, all }) => wrong / all,
});
`;

function workplace(module = PARITY) {
  const folder = folderWithPackage();
  const lines = Array.from({ length: 80 }, (_, number) => {
    const input = Array.from({ length: 3 + (number % 5) }, (_, step) => (number >> step) & 1);
    let parity = 0;
    return JSON.stringify({ input, target: input.map((bit) => (parity ^= bit)) });
  });
  return {
    module: writeModule(folder, 'own.mjs', module),
    data: writeModule(folder, 'bits.jsonl', `${lines.join('\n')}\n`),
    path: (name: string) => join(folder, name),
  };
}

describe('bptt train MODULE', () => {
  it('lists the options of its task in its help', async () => {
    const { module } = workplace();
    const { stdout, status } = await runBptt(['train', module, '--help']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Usage: bptt train \S+own\.mjs \[options\]\n\nwhether the ones so far are odd\n/);
    expect(stdout).toMatch(/--units <n> +hidden units of each layer \(default: 8\)/);
    expect(stdout).toMatch(/--width <n> +numbers between the layers \(default: 4\)/);
    const all = await runBptt(['train', '--help']);
    expect(all.stdout).toMatch(/A task of your own: bptt train \.\/my-task\.mjs/);
  });

  it('trains, evaluates, predicts and streams as a built-in task does', async () => {
    const { module, data, path } = workplace();
    const out = path('run');
    const result = jsonOf(await runBptt(['train', module, '--data', data, '--out', out, '--width', '3', '--json']));
    expect(result).toMatchObject({
      task: 'parity',
      examples: { training: 65, validation: 7, test: 8 },
      metrics: { test: { wrong: expect.any(Number), all: expect.any(Number) } },
      best: { score: expect.any(Number) },
    });
    const { task, place } = JSON.parse(readFileSync(join(out, 'config.json'), 'utf8'));
    expect(task).toMatchObject({ kind: 'parity', width: 3 });
    expect(place.module).toBe('../own.mjs');

    const { test } = result['metrics'] as { test: object };
    const evaluated = jsonOf(await runBptt(['eval', out, '--task', module, '--json']));
    expect(evaluated).toEqual({ task: 'parity', part: 'test', examples: 8, metrics: test });
    const onFile = await runBptt(['eval', out, '--task', module, '--data', data]);
    expect(onFile.stdout).toMatch(/bits\.jsonl: 80 examples\nwrong \d+ {2}all 400\n$/);

    const predicted = jsonOf(await runBptt(['predict', out, '--task', module, '[1, 0, 1]']));
    const outputs = predicted['outputs'] as number[][];
    expect(outputs).toHaveLength(3);
    const [child, ended] = startBptt(['predict', out, '--task', module, '--stream'], {}, 'pipe');
    child.stdin?.end('1\n0\n1\n');
    const { stdout, status } = await ended;
    expect(status).toBe(0);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).output),
    ).toEqual(outputs);
  });

  it('is stopped by a signal or killed, and goes on to the same end', async () => {
    const { module, data, path } = workplace();
    const args = ['train', module, '--data', data, '--epochs', '60', '--checkpoint-every', '5'];
    jsonOf(await runBptt([...args, '--out', path('whole'), '--json']));
    const out = path('stopped');
    const [first, stopped] = startBptt([...args, '--out', out]);
    await waitFor(() => newestStep(out) >= 10);
    first.kill('SIGINT');
    expect(await stopped).toMatchObject({ status: 130, stderr: expect.stringMatching(/continue with --resume/) });
    const step = newestStep(out);
    const [second, killed] = startBptt(['train', module, '--out', out, '--resume']);
    await waitFor(() => newestStep(out) >= step + 20);
    second.kill('SIGKILL');
    expect(await killed).toMatchObject({ signal: 'SIGKILL' });
    expect(newestStep(out)).toBeLessThan(newestStep(path('whole')));
    jsonOf(await runBptt(['train', module, '--out', out, '--resume', '--json']));
    expect(await endOf(out)).toEqual(await endOf(path('whole')));
  });

  it('reads no code from a run: its module must be named, and the error says which', async () => {
    const { module, data, path } = workplace();
    const out = path('run');
    jsonOf(await runBptt(['train', module, '--data', data, '--out', out, '--epochs', '1', '--json']));
    writeFileSync(module, `${PARITY}\n${touching(path('executed'))}`);
    for (const args of [
      ['eval', out],
      ['predict', join(out, 'best.safetensors'), '[1]'],
    ]) {
      const { status, stdout, stderr } = await runBptt(args);
      expect([status, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(/^bptt: error \[task_missing\]: [^\n]*"parity"[^\n]*--task \S*own\.mjs[^\n]*\n$/);
      expect(stderr).toContain(`--task ${module}`);
    }
    expect(existsSync(path('executed'))).toBe(false);
    expect((await runBptt(['eval', out, '--task', module])).status).toBe(0);
    expect(existsSync(path('executed'))).toBe(true);
  });

  it('refuses the module of another task for a run', async () => {
    const { module, data, path } = workplace();
    jsonOf(await runBptt(['train', module, '--data', data, '--out', path('run'), '--epochs', '1', '--json']));
    writeFileSync(module, PARITY.replace("'parity'", "'other'"));
    const evaluated = await runBptt(['eval', path('run'), '--task', module]);
    expect([evaluated.status, evaluated.stderr]).toEqual([2, expect.stringMatching(/\[configuration_mismatch\]/)]);
    const resumed = await runBptt(['train', module, '--out', path('run'), '--resume']);
    expect([resumed.status, resumed.stderr]).toEqual([2, expect.stringMatching(/not one of the task 'other'/)]);
  });

  it('tells where the code of the task fails', async () => {
    const { module, data, path } = workplace(PARITY.replace('splitParts(await', 'splitPart(await'));
    const { status, stderr } = await runBptt(['train', module, '--data', data, '--out', path('run')]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^bptt: error \[internal\]: splitPart is not defined \(file:\S+own\.mjs:15:5\)\n$/);
    expect(existsSync(path('run'))).toBe(false);
  });
});

/** A line of a module that leaves a file behind. */
function touching(file: string): string {
  return `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(file)}, '');\n`;
}

describe('a module that is no task', () => {
  const SMALL = `defineTask({ name: 'NAME', summary: 's', read: () => ({ training: [] }), network: () => sequential([]), loss: 'meanSquaredError' })`;
  const named = (name: string) => SMALL.replace('NAME', name);

  it.each<[string, string, string, string, RegExp]>([
    [
      'throws',
      'own.mjs',
      'throw new Error("no luck");',
      'task_unreadable',
      /cannot be loaded: Error: no luck \(file:\S+own\.mjs:1:7\)/,
    ],
    ['throws a text', 'own.mjs', 'throw "no luck";', 'task_unreadable', /it throws no luck/],
    [
      'is not JavaScript',
      'own.mjs',
      '\nexport const = 3;',
      'task_unreadable',
      /SyntaxError: Unexpected token '='; node --check shows the place/,
    ],
    [
      'imports what is not there',
      'own.mjs',
      "import './nothing.mjs';",
      'task_unreadable',
      /Cannot find module .*nothing\.mjs/,
    ],
    ['exports nothing', 'own.mjs', 'const task = 3;', 'task_unreadable', /exports no task: .*it exports nothing/],
    [
      'exports a plain object',
      'own.mjs',
      'export const mine = {}, other = 3;',
      'task_unreadable',
      /a result of defineTask.*it exports mine, other/,
    ],
    [
      'exports two tasks',
      'own.mjs',
      `${IMPORTS}export const a = ${named('one')};\nexport const b = ${named('two')};`,
      'task_unreadable',
      /exports 2 tasks, one, two: export exactly one/,
    ],
    [
      'defines a wrong task',
      'own.mjs',
      `${IMPORTS}export const a = ${named('lm')};`,
      'invalid_task',
      /'lm' has the name of a built-in task/,
    ],
    ['is no file', 'other.mjs', '', 'task_unreadable', /own\.mjs' does not exist/],
  ])('because it %s is status 2 and one line', async (_name, file, text, code, message) => {
    const folder = folderWithPackage();
    writeModule(folder, file, text);
    const module = join(folder, 'own.mjs');
    const { status, stdout, stderr } = await runBptt(['train', module, '--help']);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(new RegExp(`^bptt: error \\[${code}\\]: [^\\n]+\\n$`));
    expect(stderr).toMatch(message);
  });

  it.each(['eval', 'predict'])('is refused by bptt %s, too', async (command) => {
    const folder = folderWithPackage();
    const inputs = command === 'eval' ? [] : ['1'];
    const { status, stderr } = await runBptt([command, folder, ...inputs, '--task', join(folder, 'own.mjs')]);
    expect([status, stderr]).toEqual([2, expect.stringMatching(/^bptt: error \[task_unreadable\]: .* does not exist/)]);
  });

  it('is TypeScript, where Node.js does not read that', async () => {
    const module = writeModule(folderWithPackage(), 'own.ts', `${IMPORTS}export const a: unknown = ${named('one')};`);
    const { status, stdout, stderr } = await runBptt(['train', module, '--help']);
    if ('typescript' in process.features && process.features.typescript) {
      expect([status, stdout]).toEqual([0, expect.stringMatching(/^Usage/)]);
      return;
    }
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(
      /^bptt: error \[task_unreadable\]: [^\n]*is TypeScript, which Node\.js v\S+ cannot load[^\n]*\n$/,
    );
  });

  it('lies where bptt is not installed', async () => {
    const folder = join(folderWithPackage(), 'node_modules');
    const module = writeModule(folder, 'own.mjs', "import 'bptt-that-nobody-has';");
    expect((await runBptt(['train', module])).stderr).toMatch(/Cannot find package 'bptt-that-nobody-has'/);
  });

  it('holds a task of another copy of the package', async () => {
    const task = "Object.defineProperty({ name: 'one' }, Symbol.for('bptt.task'), { value: true })";
    const module = writeModule(folderWithPackage(), 'own.mjs', `export const mine = ${task};`);
    const { status, stderr } = await runBptt(['train', module]);
    expect([status, stderr]).toEqual([2, expect.stringMatching(/another copy of bptt, 'mine': run the bptt that/)]);
  });

  it('may export its task as default and by a name at once, and be CommonJS', async () => {
    const folder = folderWithPackage();
    const both = writeModule(
      folder,
      'own.mjs',
      `${IMPORTS}export const a = ${named('one')};\nexport { a as default };`,
    );
    expect((await runBptt(['train', both, '--help'])).stdout).toMatch(/^Usage: bptt train \S+own\.mjs/);
    const common = writeModule(folder, 'own.cjs', "module.exports = require('./own.mjs').a;");
    const { status, stderr } = await runBptt(['train', common, '--help']);
    expect([status, stderr]).toEqual([0, '']);
  });
});
