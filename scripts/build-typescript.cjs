'use strict';
/*
 * Generates the files of src/ that come from native/, compiles src/ to dist/, and removes files of dist/ whose sources
 * have been renamed or deleted.
 */
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { generate } = require('./generate-operations.cjs');

const root = path.join(__dirname, '..');
const source = path.join(root, 'src');
const output = path.join(root, 'dist');

function removeStale() {
  for (const entry of fs.readdirSync(output, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const stem = path.relative(output, file).replace(/(\.d\.ts|\.js)$/, '');
    if (!fs.existsSync(path.join(source, `${stem}.ts`))) fs.rmSync(file);
  }
}

generate();
const compiler = require.resolve('typescript/bin/tsc');
const { status, error } = spawnSync(process.execPath, [compiler, '-p', path.join(root, 'tsconfig.json')], {
  cwd: root,
  stdio: 'inherit',
});
if (error) throw error;
if (status !== 0) process.exit(status ?? 1);
removeStale();
const program = path.join(output, 'cli', 'main.js');
if (fs.existsSync(program)) fs.chmodSync(program, 0o755);
