import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../architecture/project-files.js';
import { typeErrors } from '../packaging/type-check.js';
import { codeBlocks, documents } from './documents.js';

const examples = documents.flatMap((document) => codeBlocks(document, 'ts'));
const [training] = examples;
const broken = (training?.code ?? '').replace('units: 128', "units: 'many'");
const sources = [...examples.map(({ code }) => code), broken];
const folder = mkdtempSync(join(projectRoot, 'build', 'readme-'));
const fileOf = (index: number) => join(folder, `example-${index}.mts`);

let errors = new Map<string, string[]>();
beforeAll(() => {
  const files = sources.map((source, index) => {
    writeFileSync(fileOf(index), source);
    return fileOf(index);
  });
  errors = typeErrors(files);
});
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

  it('fail the type check when an option has a wrong type', () => {
    expect(errors.get(fileOf(examples.length))).not.toEqual([]);
  });
});
