'use strict';
/*
 * Repeats what test/soak does, more often than the suite and with a low priority:
 *
 *   npm run soak -- NAME [--repeat N] [--seed N] [--only PATTERN]     NAME: a file of test/soak, such as teardown
 *
 * --only takes a regular expression for the titles of tests, so that several can run at once. The exit status is that of the tests. Each line of the report has the time of its test.
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
const report = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'bptt-soak-')), 'report.json');
const options = [
  'run',
  '--project',
  'alone',
  '--reporter',
  'verbose',
  '--reporter',
  'json',
  '--outputFile.json',
  report,
  `test/soak/${name}.test.ts`,
  ...only,
];
const { status } = spawnSync(process.execPath, [vitest, ...options], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, BPTT_SOAK_REPEAT: values.repeat, BPTT_SOAK_SEED: values.seed },
});
const { numPassedTests = 0 } = status === 0 ? JSON.parse(fs.readFileSync(report, 'utf8')) : {};
fs.rmSync(path.dirname(report), { recursive: true });
if (status === 0 && numPassedTests === 0) console.error(`no test of ${name} matches ${values.only}`);
process.exit(status === 0 && numPassedTests === 0 ? 1 : (status ?? 1));
