import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesBelow, projectRoot, readProjectFile } from '../architecture/project-files.js';
import { exportedNames } from '../packaging/exported-names.js';
import { packageEntries } from '../packaging/package-entries.js';
import { typeErrors } from '../packaging/type-check.js';
import { type DocExample, docExamples } from './doc-examples.js';
import { exampleModule, type NameSources } from './example-module.js';
import { runModules } from './run-modules.js';

/**
 * The module of prelude/ with the names that an example uses without declaring them: the first whose pattern fits its
 * file and name.
 */
const PRELUDES: readonly (readonly [RegExp, string])[] = [
  [/ (Model\.decoder|beamSearch)$/, 'translation'],
  [/ (Model\.gradients|checkGradients|recurrentCell)$/, 'series'],
  [/ (TokenStreams|Trainer)$/, 'language'],
  [/ SequenceBatches$/, 'classifier'],
  [/ LoadedTask\./, 'loaded'],
  [/^src\/(decoding|features)\//, 'sound'],
  [/^src\/metrics\//, 'judgement'],
  [/^src\/(checkpoint|interchange|model|network|saved|training)\//, 'classifier'],
  [/./, 'data'],
];

const { examples, extending } = docExamples();
const broken: readonly DocExample[] = [
  { file: 'a wrong type', line: 1, of: 'lstm', code: "lstm({ units: 'many' });" },
  { file: 'a wrong value', line: 1, of: 'lstm', code: 'lstm({ units: 8 }).units; // => 9' },
];
const all = [...examples, ...broken].map((example, index) => ({ ...example, index }));

const folder = mkdtempSync(path.join(projectRoot, 'build', 'doc-examples-'));
const fileOf = (name: string | number) => path.join(folder, `${name}.mts`);
afterAll(() => rmSync(folder, { recursive: true }));

/** The entry of each public name: the first that has it. */
const entries: NameSources = new Map(
  [...packageEntries]
    .reverse()
    .flatMap(({ source, specifier }) => [...exportedNames(source)].map((name) => [name, specifier] as const)),
);
/** The functions of values: what a layer, a loss or an optimizer of one's own is built of, by the names that layers have elsewhere. */
const operations: NameSources = new Map(
  packageEntries
    .filter(({ specifier }) => specifier === 'bptt/operations')
    .flatMap(({ source, specifier }) => [...exportedNames(source)].map((name) => [name, specifier] as const)),
);
const preludes = new Map(
  filesBelow('test/examples/prelude', ['.ts']).map((file) => [path.basename(file, '.ts'), readProjectFile(file)]),
);

/** The modules by name: the preludes, and the examples by number. */
function modules(): Map<string, string> {
  const asserts: NameSources = new Map([['deepStrictEqual', 'node:assert/strict']]);
  const written = new Map(preludes);
  for (const { file, of, code, index } of all) {
    const prelude = PRELUDES.find(([pattern]) => pattern.test(`${file} ${of}`))?.[1] as string;
    const names = exportedNames(`test/examples/prelude/${prelude}.ts`);
    const taken = [...names].map((name) => [name, `./${prelude}.mjs`] as const);
    const within: NameSources = /^src\/network\/operations\/| define(Layer|Loss|Optimizer)$/.test(`${file} ${of}`)
      ? operations
      : new Map();
    written.set(String(index), exampleModule(code, [asserts, within, new Map(taken), entries]));
  }
  return written;
}

let errors: string[][] = [];
let thrown: (string | null)[] = [];
beforeAll(() => {
  const sources = modules();
  for (const [name, source] of sources) writeFileSync(fileOf(name), source);
  const found = typeErrors([...sources.keys()].map((name) => fileOf(name)));
  errors = all.map(({ index }) => found.get(fileOf(index)) as string[]);
  thrown = runModules(folder, sources, 'files', [...all.keys()].map(String));
});

describe('the examples in doc comments', () => {
  it('are there, all of public names', () => {
    expect(examples.length).toBeGreaterThan(60);
    const isPublic = (of: string) => {
      const [name] = of.split('.') as [string];
      return [name, ...extending(name)].some((one) => entries.has(one));
    };
    expect(examples.filter(({ of }) => !isPublic(of)).map(({ file, of }) => `${file} ${of}`)).toEqual([]);
  });

  it.each(all.slice(0, examples.length))('$file:$line $of type-checks and runs', ({ index }) => {
    expect(errors[index]).toEqual([]);
    expect(thrown[index]).toBeNull();
  });

  it('are found out when an option has a wrong type, and when a value is another than stated', () => {
    const [type, value] = [examples.length, examples.length + 1];
    expect(errors[type]?.join()).toContain("'string' is not assignable to type 'number'");
    expect(errors[value]).toEqual([]);
    expect(thrown[value]).toContain('AssertionError');
  });
});
