import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot, readProjectFile } from '../architecture/project-files.js';
import { packageEntries } from './package-entries.js';

const { copyWithoutNative } = createRequire(import.meta.url)('../../scripts/packed-package.cjs') as {
  copyWithoutNative(folder: string): void;
};

/** A project that has installed the package: the files that npm would publish are a folder in its node_modules. */
const project = mkdtempSync(path.join(realpathSync(tmpdir()), 'bptt-consumer-'));
const modules = path.join(project, 'node_modules');

beforeAll(() => {
  copyWithoutNative(path.join(modules, 'bptt'));
  const { dependencies } = JSON.parse(readProjectFile('package.json')) as { dependencies: object };
  for (const name of [...Object.keys(dependencies), '@types/node']) {
    mkdirSync(path.dirname(path.join(modules, name)), { recursive: true });
    symlinkSync(path.join(projectRoot, 'node_modules', name), path.join(modules, name), 'junction');
  }
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

/** What a program of the project prints, executed by node. */
function outputOf(name: string, options: readonly string[] = []): string {
  const result = spawnSync(process.execPath, [path.join(project, name), ...options], {
    cwd: project,
    encoding: 'utf8',
    env: { ...process.env, BPTT_PREBUILD: projectRoot },
  });
  expect({ status: result.status, signal: result.signal, stderr: result.stderr }).toEqual({
    status: 0,
    signal: null,
    stderr: '',
  });
  return result.stdout;
}

/** The JSON that a text prints as a program of the project; `.mjs` or `.cjs` decides which syntax it may use. */
function answerOf(name: string, program: string): unknown {
  writeFileSync(path.join(project, name), program);
  return JSON.parse(outputOf(name));
}

const specifiers = packageEntries.map(({ specifier }) => specifier);
const list = JSON.stringify(specifiers);

describe('the installed package', () => {
  it('gives every entry to import', () => {
    const program = `
      const counts = {};
      for (const name of ${list}) counts[name] = Object.keys(await import(name)).length;
      console.log(JSON.stringify(counts));`;
    const counts = answerOf('imports.mjs', program) as Record<string, number>;
    expect(Object.keys(counts)).toEqual(specifiers);
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(0);
  });

  it('gives every entry to require, whichever comes first', () => {
    const program = `
      const counts = {};
      for (const name of ${list}.reverse()) counts[name] = Object.keys(require(name)).length;
      console.log(JSON.stringify(counts));`;
    const counts = answerOf('requires.cjs', program) as Record<string, number>;
    expect(Object.keys(counts)).toEqual([...specifiers].reverse());
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(0);
  });

  it('has examples that run where it is installed', () => {
    const example = 'node_modules/bptt/examples/own-loss.mjs';
    expect(outputOf(example, ['train'])).toMatch(/^trained \d+ steps/);
    expect(outputOf(example, ['use'])).toMatch(/^loaded, loss/);
  });

  it('gives import and require the same values, and loads the addon once', () => {
    const program = `
      const { createRequire } = require('node:module');
      (async () => {
        const differing = [];
        for (const name of ${list}) {
          const required = require(name);
          const imported = await import(name);
          for (const key of new Set([...Object.keys(required), ...Object.keys(imported)])) {
            if (required[key] !== imported[key]) differing.push(name + ' ' + key);
          }
        }
        const { DataError, info, sequential, gru } = await import('bptt');
        const model = require('bptt').sequential([gru({ units: 2 })], { features: 1 }).compileSync();
        let error;
        try { require('bptt/data').decodeWav(new Uint8Array(3), 'x.wav'); } catch (caught) { error = caught; }
        const addons = Object.keys(require.cache).filter((file) => file.endsWith('.node'));
        console.log(JSON.stringify({
          differing, addons: addons.length, isModel: model instanceof require('bptt').Model,
          isDataError: error instanceof DataError, version: info().version,
        }));
      })();`;
    const { version } = JSON.parse(readProjectFile('package.json')) as { version: string };
    expect(answerOf('both.cjs', program)).toEqual({
      differing: [],
      addons: 1,
      isModel: true,
      isDataError: true,
      version,
    });
  });

  it('keeps its inner files to itself', () => {
    const program = `
      const codes = [];
      for (const name of ['bptt/dist/index.js', 'bptt/entries/data', 'bptt/graph'])
        codes.push(await import(name).catch((error) => error.code));
      console.log(JSON.stringify(codes));`;
    expect(new Set(answerOf('inner.mjs', program) as string[])).toEqual(new Set(['ERR_PACKAGE_PATH_NOT_EXPORTED']));
  });
});

/** A program that uses a value and a type of every entry. */
const CONSUMER = `
import { adam, dense, lstm, type Model, sequential, Trainer, type TrainingResult } from 'bptt';
import { type Checkpoint, saveCheckpoint } from 'bptt/checkpoint';
import { type Corpus, characterStreams, readText } from 'bptt/data';
import { type BeamHypothesis, beamSearch, type BeamStep } from 'bptt/decoding';
import { LogMel, type LogMelOptions } from 'bptt/features';
import { ConfusionMatrix, type ClassScores } from 'bptt/metrics';
import { predictTask, type TaskResult, trainTask } from 'bptt/tasks';

export async function fit(file: string): Promise<TrainingResult> {
  const corpus: Corpus = characterStreams(await readText(file), { batch: 2, steps: 3 });
  const model: Model = await sequential([lstm({ units: 4 }), dense({ units: corpus.vocabulary.size })], { features: 2 })
    .compile({ loss: 'softmaxCrossEntropy', optimizer: adam({ learningRate: 1e-3 }) });
  return new Trainer(model, { epochs: 1 }).fit(corpus);
}
export const save = (file: string, checkpoint: Checkpoint): Promise<void> => saveCheckpoint(file, checkpoint);
export const search = (step: BeamStep): Promise<readonly (readonly BeamHypothesis[])[]> =>
  beamSearch(step, { vocabulary: 9, begin: 0, end: 1, beams: 2, maxLength: 5 });
export const mel = (options: LogMelOptions): LogMel => new LogMel(options);
export const scores = (matrix: ConfusionMatrix): ClassScores => matrix.scores(0);
export async function task(): Promise<TaskResult> {
  for await (const { label } of predictTask('run', { values: ['x'] })) console.log(label);
  return trainTask('classify', { data: 'names', out: 'run' });
}
`;

const BROKEN = CONSUMER.replace('units: 4', "units: 'many'");

/** How callers resolve modules, and their files: a module, CommonJS. */
const CALLERS = {
  nodenext: {
    options: {
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      skipLibCheck: false,
    },
    files: { 'module.mts': CONSUMER, 'common.cts': CONSUMER, 'broken.mts': BROKEN },
  },
  node20: {
    options: { module: ts.ModuleKind.Node20, moduleResolution: ts.ModuleResolutionKind.Node16 },
    files: { 'common.cts': CONSUMER },
  },
  bundler: {
    options: { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
    files: { 'bundled.ts': CONSUMER },
  },
} as const;

/** Errors of a strict type check of these files and of all declarations that they reach in the package, by file. */
function typeErrors(caller: keyof typeof CALLERS): Record<string, string[]> {
  const { options, files } = CALLERS[caller];
  const folder = path.join(project, caller);
  mkdirSync(folder);
  for (const [name, source] of Object.entries(files)) writeFileSync(path.join(folder, name), source);
  const names = Object.keys(files);
  const program = ts.createProgram(
    names.map((name) => path.join(folder, name)),
    {
      ...options,
      strict: true,
      noEmit: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      target: ts.ScriptTarget.ES2023,
      lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
      types: ['node'],
      typeRoots: [path.join(modules, '@types')],
    },
  );
  const errors: Record<string, string[]> = Object.fromEntries(names.map((name) => [name, []]));
  for (const source of program
    .getSourceFiles()
    .filter(({ fileName }) => fileName.startsWith(project.replaceAll('\\', '/')))) {
    const name = path.relative(folder, source.fileName);
    for (const { messageText } of ts.getPreEmitDiagnostics(program, source)) {
      errors[name] = [...(errors[name] ?? []), ts.flattenDiagnosticMessageText(messageText, '\n')];
    }
  }
  return errors;
}

describe('the types of the installed package', () => {
  it('check in modules and in CommonJS under nodenext, and fail there where an option has a wrong type', () => {
    const { 'broken.mts': broken = [], ...others } = typeErrors('nodenext');
    expect(others).toEqual({ 'module.mts': [], 'common.cts': [] });
    expect(broken).toHaveLength(1);
    expect(broken[0]).toContain("'string' is not assignable to type 'number'");
  });

  it('check in CommonJS under node20', () => {
    expect(typeErrors('node20')).toEqual({ 'common.cts': [] });
  });

  it('check under bundler', () => {
    expect(typeErrors('bundler')).toEqual({ 'bundled.ts': [] });
  });
});
