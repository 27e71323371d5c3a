import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A folder of the shared data sets; reports when it is missing. */
export function realData(folder: string): { readonly path: string; readonly isMissing: boolean } {
  const path = fileURLToPath(new URL(`../../../shared/data/${folder}`, import.meta.url));
  const isMissing = !existsSync(path);
  if (isMissing) console.warn(`SKIPPED: the data set ${path} is not there`);
  return { path, isMissing };
}
