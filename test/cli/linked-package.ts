import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../architecture/project-files.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';

/** An empty folder in which `bptt` is installed: modules in it import the built package. */
export function folderWithPackage(): string {
  const folder = temporaryDirectory();
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(projectRoot, join(folder, 'node_modules', 'bptt'), 'junction');
  return folder;
}

/** Writes a file of a folder. @returns its path */
export function writeModule(folder: string, name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}
