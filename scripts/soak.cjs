'use strict';
/*
 * Repeats what test/soak does, more often than the suite and with a low priority:
 *
 *   npm run soak -- NAME [--repeat N] [--seed N]     NAME: a file of test/soak, such as teardown
 *
 * The exit status is that of the tests. Each line of the report has the time of its test.
 */
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');

const root = path.join(__dirname, '..');
const folder = path.join(root, 'test', 'soak');
const names = fs.readdirSync(folder).flatMap((name) => (name.endsWith('.test.ts') ? [name.slice(0, -8)] : []));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    repeat: { type: 'string', default: '500' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
});
const [name] = positionals;
const isCount = (text) => Number.isSafeInteger(Number(text)) && Number(text) >= 1;
if (!names.includes(name) || !isCount(values.repeat) || !isCount(values.seed)) {
  console.error(`usage: npm run soak -- ${names.join('|')} [--repeat N] [--seed N] [--only PATTERN]`);
  process.exit(2);
}
os.setPriority(5);
const vitest = path.join(path.dirname(require.resolve('vitest/package.json')), 'vitest.mjs');
const only = values.only === undefined ? [] : ['--testNamePattern', values.only];
const options = ['run', '--project', 'alone', '--reporter', 'verbose', `test/soak/${name}.test.ts`, ...only];
const { status } = spawnSync(process.execPath, [vitest, ...options], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, BPTT_SOAK_REPEAT: values.repeat, BPTT_SOAK_SEED: values.seed },
});
process.exit(status ?? 1);
