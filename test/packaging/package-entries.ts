/** The entries of the package, as package.json names them. */
import path from 'node:path';
import { projectRoot, readProjectFile } from '../architecture/project-files.js';

export interface PackageEntry {
  /** What a program imports: `bptt`, `bptt/data`. */
  readonly specifier: string;
  /** Its part of `exports`. */
  readonly conditions: Readonly<Record<string, string>>;
  /** Path of the source from the root: `src/index.ts`, `src/entries/NAME.ts`. */
  readonly source: string;
  /** Absolute paths of what it is compiled to. */
  readonly code: string;
  readonly types: string;
}

const { exports } = JSON.parse(readProjectFile('package.json')) as {
  exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
};

export const packageEntries: readonly PackageEntry[] = Object.entries(exports).flatMap(([name, conditions]) => {
  if (typeof conditions === 'string') return []; // package.json
  const stem = name === '.' ? 'index' : name.replace(/^\.\//, 'entries/');
  return {
    specifier: name.replace(/^\./, 'bptt'),
    conditions,
    source: `src/${stem}.ts`,
    code: path.join(projectRoot, 'dist', `${stem}.js`),
    types: path.join(projectRoot, 'dist', `${stem}.d.ts`),
  };
});
