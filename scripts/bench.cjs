'use strict';
/*
 * `npm run bench -- NAME [options]`: makes the clone ready and runs bench/NAME.mjs. Without a name it lists what there is.
 */
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { setUp } = require('./setup.cjs');

const folder = path.join(__dirname, '..', 'bench');
const [name, ...options] = process.argv.slice(2);
const scripts = fs.readdirSync(folder).filter((file) => file.endsWith('.mjs'));
const names = scripts.map((file) => path.basename(file, '.mjs'));

if (!names.includes(name)) {
  console.error(`usage: npm run bench -- NAME [options]\nNAME is one of: ${names.join(', ')}`);
  process.exit(name === undefined ? 0 : 2);
}

setUp();
const { status } = spawnSync(process.execPath, [path.join(folder, `${name}.mjs`), ...options], { stdio: 'inherit' });
process.exit(status ?? 1);
