import { createRequire, isBuiltin } from 'node:module';
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
  peerDependencies: Record<string, string>;
};

const publishedCode = () => files.filter((file) => /^dist\/.*\.js$/.test(file)).map((file) => readProjectFile(file));

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
      'scripts/build-requirements.cjs',
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
      /^(package\.json|sbom\.cdx\.json|(README|ARCHITECTURE|CHANGELOG|SECURITY)\.md|LICENSE|CMakeLists\.txt|binding\.gyp)$/,
      /^scripts\/(install|build-native|build-requirements)\.cjs$/,
      /^dist\/.+\.(js|d\.ts)$/,
      /^dist\/third-party-licenses\.txt$/,
      /^docs\/.+\.(md|svg)$/,
      /^examples\/.+\.mjs$/,
      /^native\/.+\.(cc|h|def|map|cmake)$/,
      /^native\/(CMakeLists\.txt|kernels\/README\.md)$/,
      /^native\/third_party\/(eigen|node-addon-api|node-api-headers)\//,
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

  it('depends at run time on every package that its published code imports, and on no other', () => {
    const imported = new Set<string>();
    for (const code of publishedCode()) {
      for (const name of moduleSpecifiers(code.replaceAll('"', "'").replace(/\brequire\$\d+\(/g, 'require('))) {
        if (!name.startsWith('.') && !isBuiltin(name)) imported.add(name.split('/')[0] as string);
      }
    }
    // Packages that only some formats need are installed by those who have such files.
    const { dependencies, peerDependencies } = manifest;
    expect([...imported].sort()).toEqual(Object.keys({ ...dependencies, ...peerDependencies }).sort());
  });

  it('installs at most eight packages on a server', () => {
    const { packages } = JSON.parse(readProjectFile('package-lock.json')) as {
      packages: Record<string, { dev?: boolean; devOptional?: boolean }>;
    };
    const installed = Object.entries(packages).filter(
      ([name, { dev, devOptional }]) => name !== '' && !dev && !devOptional,
    );
    expect(installed.length).toBeGreaterThan(0);
    expect(installed.length, installed.map(([name]) => name).join(' ')).toBeLessThanOrEqual(8);
  });

  it('names the license of every package whose code it contains', () => {
    const text = readProjectFile('dist/third-party-licenses.txt');
    const joined = new Set<string>();
    const add = (name: string): void => {
      if (joined.has(name)) return;
      joined.add(name);
      const { dependencies = {} } = JSON.parse(readProjectFile(`node_modules/${name}/package.json`)) as Partial<
        typeof manifest
      >;
      for (const dependency of Object.keys(dependencies)) add(dependency);
    };
    for (const file of filesBelow('src', ['.ts'])) {
      for (const name of moduleSpecifiers(readProjectFile(file))) {
        const isInstalled = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).some(
          (known) => name === known || name.startsWith(`${known}/`),
        );
        if (!name.startsWith('.') && !isBuiltin(name) && !isInstalled) add(name);
      }
    }
    expect([...joined]).toContain('cli-progress');
    for (const name of joined) expect(text).toMatch(new RegExp(`^${name} \\d.*\\(.+\\)$`, 'm'));
  });
});
