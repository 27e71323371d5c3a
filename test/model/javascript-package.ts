/** A program on the compiled library, for processes and threads that vitest does not translate for. */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Writes a program into a temporary folder, beside the compiled library.
 *
 * @param program text of a module that imports the library from `./dist/index.js`
 * @returns path of that module
 */
export function javascriptPackage(program: string): { readonly path: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'bptt-package-'));
  symlinkSync(join(root, 'dist'), join(folder, 'dist'), 'junction');
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const path = join(folder, 'program.js');
  writeFileSync(path, program);
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
