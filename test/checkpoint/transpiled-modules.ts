import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** The modules of two folders as JavaScript, for a process of their own. */
export function transpile(into: string): void {
  writeFileSync(join(into, 'package.json'), '{"type":"module"}');
  for (const folder of ['core', 'checkpoint']) {
    const source = fileURLToPath(new URL(`../../src/${folder}/`, import.meta.url));
    mkdirSync(join(into, folder));
    for (const name of readdirSync(source)) {
      const { outputText } = ts.transpileModule(readFileSync(join(source, name), 'utf8'), {
        compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
      });
      writeFileSync(join(into, folder, `${basename(name, '.ts')}.js`), outputText);
    }
  }
}
