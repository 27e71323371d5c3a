'use strict';
/* Joins a module of the tests and the sources that it imports in one file, which plain Node runs: no translation of TypeScript meanwhile. */
const path = require('node:path');
const { generate } = require('./generate-operations.cjs');

/**
 * Writes `entry` and what it imports, but for packages, to `file`. The file must lie in this repository: the library looks for its
 * package.json above it.
 *
 * @param {string} entry
 * @param {string} file
 */
async function bundle(entry, file) {
  generate();
  const { rolldown } = await import('rolldown');
  const build = await rolldown({
    input: entry,
    platform: 'node',
    external: (name) => !name.startsWith('.') && !path.isAbsolute(name), // packages and Node's own modules
  });
  await build.write({ file, format: 'esm' });
  await build.close();
}

module.exports = { bundle };
