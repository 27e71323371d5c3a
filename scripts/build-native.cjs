'use strict';
/*
 * Builds the native addon and the kernel modules into build/Release (or build/Debug). Incremental. A clone builds with cmake-js; an
 * installed package does not have it, and starts CMake itself: the description of the build (CMakeLists.txt) is the same.
 *
 *   node scripts/build-native.cjs [--config Release|Debug|RelWithDebInfo] [--arch x64|arm64] [--define KEY=VALUE]...
 *     [--target NAME] [--objects FOLDER]
 *
 * `--target bptt` builds the addon alone, with the kernels of the baseline. `--objects` names the folder of object files in build/. Example, sanitizers: --config RelWithDebInfo --define BPTT_SANITIZE=address,undefined --define BPTT_OUTPUT_DIR=<folder>
 */
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { buildAdvice, hasProgram } = require('./build-requirements.cjs');

const root = path.join(__dirname, '..');

const { values } = parseArgs({
  options: {
    config: { type: 'string', default: 'Release' },
    arch: { type: 'string', default: process.env.npm_config_arch || process.arch },
    define: { type: 'string', multiple: true, default: [] },
    target: { type: 'string' },
    objects: { type: 'string' },
  },
});

/** The folder of one configuration; other definitions (sanitizers) get a folder of their own. */
function objectDirectory() {
  if (values.objects !== undefined) return path.join(root, 'build', values.objects);
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

/** The program of cmake-js, where it is installed. */
function cmakeJsProgram() {
  try {
    return require.resolve('cmake-js/bin/cmake-js');
  } catch {
    return undefined;
  }
}

const jobs = String(os.availableParallelism());

/**
 * The two commands that configure and build, by cmake-js.
 *
 * @returns {[string, string[]][]}
 */
function cmakeJsCommands(program, directory) {
  /** @returns {[string, string[]]} */
  const command = (/** @type {string} */ name, /** @type {string[]} */ extra) => [
    process.execPath,
    [program, name, '-d', root, '-O', directory, '-B', values.config, '-a', values.arch, '-l', 'warn', ...extra],
  ];
  const target = values.target === undefined ? [] : ['-T', values.target];
  // Not `compile`: after a compile error it would build everything a second time.
  return [
    command(
      'configure',
      values.define.map((definition) => `--CD${definition}`),
    ),
    command('build', ['-p', jobs, ...target]),
  ];
}

/**
 * The same by CMake alone. Headers that many sources include are compiled once: a compiler cache, which that defeats, is rare here.
 *
 * @returns {[string, string[]][]}
 */
function cmakeCommands(directory) {
  const generator = hasProgram('ninja') ? ['-G', 'Ninja'] : [];
  const definitions = [
    `CMAKE_BUILD_TYPE=${values.config}`,
    `NODE_ARCH=${values.arch}`,
    'BPTT_PRECOMPILE_HEADERS=ON',
    ...values.define,
  ];
  const target = values.target === undefined ? [] : ['--target', values.target];
  return [
    ['cmake', ['-S', root, '-B', directory, ...generator, ...definitions.map((definition) => `-D${definition}`)]],
    ['cmake', ['--build', directory, '--config', values.config, '--parallel', jobs, ...target]],
  ];
}

/** The terminal, when a package manager keeps the output of this script to itself: a build of minutes shows how far it is. */
function openTerminal() {
  const hidden = process.env.npm_lifecycle_event === 'install' && !process.stdout.isTTY && process.env.CI === undefined;
  if (!hidden || process.platform === 'win32') return undefined;
  try {
    return fs.openSync('/dev/tty', 'w');
  } catch {
    return undefined; // nobody watches
  }
}

/** Executes a command; gives its exit status. Lines such as `[12/98] Building` or `[ 12%] Building` appear on the terminal, too. */
function run([command, options], terminal) {
  const env = { ...process.env };
  // Set when make or node-gyp calls this script; a make started by CMake would misread them.
  for (const name of ['MAKEFLAGS', 'MFLAGS', 'MAKELEVEL']) delete env[name];
  return new Promise((resolve, reject) => {
    const child = spawn(command, options, {
      cwd: root,
      env,
      stdio: ['ignore', terminal === undefined ? 'inherit' : 'pipe', 'inherit'],
    });
    child.stdout?.on('data', (chunk) => {
      process.stdout.write(chunk);
      const position = [...String(chunk).matchAll(/^\[ *(\d+(?:%|\/\d+))\]/gm)].at(-1)?.[1];
      if (position !== undefined) fs.writeSync(terminal, `\r\x1b[Kbptt: compiling ${position}`);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? `signal ${signal}`));
  });
}

async function build() {
  const directory = objectDirectory();
  discardForeignCache(directory);
  const program = cmakeJsProgram();
  const terminal = openTerminal();
  for (const command of program ? cmakeJsCommands(program, directory) : cmakeCommands(directory)) {
    const status = await run(command, terminal);
    if (status !== 0) throw new Error(`${path.basename(command[0])} ended with ${status}`);
  }
  if (terminal !== undefined) fs.writeSync(terminal, '\r\x1b[K');
  // An installed package is built once: object files of 300 MB would stay in node_modules.
  if (program === undefined && values.objects === undefined) fs.rmSync(directory, { recursive: true, force: true });
}

build().catch((error) => {
  console.error(buildAdvice(`the native build failed: ${error.message}; see the first error above.`));
  process.exit(1);
});
