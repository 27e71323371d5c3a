/** The files of this project, for tests that read them. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

/** Paths of the files below a folder that end in one of the given ways, from the root, with `/`, sorted. */
export function filesBelow(folder: string, endings: readonly string[]): string[] {
  return readdirSync(path.join(projectRoot, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => path.relative(projectRoot, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .filter((file) => !file.startsWith('native/third_party/'))
    .sort();
}

export function readProjectFile(file: string): string {
  return readFileSync(path.join(projectRoot, file), 'utf8');
}

/** What a TypeScript source imports, re-exports or requires, as written. */
export function moduleSpecifiers(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const statements = code.matchAll(/^(?:import|export)\b(?:[^'";]*?\bfrom)?\s*'([^'\n]+)';/gm);
  const calls = code.matchAll(/\b(?:import|require)\(\s*'([^'\n]+)'\s*\)/g);
  return [...statements, ...calls].map(([, specifier]) => specifier ?? '');
}
