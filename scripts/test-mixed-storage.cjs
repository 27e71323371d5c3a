'use strict';
/*
 * Builds the addon with kernels whose packed weights and kept activations are stored in another type than they compute in
 * (native/kernels/storage.h), and runs the tests of storage with it: in the usual build those say that there are none. The baseline
 * alone, into a folder of its own.
 */
const { spawnSync } = require('node:child_process');
const path = require('node:path');

const root = path.join(__dirname, '..');
const folder = path.join(root, 'build', 'mixed-storage');
/** Instruction set of the baseline: the project of vitest.config.ts that tests it. */
const baseline = { x64: 'sse2', arm64: 'neon' }[process.arch] ?? 'generic';

function run(script, options, environment = {}) {
  const { status, error } = spawnSync(process.execPath, [script, ...options], {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: 'inherit',
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

const definitions = ['BPTT_MIXED_STORAGE=ON', `BPTT_OUTPUT_DIR=${path.join(folder, 'build', 'Release')}`];
const defines = definitions.flatMap((definition) => ['--define', definition]);
run(path.join(__dirname, 'build-native.cjs'), [...defines, '--target', 'bptt']);
const vitest = path.join(path.dirname(require.resolve('vitest/package.json')), 'vitest.mjs');
const tests = ['run', '--project', baseline, 'test/kernels/storage.test.ts'];
run(vitest, tests, { BPTT_PREBUILD: folder, BPTT_TEST_MIXED_STORAGE: '1' });
