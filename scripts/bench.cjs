'use strict';
/*
 * `npm run bench -- NAME [options]`: makes the clone ready, compiles bench/ (which imports 'bptt') and runs bench/NAME.ts.
 * Without a name it lists what there is.
 */
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { setUp } = require('./setup.cjs');

const root = path.join(__dirname, '..');
const [name, ...options] = process.argv.slice(2);
const names = fs
  .readdirSync(path.join(root, 'bench'))
  .filter((file) => /\.ts$/.test(file))
  .map((file) => path.basename(file, '.ts'));

if (!names.includes(name)) {
  console.error(`usage: npm run bench -- NAME [options]\nNAME is one of: ${names.join(', ') || '(there is none yet)'}`);
  process.exit(name === undefined ? 0 : 2);
}

function runNode(file, list) {
  const { status } = spawnSync(process.execPath, [file, ...list], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

setUp();
runNode(require.resolve('typescript/bin/tsc'), ['-p', 'tsconfig.bench.json']);
runNode(path.join(root, 'build', 'bench', `${name}.js`), options);
