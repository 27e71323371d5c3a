/** Runs the modules of examples, in a folder below the root, where `bptt` is the built package. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

const RUN = `
  import { writeFileSync } from 'node:fs';
  const [first, ...names] = JSON.parse(process.argv[2]);
  await import(\`../\${first}.mjs\`);
  const thrown = [];
  for (const name of names) {
    thrown.push(await import(\`../\${name}.mjs\`).then(() => null, (error) => String(error?.stack ?? error)));
  }
  writeFileSync('thrown.json', JSON.stringify(thrown));
  process.exit();`;

/**
 * Compiles TypeScript modules and imports some of them, one after the other, in one process. Its working folder is a new and
 * empty one, `place`.
 *
 * @param folder where the modules are written
 * @param sources the text of each module by its name; they may import each other
 * @param first the module that makes the files which the others read; when it throws, this throws
 * @param names the modules that are imported then
 * @returns what each of these threw; null when it ran
 */
export function runModules(
  folder: string,
  sources: ReadonlyMap<string, string>,
  first: string,
  names: readonly string[],
): (string | null)[] {
  for (const [name, source] of sources) {
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: false },
    });
    writeFileSync(path.join(folder, `${name}.mjs`), outputText);
  }
  const place = path.join(folder, 'place');
  mkdirSync(place);
  writeFileSync(path.join(place, 'run.mjs'), RUN);
  const list = JSON.stringify([first, ...names]);
  const { status, signal, stderr } = spawnSync(process.execPath, ['run.mjs', list], { cwd: place, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the examples ended with ${status ?? signal}:\n${stderr}`);
  return JSON.parse(readFileSync(path.join(place, 'thrown.json'), 'utf8')) as (string | null)[];
}
