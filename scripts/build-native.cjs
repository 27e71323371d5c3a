'use strict';
/*
 * Builds the native addon and the kernel modules with cmake-js into build/Release (or build/Debug). Incremental.
 *
 *   node scripts/build-native.cjs [--config Release|Debug|RelWithDebInfo] [--arch x64|arm64] [--define KEY=VALUE]... [--target NAME]
 *
 * `--target bptt` builds the addon alone, with the kernels of the baseline. Example, sanitizers: --config RelWithDebInfo --define BPTT_SANITIZE=address,undefined --define BPTT_OUTPUT_DIR=<folder>
 */
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');

const root = path.join(__dirname, '..');

const { values } = parseArgs({
  options: {
    config: { type: 'string', default: 'Release' },
    arch: { type: 'string', default: process.env.npm_config_arch || process.arch },
    define: { type: 'string', multiple: true, default: [] },
    target: { type: 'string' },
  },
});

/** The folder of one configuration; other definitions (sanitizers) get a folder of their own. */
function objectDirectory() {
  const variant = values.define.map((definition) => definition.replace(/[^\w]+/g, '-').toLowerCase());
  return path.join(root, 'build', ['cmake', values.config, values.arch, ...variant].join('-').slice(0, 120));
}

/** CMake refuses a folder that was configured for sources elsewhere (a clone that was moved or copied). */
function discardForeignCache(directory) {
  const cache = path.join(directory, 'CMakeCache.txt');
  if (!fs.existsSync(cache)) return;
  const home = /^CMAKE_HOME_DIRECTORY:INTERNAL=(.*)$/m.exec(fs.readFileSync(cache, 'utf8'))?.[1];
  if (home === undefined || path.resolve(home) !== path.resolve(root)) {
    fs.rmSync(directory, { recursive: true, force: true });
  }
}

function cmakeJs(command, directory, extra) {
  const environment = { ...process.env };
  // Set when make or node-gyp calls this script; a make started by CMake would misread them.
  for (const name of ['MAKEFLAGS', 'MFLAGS', 'MAKELEVEL']) delete environment[name];
  const program = require.resolve('cmake-js/bin/cmake-js');
  const options = ['-d', root, '-O', directory, '-B', values.config, '-a', values.arch, '-l', 'warn', ...extra];
  const result = spawnSync(process.execPath, [program, command, ...options], {
    cwd: root,
    env: environment,
    stdio: 'inherit',
  });
  if (result.error) throw result.error;
  return result.status ?? 1;
}

function build() {
  const directory = objectDirectory();
  discardForeignCache(directory);
  const definitions = values.define.map((definition) => `--CD${definition}`);
  // Not `compile`: after a compile error it would build everything a second time.
  const status = cmakeJs('configure', directory, definitions);
  if (status !== 0) return status;
  const target = values.target === undefined ? [] : ['-T', values.target];
  return cmakeJs('build', directory, ['-p', String(os.availableParallelism()), ...target]);
}

const status = build();
if (status !== 0) {
  console.error(
    'bptt: the native build failed. It needs CMake >= 3.18, a C++17 compiler (GCC >= 9, Clang >= 10, MSVC >= 2019) and ' +
      'the headers of Eigen >= 3.4; see the first error above.',
  );
  process.exit(status);
}
