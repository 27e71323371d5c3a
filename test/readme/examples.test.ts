import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../architecture/project-files.js';
import { codeBlocks, documents } from './documents.js';

const examples = documents.flatMap((document) => codeBlocks(document, 'ts'));
const [training] = examples;
const broken = (training?.code ?? '').replace('units: 128', "units: 'many'");
const sources = [...examples.map(({ code }) => code), broken];
const folder = mkdtempSync(join(projectRoot, 'build', 'readme-'));
const fileOf = (index: number) => join(folder, `example-${index}.mts`);

/** Errors of one strict type check of all examples and the broken one, by file. Below the root `bptt` is the built package. */
function typeErrors(): Map<string, string[]> {
  const files = sources.map((_, index) => fileOf(index));
  sources.forEach((source, index) => {
    writeFileSync(fileOf(index), source);
  });
  const program = ts.createProgram(files, {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ['node'],
    typeRoots: [join(projectRoot, 'node_modules', '@types')],
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  });
  const errors = new Map(files.map((file) => [file, [] as string[]]));
  for (const file of files) {
    for (const diagnostic of ts.getPreEmitDiagnostics(program, program.getSourceFile(file))) {
      errors.get(file)?.push(ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'));
    }
  }
  return errors;
}

let errors = new Map<string, string[]>();
beforeAll(() => {
  errors = typeErrors();
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
