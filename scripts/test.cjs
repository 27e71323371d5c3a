'use strict';
/* `npm test`: makes the clone ready, then runs vitest on the compiled sources, with the given options (`npm test -- test/kernels`). */
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { setUp } = require('./setup.cjs');

setUp();
const root = path.join(__dirname, '..');
const vitest = path.join(path.dirname(require.resolve('vitest/package.json')), 'vitest.mjs');
const { status } = spawnSync(process.execPath, [vitest, 'run', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, BPTT_TEST_COMPILED: '1' },
});
process.exit(status ?? 1);
