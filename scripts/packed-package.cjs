'use strict';
/* The files that npm would publish: their list, and a copy of the package without its native parts. */
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
const NATIVE = /^(native|prebuilds)\//;

/** Runs a command and gives its standard output. @throws {Error} when it ends with another status than 0 */
function run(command, options, settings = {}) {
  const result = spawnSync(command, options, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 26,
    ...settings,
  });
  if (result.error) throw result.error;
  if (result.status !== 0)
    throw new Error(`${command} ${options.join(' ')} ended with ${result.status}:\n${result.stdout}`);
  return result.stdout;
}

/** As `run`, for npm: the one that started this process, else the one on the PATH. */
function npm(options, settings = {}) {
  const program = process.env.npm_execpath;
  if (program) return run(process.execPath, [program, ...options], settings);
  return run('npm', options, { shell: process.platform === 'win32', ...settings });
}

/**
 * Paths of the files that npm would publish, from the root, with `/`. No script is executed: `prepack` compiles and
 * copies Eigen, and other processes must not see half of its result.
 */
function packedFiles() {
  const [description] = JSON.parse(npm(['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: root }));
  return description.files.map((file) => file.path.split(path.sep).join('/'));
}

/** Copies what npm would publish, but for native sources and binaries, into a folder. `npm run build:ts` must have run. */
function copyWithoutNative(folder) {
  for (const file of packedFiles()) {
    if (NATIVE.test(file)) continue;
    const target = path.join(folder, file);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.copyFileSync(path.join(root, file), target);
  }
}

module.exports = { run, npm, packedFiles, copyWithoutNative };
