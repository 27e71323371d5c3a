import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesBelow, moduleSpecifiers, projectRoot, readProjectFile } from '../architecture/project-files.js';

function packedFiles(): string[] {
  // Without scripts: `prepack` compiles and copies Eigen, which other tests must not meet half done.
  const npm = process.env['npm_execpath'];
  const options = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const result = npm
    ? spawnSync(process.execPath, [npm, ...options], { cwd: projectRoot, encoding: 'utf8' })
    : spawnSync('npm', options, { cwd: projectRoot, encoding: 'utf8', shell: process.platform === 'win32' });
  expect(result.status, result.stderr).toBe(0);
  const [description] = JSON.parse(result.stdout) as { files: { path: string }[] }[];
  return (description?.files ?? []).map((file) => file.path.split(path.sep).join('/'));
}

const files = packedFiles();
const manifest = JSON.parse(readProjectFile('package.json')) as {
  bin: Record<string, string>;
  exports: Record<string, unknown>;
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
      'dist/index.js',
      'dist/index.d.ts',
      ...Object.values(manifest.bin),
    ];
    expect(needed.filter((file) => !files.includes(file))).toEqual([]);
  });

  it('holds every C++ file of native/', () => {
    const sources = filesBelow('native', ['.cc', '.h', '.def']);
    expect(sources.length).toBeGreaterThan(10);
    expect(sources.filter((file) => !files.includes(file))).toEqual([]);
  });

  it('holds a compiled file and its types for every TypeScript source, and none besides', () => {
    const stems = filesBelow('src', ['.ts']).map((file) => file.slice('src/'.length).replace(/\.ts$/, ''));
    const expected = stems.flatMap((stem) => [`dist/${stem}.js`, `dist/${stem}.d.ts`]);
    expect(files.filter((file) => file.startsWith('dist/')).sort()).toEqual(expected.sort());
  });

  it('holds nothing else: no tests, benchmarks, build folders or TypeScript sources', () => {
    const allowed = [
      /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|CMakeLists\.txt|binding\.gyp)$/,
      /^scripts\/(install|build-native)\.cjs$/,
      /^dist\/.+\.(js|d\.ts)$/,
      /^native\/.+\.(cc|h|def|map|cmake)$/,
      /^native\/CMakeLists\.txt$/,
      /^native\/third_party\/eigen\//,
      /^prebuilds\/[a-z0-9]+-[a-z0-9]+\/[^/]+\.(node|so|dylib|dll)$/,
    ];
    expect(files.filter((file) => !allowed.some((pattern) => pattern.test(file)))).toEqual([]);
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
