/** The library as JavaScript in a folder of its own, for processes and threads that vitest does not translate for. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Translates all of src/ into a package in a temporary folder, which has the native binaries and dependencies of this
 * one.
 *
 * @param program text of a module that imports the library from `./dist/index.js`
 * @returns path of that module
 */
export function javascriptPackage(program: string): { readonly path: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'bptt-package-'));
  for (const name of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue;
    const { outputText } = ts.transpileModule(readFileSync(join(root, 'src', name), 'utf8'), {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
    });
    const file = join(folder, 'dist', name.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, outputText);
  }
  cpSync(join(root, 'package.json'), join(folder, 'package.json'));
  for (const shared of ['build', 'prebuilds', 'node_modules'])
    symlinkSync(join(root, shared), join(folder, shared), 'junction');
  const path = join(folder, 'program.js');
  writeFileSync(path, program);
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
