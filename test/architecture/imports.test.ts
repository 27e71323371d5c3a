import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesBelow, moduleSpecifiers, readProjectFile } from './project-files.js';

/**
 * The floors of src/, from the lowest to the highest. A file imports from its own floor and from those before it, never
 * from later ones; imports of types count. The last floor is the entries of the package: src/entries/NAME.ts for
 * `bptt/NAME` exports names of the floors, and no floor may import it. src/index.ts, for `bptt` itself, is beside the
 * floors and is an entry, too (test/packaging/entries.test.ts).
 */
const FLOORS = [
  'core',
  'native',
  'graph',
  'program',
  'batch',
  'network',
  'model',
  'features',
  'files',
  'data',
  'decoding',
  'metrics',
  'checkpoint',
  'saved',
  'interchange',
  'training',
  'tasks',
  'cli',
  'entries',
];

/**
 * Floors that may import less than all floors before them. Floors that compute on plain numbers must not import graphs
 * or models, and the entries must not import the command line.
 */
const SELF_CONTAINED: Readonly<Record<string, readonly string[]>> = {
  features: ['core'],
  files: ['core', 'features'],
  decoding: ['core'],
  metrics: ['core'],
  checkpoint: ['core'],
  entries: FLOORS.filter((floor) => floor !== 'cli' && floor !== 'entries'),
};

/**
 * The folders of a floor that have an order of their own, from the lowest; files beside them may import all of them.
 */
const ROOMS: Readonly<Record<string, readonly string[]>> = { model: ['build', 'execute', 'use'] };

const typescriptFiles = filesBelow('src', ['.ts']);
const nativeFiles = filesBelow('native', ['.h', '.cc', '.def']);
const nativeOrder = ['base', 'kernels', 'program', 'binding'];

/** What a C++ file includes: the name, and whether it stands in quotes. */
function includes(text: string): { name: string; quoted: boolean }[] {
  return [...text.matchAll(/^\s*#\s*include\s*([<"])([^>"]+)[>"]/gm)].map(([, mark, name]) => ({
    name: name ?? '',
    quoted: mark === '"',
  }));
}

const lineCount = (text: string) => text.split('\n').length - (text.endsWith('\n') ? 1 : 0);

/** The files that each file of src/ imports, types included. */
function importsOf(file: string): string[] {
  return moduleSpecifiers(readProjectFile(file))
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => path.posix.join(path.posix.dirname(file), specifier).replace(/\.js$/, '.ts'));
}

const floorOf = (file: string) => file.split('/')[1] ?? '';

