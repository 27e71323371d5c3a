/** Real data outside the project. It is never part of the project. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Path of a data set, and whether it is missing, which is reported once. */
export function sharedData(name: string): { readonly folder: string; readonly isMissing: boolean } {
  const folder = fileURLToPath(new URL(`../../../shared/data/${name}`, import.meta.url));
  const isMissing = !existsSync(folder);
  if (isMissing) console.warn(`SKIPPED: the data set ${folder} is not there`);
  return { folder, isMissing };
}
