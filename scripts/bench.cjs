'use strict';
/*
 * `npm run bench -- [NAME] [options]`: makes the clone ready and executes bench/NAME.mjs, or all benchmarks without a
 * name. `--list` lists them.
 */
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { setUp } = require('./setup.cjs');

const folder = path.join(__dirname, '..', 'bench');
const scripts = fs.readdirSync(folder).filter((file) => file.endsWith('.mjs') && !file.endsWith('-peer.mjs'));
const names = scripts.map((file) => path.basename(file, '.mjs'));
const [first = '', ...rest] = process.argv.slice(2);
const isNamed = first !== '' && !first.startsWith('-');
const [name, options] = isNamed ? [first, rest] : ['all', process.argv.slice(2)];

/** Benchmarks with a list of their own, which needs no build. */
const LISTED = ['defaults'];
const isList = options.includes('--list');

if (isList && !LISTED.includes(name)) {
  const { layers, models } = JSON.parse(fs.readFileSync(path.join(folder, 'problems.json'), 'utf8'));
  console.log(`benchmarks: ${names.join(', ')}`);
  console.log(`problems of layers: ${Object.keys(layers).join(', ')}`);
  console.log(`problems of end-to-end: ${Object.keys(models).join(', ')}`);
  process.exit(0);
}
if (!names.includes(name)) {
  console.error(`usage: npm run bench -- [NAME] [options]\nNAME is one of: ${names.join(', ')}`);
  process.exit(2);
}

if (!isList) setUp();
const { status } = spawnSync(process.execPath, [path.join(folder, `${name}.mjs`), ...options], { stdio: 'inherit' });
process.exit(status ?? 1);