describe('the folders of src/', () => {
  it('are the floors, and entries lie beside them', () => {
    const folders = new Set(typescriptFiles.map(floorOf));
    expect([...folders].filter((folder) => !folder.endsWith('.ts')).sort()).toEqual([...FLOORS].sort());
  });

  it('import each other in one direction only', () => {
    const wrong: string[] = [];
    for (const file of typescriptFiles) {
      const floor = floorOf(file);
      if (floor.endsWith('.ts')) continue;
      const below = SELF_CONTAINED[floor] ?? FLOORS.slice(0, FLOORS.indexOf(floor));
      for (const target of importsOf(file)) {
        if (floorOf(target) !== floor && !below.includes(floorOf(target))) wrong.push(`${file} imports ${target}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('import their own rooms in one direction only', () => {
    const wrong: string[] = [];
    for (const [floor, rooms] of Object.entries(ROOMS)) {
      const roomOf = (file: string) => rooms.findIndex((room) => file.startsWith(`src/${floor}/${room}/`));
      const files = typescriptFiles.filter((file) => floorOf(file) === floor);
      expect(rooms.filter((room) => !files.some((file) => file.startsWith(`src/${floor}/${room}/`)))).toEqual([]);
      for (const file of files.filter((each) => roomOf(each) >= 0)) {
        const targets = importsOf(file).filter((target) => floorOf(target) === floor);
        const late = targets.filter((target) => roomOf(target) < 0 || roomOf(target) > roomOf(file));
        wrong.push(...late.map((target) => `${file} imports ${target}`));
      }
    }
    expect(wrong).toEqual([]);
  });

  it('name no floor in a rule that does not exist', () => {
    const named = Object.entries(SELF_CONTAINED)
      .flatMap(([floor, below]) => [floor, ...below])
      .concat(Object.keys(ROOMS));
    expect(named.filter((floor) => !FLOORS.includes(floor))).toEqual([]);
  });

  it('hold files that name what they import with its .js ending, and no file imports itself in a circle, types included', () => {
    const relative = (file: string) => moduleSpecifiers(readProjectFile(file)).filter((each) => each.startsWith('.'));
    const withoutEnding = typescriptFiles.flatMap((file) => relative(file).filter((each) => !each.endsWith('.js')));
    expect(withoutEnding).toEqual([]);
    expect(circles(new Map(typescriptFiles.map((file) => [file, importsOf(file)])))).toEqual([]);
  });

  it('touch the addon through src/native only', () => {
    const users = typescriptFiles.filter((file) => readProjectFile(file).includes("'node-gyp-build'"));
    expect(users).toEqual(['src/native/loader.ts']);
  });
});

/** The circles in a graph of imports, each as a path that ends where it begins. */
function circles(importsOf: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const visit = (file: string, trail: readonly string[]): void => {
    if (state.get(file) === 'done') return;
    if (state.get(file) === 'open') {
      found.push([...trail.slice(trail.indexOf(file)), file].join(' -> '));
      return;
    }
    state.set(file, 'open');
    for (const target of importsOf.get(file) ?? []) visit(target, [...trail, file]);
    state.set(file, 'done');
  };
  for (const file of importsOf.keys()) visit(file, []);
  return found;
}

describe('the folders of native/', () => {
  it('include each other in one direction only, by their path from native/', () => {
    const wrong: string[] = [];
    for (const file of nativeFiles) {
      const place = nativeOrder.indexOf(file.split('/')[1] ?? '');
      expect(place, `${file} lies in a known folder`).toBeGreaterThanOrEqual(0);
      for (const { name, quoted } of includes(readProjectFile(file))) {
        if (!quoted) continue;
        const target = nativeOrder.indexOf(name.split('/')[0] ?? '');
        if (target < 0 || target > place) wrong.push(`${file} includes "${name}"`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('keep Eigen to the kernels that are compiled for each instruction set, and Node to the binding', () => {
    const wrong: string[] = [];
    for (const file of nativeFiles) {
      for (const { name } of includes(readProjectFile(file))) {
        const mayHaveEigen = /^native\/kernels\/(generic|isa)\//.test(file);
        if (/^(unsupported\/)?Eigen\//.test(name) && !mayHaveEigen) wrong.push(`${file} includes ${name}`);
        if (
          /^(napi|node_api|js_native_api|node|uv|v8)(\.h|-inl\.h)/.test(name) &&
          !file.startsWith('native/binding/')
        ) {
          wrong.push(`${file} includes ${name}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('hold no C++ file that the build does not know', () => {
    const listed = readProjectFile('native/sources.cmake');
    const sources = nativeFiles.filter((file) => file.endsWith('.cc')).map((file) => file.slice('native/'.length));
    expect(sources.filter((file) => !new RegExp(`^\\s*${file.replace(/\./g, '\\.')}$`, 'm').test(listed))).toEqual([]);
  });

  it('keep what lies outside the per-instruction-set kernels out of the kernel modules', () => {
    const kernelList = /set\(BPTT_KERNEL_SOURCES([^)]*)\)/.exec(readProjectFile('native/sources.cmake'))?.[1] ?? '';
    const sources = kernelList.trim().split(/\s+/);
    expect(sources.length).toBeGreaterThan(5);
    expect(sources.filter((file) => !/^kernels\/(generic|isa)\//.test(file))).toEqual([]);
  });
});

describe('the size of files', () => {
  it('stays below 400 lines in C++ and 300 in TypeScript', () => {
    const long = [
      ...nativeFiles.map((file) => ({ file, limit: 400 })),
      ...filesBelow('src', ['.ts'])
        .filter((file) => !file.endsWith('-pb.ts')) // generated
        .map((file) => ({ file, limit: 300 })),
    ]
      .map(({ file, limit }) => ({ file, limit, lines: lineCount(readProjectFile(file)) }))
      .filter(({ limit, lines }) => lines > limit);
    expect(long).toEqual([]);
  });
});
