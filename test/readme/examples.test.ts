import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const examples = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1] as string);
const folder = mkdtempSync(join(root, 'build', 'readme-'));

const broken = (examples[0] as string).replace('units: 128', "units: 'many'");
const fileOf = (index: number) => join(folder, `example-${index}.mts`);

/** Errors of one strict type check of all examples and the broken one, by file; below the root `bptt` is the built package. */
function typeErrors(): Map<string, string[]> {
  const sources = [...examples, broken];
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
    typeRoots: [join(root, 'node_modules', '@types')],
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

describe('the examples of the README', () => {
  it('are there: the training example first, then a loop of one’s own', () => {
    expect(examples.length).toBeGreaterThanOrEqual(2);
    expect(examples[0]).toContain('new Trainer(');
  });

  it('has a training example of about twenty lines', () => {
    const lines = (examples[0] as string).split('\n').filter((line) => line.trim() !== '');
    expect(lines.length).toBeLessThanOrEqual(20);
  });

  it.each(examples.map((_, index) => ({ index })))('example $index type-checks', ({ index }) => {
    expect(errors.get(fileOf(index))).toEqual([]);
  });

  it('fails the type check when an option has a wrong type', () => {
    expect(errors.get(fileOf(examples.length))).not.toEqual([]);
  });
});
