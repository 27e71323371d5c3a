'use strict';
/*
 * Runs tests with a sanitizer, which sees what a test cannot: memory that is read or written outside its bounds, or by two threads
 * without an order, or never freed.
 *
 *   npm run sanitize -- address [--modules] [options of vitest]   AddressSanitizer and UndefinedBehaviorSanitizer, under vitest
 *   npm run sanitize -- leak [--modules]                          LeakSanitizer: everything a model can do, in plain Node
 *   npm run sanitize -- thread [--kernels]                        ThreadSanitizer: thread team and executor, without Node
 *   npm run sanitize -- valgrind [PART OF PARTS]                  valgrind: the same as `leak`, or problems of the kernels, on the baseline
 *
 * The addon is built with the kernels of the baseline alone; `--modules` adds those of wider instruction sets. Without options,
 * vitest runs test/kernels and test/program. Needs Linux and GCC; valgrind, Debian: apt-get install valgrind
 */
const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { bundle } = require('./bundle.cjs');
const { runStep } = require('./run-step.cjs');

const root = path.join(__dirname, '..');
const folder = path.join(root, 'build', 'sanitize');
const baseline = { x64: 'sse2', arm64: 'neon' }[process.arch] ?? 'generic';

const run = (program, options, environment = {}) => runStep(program, options, { cwd: root, environment });

/** Builds the addon with AddressSanitizer and UndefinedBehaviorSanitizer; returns the environment that Node needs to load it. */
function addressAddon(withModules) {
  const output = path.join(folder, 'address', 'build', 'Release');
  const definitions = ['BPTT_SANITIZE=address,undefined', `BPTT_OUTPUT_DIR=${output}`];
  const options = definitions.flatMap((definition) => ['--define', definition]);
  const target = withModules ? [] : ['--target', 'bptt'];
  run(process.execPath, [
    path.join(__dirname, 'build-native.cjs'),
    '--config',
    'RelWithDebInfo',
    ...options,
    ...target,
  ]);
  // A sanitizer that is not there finds nothing.
  if (!fs.readFileSync(path.join(output, 'bptt.node')).includes('__asan_report_load'))
    throw new Error(`${output} was built without AddressSanitizer`);
  const library = (name) => execFileSync('g++', [`-print-file-name=${name}`], { encoding: 'utf8' }).trim();
  return {
    BPTT_PREBUILD: path.join(folder, 'address'),
    LD_PRELOAD: [library('libasan.so'), library('libubsan.so')].join(' '),
    UBSAN_OPTIONS: 'print_stacktrace=1',
  };
}

/** Ends with an error unless LeakSanitizer finds memory that is lost on purpose: it may not work in a container, or under a debugger. */
function findPlantedLeak(preloaded) {
  const library = path.join(folder, 'planted_leak.so');
  const source = path.join(root, 'test', 'native', 'planted_leak.cc');
  run('g++', ['-O0', '-fPIC', '-shared', source, '-o', library]);
  const { status, stderr } = spawnSync(process.execPath, ['-e', '0'], {
    env: { ...process.env, LD_PRELOAD: `${preloaded} ${library}`, ASAN_OPTIONS: 'detect_leaks=1' },
    encoding: 'utf8',
  });
  if (status !== 0 && stderr.includes('4321 byte(s) leaked')) return;
  throw new Error(`LeakSanitizer does not work here: it did not find a planted leak (exit code ${status}).\n${stderr}`);
}

function takeFlag(options, flag) {
  const index = options.indexOf(flag);
  if (index >= 0) options.splice(index, 1);
  return index >= 0;
}

/** The programs of the tests as files, for programs without Node; not those of a fuzzer, which may work meanwhile. */
async function writeSeeds() {
  const seeds = path.join(folder, 'seeds');
  const script = path.join(folder, 'write-fuzz-seeds.mjs');
  await bundle(path.join(root, 'test', 'kernels', 'write-fuzz-seeds.ts'), script);
  fs.rmSync(seeds, { recursive: true, force: true });
  fs.mkdirSync(seeds, { recursive: true });
  run(process.execPath, [script, seeds], { BPTT_ISA: baseline });
  return seeds;
}

const sanitizers = {
  async address(options) {
    const withModules = takeFlag(options, '--modules');
    const environment = addressAddon(withModules);
    const vitest = path.join(path.dirname(require.resolve('vitest/package.json')), 'vitest.mjs');
    const tests = ['--project', 'all', '--project', baseline, 'test/kernels', 'test/program'];
    // What Node does not free at its end is its own affair; see `leak`.
    // With sanitizers tests take several times as long: no limit.
    run(process.execPath, [vitest, 'run', '--testTimeout=0', ...(options.length > 0 ? options : tests)], {
      ...environment,
      ASAN_OPTIONS: 'detect_leaks=0',
    });
  },

  async leak(options) {
    const environment = addressAddon(takeFlag(options, '--modules'));
    findPlantedLeak(environment.LD_PRELOAD);
    const script = path.join(folder, 'use-everything.mjs');
    await bundle(path.join(root, 'test', 'model', 'use-everything.ts'), script);
    run(process.execPath, [script], { ...environment, ASAN_OPTIONS: 'detect_leaks=1' });
  },

  async thread(options) {
    const target = takeFlag(options, '--kernels') ? 'kernel_team_test' : 'team_test';
    const seeds = await writeSeeds();
    const objects = path.join(root, 'build', 'native-tests', 'thread');
    const definitions = ['BPTT_SANITIZE=thread', 'BPTT_NATIVE_TESTS=ON', 'BPTT_BUILD_ADDON=OFF'];
    const all = ['CMAKE_BUILD_TYPE=RelWithDebInfo', ...definitions].map((definition) => `-D${definition}`);
    run('cmake', ['-S', root, '-B', objects, '-Wno-dev', ...all]);
    run('cmake', ['--build', objects, '--target', target, '-j', String(os.availableParallelism())]);
    run(path.join(objects, 'test', 'native', target), [seeds], { TSAN_OPTIONS: 'halt_on_error=1' });
  },

  async valgrind(options) {
    const [source, script] =
      options.length > 0
        ? [path.join('kernels', 'run-problems.ts'), 'run-problems.mjs']
        : [path.join('model', 'use-everything.ts'), 'use-everything.mjs'];
    await bundle(path.join(root, 'test', source), path.join(folder, script));
    const settings = ['--error-exitcode=9', '--leak-check=no', '--num-callers=30'];
    // V8 makes code while it runs, of which valgrind knows nothing: `--jitless` makes none. No AVX-512 is known to it either.
    const node = [process.execPath, '--jitless', path.join(folder, script)];
    const given = options.length > 0 ? [baseline, ...options] : [];
    run('valgrind', [...settings, ...node, ...given], { BPTT_ISA: baseline });
  },
};

const [name = '', ...options] = process.argv.slice(2);
const sanitizer = Object.hasOwn(sanitizers, name) ? sanitizers[name] : undefined;
if (sanitizer === undefined) {
  console.error('usage: npm run sanitize -- address|leak|thread|valgrind [options]; see scripts/sanitize.cjs');
  process.exit(2);
}
sanitizer(options).catch((error) => {
  console.error(error);
  process.exit(1);
});
