import { spawnSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot, readProjectFile } from '../architecture/project-files.js';
import { folderWithPackage } from '../cli/linked-package.js';
import { MAIN } from '../cli/run-bptt.js';

const page = readProjectFile('docs/tasks/own-task.md');
const blocks = (language: string) =>
  [...page.matchAll(/```(\w+)\n([\s\S]*?)```/g)].flatMap(([, name, text]) =>
    name === language ? [text as string] : [],
  );

/** An empty folder with the package and the example. */
function workplace(): string {
  const folder = folderWithPackage();
  copyFileSync(join(projectRoot, 'examples/own-task.mjs'), join(folder, 'own-task.mjs'));
  return folder;
}

function run(folder: string, command: string, args: readonly string[]): string {
  const environment = { ...process.env, BPTT_THREADS: '1' };
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, env: environment, encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, expect.any(String)]);
  return stdout;
}

/** The errors of the model and of repeating the last reading, from any output. */
function errorsIn(text: string): [number, number][] {
  const told = text.matchAll(/RMSE ([\d.]+) {2}saying the last reading again ([\d.]+)/g);
  return Array.from(told, ([, model, last]) => [Number(model), Number(last)]);
}

describe.skipIf(process.platform === 'win32')('the page of tasks of one’s own', () => {
  it('has commands that do in an empty folder what it says', () => {
    const script = blocks('sh').join('').replaceAll('npx bptt', `'${process.execPath}' '${MAIN}'`);
    const text = run(workplace(), 'sh', ['-e', '-c', script]);
    expect(text).toMatch(/^Usage: bptt train \.\/own-task\.mjs/);
    const [validation, test, evaluated] = errorsIn(text);
    expect(evaluated).toEqual(test);
    for (const [model, last] of [validation, test] as [number, number][]) expect(model).toBeLessThan(0.75 * last);
    const lines = text.split('\n').filter((line) => line.startsWith('{'));
    const results = lines.map((line) => JSON.parse(line) as { output?: number[]; outputs?: number[][] });
    const [predicted, ...streamed] = results as [{ outputs: number[][] }, ...{ output: number[] }[]];
    expect(predicted.outputs).toHaveLength(6);
    expect(streamed.slice(0, 3).map(({ output }) => output)).toEqual(predicted.outputs.slice(0, 3));
    expect(results.at(-1)?.outputs).toHaveLength(9);
    expect(text).toMatch(/measured\.jsonl: 1 examples\nRMSE/);
    expect(text).toMatch(/steps +\d+ \(12 epochs\)/);
  });

  it('has a program that does what it says', () => {
    const folder = workplace();
    const program = blocks('js').find((text) => text.includes('trainTask(')) as string;
    writeFileSync(join(folder, 'use.mjs'), program);
    const text = run(folder, process.execPath, ['use.mjs']);
    expect(Number(text.split('\n')[0])).toBeLessThan(0.2);
    expect(errorsIn(text)).toHaveLength(1);
  });
});
