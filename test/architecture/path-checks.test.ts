import { describe, expect, it } from 'vitest';
import { filesBelow, readProjectFile } from './project-files.js';

/**
 * Files that ask the system for paths themselves: those that turn its errors into errors of the library for all others, and
 * those of the library's own files, which no user names.
 */
const MAY_ASK = [/^src\/core\/(regular-file|path-stats|byte-source)\.ts$/, /^src\/checkpoint\//, /^src\/native\//];

/** Statements that import a value from Node's file system. A type asks nothing. */
const IMPORT = /^import (?!type\b)[^;]*?from 'node:fs(?:\/promises)?';/gm;

describe('paths that users give', () => {
  it('are looked at and opened by the helpers of src/core alone, whose errors have codes', () => {
    const files = filesBelow('src', ['.ts']).filter((file) => !MAY_ASK.some((place) => place.test(file)));
    expect(files.length).toBeGreaterThan(100);
    expect(files.filter((file) => readProjectFile(file).match(IMPORT) !== null)).toEqual([]);
  });

  it('of runs are looked at by the same helpers: the system is asked what a place is only where its errors are caught', () => {
    const asking = filesBelow('src/checkpoint', ['.ts']).filter((file) =>
      /\b(?:statSync|existsSync)\(/.test(readProjectFile(file)),
    );
    // Temporary files, which these have made themselves.
    expect(asking).toEqual([
      'src/checkpoint/file-transfer.ts',
      'src/checkpoint/run-files.ts',
      'src/checkpoint/run-lock.ts',
    ]);
  });

  it('are found in such a statement', () => {
    expect("import { existsSync,\n  statSync } from 'node:fs';\n".match(IMPORT)).toHaveLength(1);
    expect("import type { FileHandle } from 'node:fs/promises';".match(IMPORT)).toBeNull();
  });
});
