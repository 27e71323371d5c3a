'use strict';
/* `npm run soak:kill`: kills a training at random moments, 150 times or as often as the argument says, and compares its end with one that ran through. */
const { spawnSync } = require('node:child_process');
const path = require('node:path');

const vitest = path.join(path.dirname(require.resolve('vitest/package.json')), 'vitest.mjs');
const { status } = spawnSync(process.execPath, [vitest, 'run', '--project', 'all', 'test/checkpoint/kill.test.ts'], {
  cwd: path.join(__dirname, '..'),
  stdio: 'inherit',
  env: { ...process.env, BPTT_KILLS: process.argv[2] ?? '150' },
});
process.exit(status ?? 1);
