/** Copies of the package as it runs, in other places. */
import { cpSync, linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../architecture/project-files.js';

/**
 * Copies the compiled code and the binaries into a folder.
 *
 * @param options `version`: another one for its package.json; `linkedTo`: a copy whose binaries are the same files, as pnpm links them
 */
export function copyPackage(
  folder: string,
  { version, linkedTo }: { readonly version?: string; readonly linkedTo?: string } = {},
): void {
  const binaries = path.join('build', 'Release');
  mkdirSync(path.join(folder, binaries), { recursive: true });
  cpSync(path.join(projectRoot, 'dist'), path.join(folder, 'dist'), { recursive: true });
  for (const name of readdirSync(path.join(projectRoot, binaries))) {
    if (!/\.(node|so|dylib|dll)$/.test(name)) continue;
    const target = path.join(folder, binaries, name);
    if (linkedTo === undefined) cpSync(path.join(projectRoot, binaries, name), target);
    else linkSync(path.join(linkedTo, binaries, name), target);
  }
  const manifest = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8')) as { version: string };
  writeFileSync(
    path.join(folder, 'package.json'),
    JSON.stringify({ ...manifest, version: version ?? manifest.version }),
  );
  symlinkSync(path.join(projectRoot, 'node_modules'), path.join(folder, 'node_modules'), 'junction');
}
