import { createRequire } from 'node:module';
import path from 'node:path';
import { NativeError } from '../core/errors.js';
import { packageRoot } from './package-root.js';
import { mayRead } from './permission.js';

/** At the top, where tools that trace what a program needs look for it. */
const require = createRequire(import.meta.url);

/** Codes of Node's errors when it was told to load no addon: by `--permission` or by `--no-addons`. */
const DENIED = ['ERR_DLOPEN_DISABLED', 'ERR_ACCESS_DENIED'];

/** Commands that build the addon. */
const BUILD =
  '`npm rebuild bptt --foreground-scripts` (npm >= 12: first `npm install-scripts approve bptt`), `pnpm approve-builds` and ' +
  '`pnpm rebuild bptt`, `yarn rebuild bptt` or `bun pm trust bptt`, or in a clone with `npm run build:native`';

/**
 * Loads the native addon: build/Release of the package, else its prebuilt binary for this platform. The environment
 * variable `BPTT_PREBUILD` names another folder that holds `build/Release` or `prebuilds`. Node loads it once per thread.
 *
 * @throws {NativeError} `native_missing` when there is none that this platform can load; the message says how to build it;
 *   `addons_denied` when this process may not load addons, or not read the folder of this one
 */
export function loadBinding(): unknown {
  const { directory } = packageRoot();
  try {
    const load = require('node-gyp-build') as (root: string) => unknown;
    return load(directory);
  } catch (cause) {
    const { code, message } = cause as { readonly code?: unknown; readonly message?: unknown };
    const platform = `${process.platform}-${process.arch}`;
    const reason = String(cause instanceof Error ? message : cause)
      .trim()
      .split('\n')[0] as string;
    const details = { platform, directory, reason };
    const folder = process.env['BPTT_PREBUILD'] || directory;
    if (
      DENIED.includes(String(code)) ||
      !['build/Release', 'prebuilds'].every((name) => mayRead(path.join(folder, name)))
    )
      throw deniedError(details, cause);
    throw new NativeError(
      'native_missing',
      `bptt has no native binary that loads on ${platform} with Node ${process.versions.node}: ${reason}. ` +
        `Build it with ${BUILD}; this needs CMake >= 3.18 and a C++17 ` +
        'compiler. docs/installation.md of the package has the platforms with binaries.',
      details,
      cause,
    );
  }
}

function deniedError(details: { readonly directory: string; readonly reason: string }, cause: unknown): NativeError {
  const { resource } = cause as { readonly resource?: unknown };
  const readable = [details.directory, ...(typeof resource === 'string' && resource !== '' ? [resource] : [])];
  const message =
    `this process may not load the native addon of bptt: ${details.reason.replace(/\.$/, '')}. Under the permission model start ` +
    `node with \`--allow-addons ${readable.map((place) => `--allow-fs-read=${place}`).join(' ')}\` and let it read the ` +
    'dependencies of the package, too; else leave out `--no-addons`.';
  return new NativeError('addons_denied', message, details, cause);
}

/** An addon that loads, but does not belong to this code. @param difference what it has, and what is needed */
export function outdatedError(difference: string, details: Readonly<Record<string, unknown>>): NativeError {
  const { directory } = packageRoot();
  const place = process.env['BPTT_PREBUILD'] || directory;
  const message =
    `the native addon of bptt in '${place}' was built from other sources than this code: it has ${difference}. Build it again with ${BUILD}. ` +
    'If BPTT_PREBUILD names a folder, it must be of this version of bptt.';
  return new NativeError('native_outdated', message, { directory: place, ...details });
}
