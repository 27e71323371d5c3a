import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesBelow, projectRoot, readProjectFile } from './project-files.js';

const FOLDERS = ['bench', 'docs', 'examples', 'native', 'scripts', 'src', 'test'];
const ENDINGS = ['.cc', '.cjs', '.def', '.h', '.md', '.mjs', '.py', '.ts'];
const PAGES = ['ARCHITECTURE.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'README.md', 'SECURITY.md'];

/** Folders that scripts make. They need not exist. */
const MADE = /^(build|dist|native\/third_party|src\/graph\/generated)(\/|$)/;

/** Folders that a path may start from, besides the root and the folder of the file that names it. */
const STARTS = ['src', 'native', 'native/kernels', 'native/kernels/generic'];

/** A path from a folder of the root, a path to a source file, or the bare name of a C++ file. */
const PATHS = new RegExp(
  [
    String.raw`(?:${FOLDERS.join('|')})(?:/[\w-]+(?:\.[\w-]+)*)+`,
    String.raw`(?:\.\.?/)*[\w-]+(?:/[\w-]+)+(?:\.test)?\.(?:cc|cjs|def|h|md|py|ts)`,
    String.raw`[a-z]\w+\.(?:cc|def)`,
  ]
    .map((path) => String.raw`(?<![\w./@:<>$*{}-])${path}(?![\w*/<>{}]|\.\w|-)`)
    .join('|'),
  'g',
);

/** Sources of this project, with the names that stand alone. */
const files = [...FOLDERS.flatMap((folder) => filesBelow(folder, ENDINGS)), ...PAGES];
const names = new Set(files.map((file) => path.posix.basename(file)));

/** The prose of a file: its comments, or a page without its blocks of code. */
function proseOf(file: string, text: string): string {
  if (file.endsWith('.md')) return text.replace(/^```[\s\S]*?^```/gm, '');
  if (/\.(def|py)$/.test(file)) return [...text.matchAll(/(?:^|\s)(?:#|\/\/) .*$/gm)].join('\n');
  return [...text.matchAll(/\/\*[\s\S]*?\*\/|(?:^|\s)\/\/ .*$/gm)].join('\n');
}

/** The paths that a text names and that do not exist. @param file the file that the text stands in */
function missingPaths(file: string, text: string): string[] {
  const starts = ['.', ...STARTS, path.posix.dirname(file)];
  return [...proseOf(file, text).matchAll(PATHS)]
    .map(([name]) => name)
    .filter((name) => !MADE.test(name) && !names.has(name) && !/\b[A-Z]{2,}\b/.test(path.posix.basename(name, '.md')))
    .filter((name) => !starts.some((start) => existsSync(path.join(projectRoot, start, name))));
}

describe('comments and pages', () => {
  it('name files and folders that exist', () => {
    expect(files.length).toBeGreaterThan(500);
    const others = files.filter((file) => !file.endsWith('/named-paths.test.ts'));
    const missing = others.flatMap((file) =>
      missingPaths(file, readProjectFile(file)).map((name) => `${file} names ${name}`),
    );
    expect(missing).toEqual([]);
  });

  it('are read for paths of all kinds', () => {
    const found = (text: string) => missingPaths('src/model/model.ts', text);
    expect(found('// see src/model/no-such.ts, src/no-such-folder and no_such.cc')).toEqual([
      'src/model/no-such.ts',
      'src/no-such-folder',
      'no_such.cc',
    ]);
    expect(found('/** `use/no-such.ts` */')).toEqual(['use/no-such.ts']);
    expect(found('/** `use/stream.ts`, program/work.h, test/kernels, lstm.cc, src/entries/NAME.ts */')).toEqual([]);
    expect(found("const file = 'src/model/no-such.ts';")).toEqual([]);
    expect(missingPaths('docs/losses.md', 'In `src/no-such.ts`.\n```\nsrc/in-a-block.ts\n```\n')).toEqual([
      'src/no-such.ts',
    ]);
  });
});
