import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot, readProjectFile } from '../architecture/project-files.js';
import { runModules } from '../examples/run-modules.js';
import { typeErrors } from '../packaging/type-check.js';
import { codeBlocks, documents } from './documents.js';

/** Makes what the examples read, but for the runs that examples of the README make. */
const FILES = `
  import { rmSync } from 'node:fs';
  import './files.mjs';
  for (const run of ['names', 'shakespeare']) rmSync(\`runs/\${run}\`, { recursive: true });`;

const examples = documents.flatMap((document) => codeBlocks(document, 'ts'));
const [training] = examples;
const broken = (training?.code ?? '').replace('units: 128', "units: 'many'");
const numbered = new Map([...examples.map(({ code }) => code), broken].map((code, index) => [String(index), code]));
const folder = mkdtempSync(join(projectRoot, 'build', 'readme-'));
const fileOf = (name: string | number) => join(folder, `${name}.mts`);

let errors = new Map<string, string[]>();
let thrown: (string | null)[] = [];
beforeAll(() => {
  for (const [name, source] of numbered) writeFileSync(fileOf(name), source);
  errors = typeErrors([...numbered.keys()].map(fileOf));
  const preparing = [
    ['files', readProjectFile('test/examples/prelude/files.ts')],
    ['begin', FILES],
  ] as const;
  thrown = runModules(folder, new Map([...numbered, ...preparing]), 'begin', [...numbered.keys()]);
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe('the examples of the README and of docs', () => {
  it('are there: the training example of the README first', () => {
    expect(examples.length).toBeGreaterThanOrEqual(5);
    expect(training?.document).toBe('README.md');
    expect(training?.code).toContain('new Trainer(');
  });

  it('begin with a training example of about twenty lines', () => {
    const lines = (training?.code ?? '').split('\n').filter((line) => line.trim() !== '');
    expect(lines.length).toBeLessThanOrEqual(20);
  });

  it.each(examples.map((example, index) => ({ ...example, index })))('$document:$line type-checks', ({ index }) => {
    expect(errors.get(fileOf(index))).toEqual([]);
  });

  it.each(examples.map((example, index) => ({ ...example, index })))('$document:$line runs', ({ index }) => {
    expect(thrown[index]).toBeNull();
  });

  it('fail the type check, and throw, when an option has a wrong type', () => {
    expect(errors.get(fileOf(examples.length))).not.toEqual([]);
    expect(thrown[examples.length]).toContain("'units' must be");
  });
});
