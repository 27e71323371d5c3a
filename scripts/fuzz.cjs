'use strict';
/*
 * `npm run fuzz`: the fuzz tests of test/fuzz with many inputs, other ones than those of the suite.
 *   --runs N     executions of each target of files; slow targets get a part of them (default 5000: about 150,000 in all)
 *   --seed N     the first number of the inputs (default: from the clock; it is printed)
 *   --keep       adds inputs that end in a new way to test/fuzz/corpus
 *   --only TEXT  only tests whose name has this text
 */
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { parseArgs } = require('node:util');

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5000' },
    seed: { type: 'string', default: String(Math.floor(Date.now() / 1000)) },
    keep: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
});
const vitest = path.join(path.dirname(require.resolve('vitest/package.json')), 'vitest.mjs');
const only = values.only === undefined ? [] : ['-t', values.only];
process.stdout.write(`fuzz: ${values.runs} runs, seed ${values.seed}\n`);
const { status } = spawnSync(
  process.execPath,
  [vitest, 'run', '--project', 'all', 'test/fuzz', '--testTimeout', '7200000', '--hookTimeout', '600000', ...only],
  {
    cwd: path.join(__dirname, '..'),
    stdio: 'inherit',
    env: {
      ...process.env,
      BPTT_FUZZ_RUNS: values.runs,
      BPTT_FUZZ_SEED: values.seed,
      ...(values.keep && { BPTT_FUZZ_KEEP: '1' }),
    },
  },
);
process.exit(status ?? 1);
