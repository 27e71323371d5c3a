import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesBelow, moduleSpecifiers, readProjectFile } from '../architecture/project-files.js';
import { linksOf, targetOf } from '../readme/documents.js';
import { packageEntries } from './package-entries.js';

const { packedFiles } = createRequire(import.meta.url)('../../scripts/packed-package.cjs') as {
  packedFiles(): string[];
};

const files = packedFiles();
const manifest = JSON.parse(readProjectFile('package.json')) as {
  bin: Record<string, string>;
  dependencies: Record<string, string>;
};

describe('the npm package', () => {
  it('holds what a user needs to run it and to build it from source', () => {
    const needed = [
      'package.json',
      'README.md',
      'LICENSE',
      'CHANGELOG.md',
      'CMakeLists.txt',
      'binding.gyp',
      'scripts/install.cjs',
      'scripts/build-native.cjs',
      'native/CMakeLists.txt',
      'native/sources.cmake',
      'native/cmake/BpttEigen.cmake',
      'native/kernels/exports.map',
      ...packageEntries.flatMap(({ conditions }) => Object.values(conditions).map((file) => file.slice('./'.length))),
      ...Object.values(manifest.bin),
    ];
    expect(needed.filter((file) => !files.includes(file))).toEqual([]);
  });

  it('holds every C++ file of native/', () => {
    const sources = filesBelow('native', ['.cc', '.h', '.def']);
    expect(sources.length).toBeGreaterThan(10);
    expect(sources.filter((file) => !files.includes(file))).toEqual([]);
  });

  it('holds the types of every TypeScript source, and the code of all in the entries and what they share', () => {
    const stems = filesBelow('src', ['.ts']).map((file) => file.slice('src/'.length).replace(/\.ts$/, ''));
    const types = files.filter((file) => file.startsWith('dist/') && file.endsWith('.d.ts'));
    expect(types.sort()).toEqual(stems.map((stem) => `dist/${stem}.d.ts`).sort());
    const entries = [...packageEntries.map(({ conditions }) => conditions.default), ...Object.values(manifest.bin)];
    const code = files.filter((file) => /^dist\/.*\.js$/.test(file) && !/^dist\/shared\/[a-z-]+\.js$/.test(file));
    expect(code.sort()).toEqual(entries.map((file) => path.posix.normalize(file as string)).sort());
  });

  it('holds nothing else: no tests, benchmarks, build folders or TypeScript sources', () => {
    const allowed = [
      /^(package\.json|(README|ARCHITECTURE|CHANGELOG)\.md|LICENSE|CMakeLists\.txt|binding\.gyp)$/,
      /^scripts\/(install|build-native)\.cjs$/,
      /^dist\/.+\.(js|d\.ts)$/,
      /^docs\/.+\.(md|svg)$/,
      /^examples\/.+\.mjs$/,
      /^native\/.+\.(cc|h|def|map|cmake)$/,
      /^native\/(CMakeLists\.txt|kernels\/README\.md)$/,
      /^native\/third_party\/eigen\//,
      /^prebuilds\/[a-z0-9]+-[a-z0-9]+\/[^/]+\.(node|so|dylib|dll)$/,
    ];
    expect(files.filter((file) => !allowed.some((pattern) => pattern.test(file)))).toEqual([]);
  });

  it('holds every example', () => {
    const examples = filesBelow('examples', ['.mjs']);
    expect(examples.length).toBeGreaterThan(5);
    expect(examples.filter((file) => !files.includes(file))).toEqual([]);
  });

  it('holds every file and folder that its documents link to', () => {
    const places = new Set(files);
    for (const file of files) {
      for (let at = file.lastIndexOf('/'); at > 0; at = file.lastIndexOf('/', at - 1)) places.add(file.slice(0, at));
    }
    const links = files
      .filter((file) => file.endsWith('.md'))
      .flatMap((document) => linksOf(document).map((link) => ({ document, link, target: targetOf(document, link) })));
    expect(links.length).toBeGreaterThan(50);
    expect(links.filter(({ target }) => !places.has(target.replace(/\/$/, '')))).toEqual([]);
  });

  it('depends at run time on every package that its code imports, and on no other', () => {
    const imported = new Set<string>(['cmake-js', 'node-addon-api']); // used by the build from source
    for (const file of filesBelow('src', ['.ts'])) {
      for (const name of moduleSpecifiers(readProjectFile(file))) {
        if (!name.startsWith('.') && !name.startsWith('node:')) imported.add(name);
      }
    }
    expect([...imported].sort()).toEqual(Object.keys(manifest.dependencies).sort());
  });
});
