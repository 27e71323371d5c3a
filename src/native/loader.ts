import { createRequire } from 'node:module';
import { NativeError } from '../core/errors.js';
import { packageRoot } from './package-root.js';

/**
 * Loads the native addon: build/Release of the package, else its prebuilt binary for this platform. The environment
 * variable `BPTT_PREBUILD` names another folder that holds `build/Release` or `prebuilds`. Node loads it once per thread.
 *
 * @throws {NativeError} `native_missing` when there is none that this platform can load; the message says how to build it
 */
export function loadBinding(): unknown {
  const { directory } = packageRoot();
  const require = createRequire(import.meta.url);
  try {
    const load = require('node-gyp-build') as (root: string) => unknown;
    return load(directory);
  } catch (cause) {
    const platform = `${process.platform}-${process.arch}`;
    const reason = cause instanceof Error ? cause.message.trim().split('\n')[0] : String(cause);
    throw new NativeError(
      'native_missing',
      `bptt has no native binary that loads on ${platform} with Node ${process.versions.node}: ${reason}. ` +
        'Build it with `npm rebuild bptt --foreground-scripts` (npm >= 12: first `npm install-scripts approve bptt`), `pnpm approve-builds bptt` and ' +
        '`pnpm rebuild bptt`, `yarn rebuild bptt` or `bun pm trust bptt`, or in a clone with `npm run build:native`; this needs CMake >= 3.18 and a C++17 ' +
        'compiler. docs/installation.md of the package has the platforms with binaries.',
      { platform, directory, reason },
      cause,
    );
  }
}
