'use strict';
/*
 * Runs a smoke test, and on request some tests, with other versions of Node than the installed one: the oldest that is supported,
 * and the newest of each major version. npm installs the programs into a folder outside the project, where they stay.
 *
 *   npm run test:node-versions [-- --versions 20.19.0,22,24,26] [--folder FOLDER] [--tests FILE,FILE...]
 *
 * --tests runs these test files of the project `alone` or `all` with each version; `npm run build` must have run before.
 */
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { npm } = require('./packed-package.cjs');

const root = path.join(__dirname, '..');
const { values } = parseArgs({
  options: {
    versions: { type: 'string', default: '20.19.0,22,24,26' },
    folder: { type: 'string', default: path.join(os.tmpdir(), 'bptt-node-versions') },
    tests: { type: 'string', default: '' },
  },
});

/** Path of a Node of this version, installed if it is not yet there. Its packages have no scripts that must run. */
function nodeOf(version) {
  const system = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${system}-${process.arch}`;
  const folder = path.join(values.folder, version);
  const program = path.join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (!fs.existsSync(program)) {
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n');
    npm(['install', '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${version}`], { cwd: folder });
  }
  return program;
}

/** Whether the program ends with the status 0. */
function succeeds(program, options, stdio) {
  const { status, signal, error, stdout } = spawnSync(program, options, { cwd: root, encoding: 'utf8', stdio });
  if (error) console.error(error.message);
  if (signal) console.error(`ended by ${signal}`);
  return { isWell: status === 0, stdout };
}

let failures = 0;
for (const version of values.versions.split(',')) {
  const program = nodeOf(version);
  const smoke = succeeds(program, ['test/packaging/smoke.mjs'], ['ignore', 'pipe', 'inherit']);
  const found = smoke.isWell ? JSON.parse(smoke.stdout) : undefined;
  const isWell = found?.agree === true && found.saved === true && found.inWorker?.loss === found.loss;
  console.log(
    `${isWell ? 'ok' : 'FAILED'}  Node ${found?.node ?? version}: smoke test${found ? `, ${found.isa}` : ''}`,
  );
  if (!isWell) failures += 1;
  if (values.tests === '') continue;
  const vitest = path.join(path.dirname(require.resolve('vitest/package.json')), 'vitest.mjs');
  const options = [vitest, 'run', '--project', 'all', '--project', 'alone', ...values.tests.split(',')];
  if (!succeeds(program, options, 'inherit').isWell) failures += 1;
}
process.exitCode = failures === 0 ? 0 : 1;
