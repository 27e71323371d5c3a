import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { NativeError } from '../core/errors.js';
import { mayRead } from './permission.js';

interface PackageRoot {
  readonly directory: string;
  readonly version: string;
}

let found: PackageRoot | undefined;

/**
 * The package's folder, which holds its binaries, and its version: the next `package.json` named `bptt` above this module, whether it
 * executes as a source, compiled alone or bundled with others.
 *
 * @throws {NativeError} `native_missing` when there is none: a bundler has moved this code into another package;
 *   `addons_denied` when it may be in a folder that this process may not read
 */
export function packageRoot(): PackageRoot {
  found ??= findPackageRoot(fileURLToPath(import.meta.url));
  return found;
}

function findPackageRoot(start: string): PackageRoot {
  const denied: string[] = [];
  for (let directory = path.dirname(start); ; directory = path.dirname(directory)) {
    const file = path.join(directory, 'package.json');
    const manifest = readManifest(file);
    if (manifest?.name === 'bptt') return { directory, version: String(manifest.version) };
    if (!mayRead(file)) denied.push(directory);
    if (directory === path.dirname(directory)) break;
  }
  if (denied[0] !== undefined) {
    const message =
      `the package of bptt is above '${start}', but this process may not read '${denied[0]}': start node with ` +
      '`--allow-addons` and with `--allow-fs-read` for the whole package and its dependencies.';
    throw new NativeError('addons_denied', message, { module: start, denied });
  }
  throw new NativeError(
    'native_missing',
    `no package named 'bptt' is above '${start}', so its native binary cannot be found. A bundler has moved its code into another file: ` +
      "declare 'bptt' as external in the bundler's configuration, and install it beside the bundle.",
    { module: start },
  );
}

function readManifest(file: string): { readonly name?: unknown; readonly version?: unknown } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as object;
  } catch {
    return undefined;
  }
}
