'use strict';
/*
 * Fuzzes the loader of programs with libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer (test/native/fuzz_program.cc).
 *
 *   npm run fuzz:native -- [--checker | --avx2] [--minutes N] [--keep] [options of libFuzzer, such as -jobs=2 -workers=2]
 *
 * `--checker` leaves the kernels out: what the loader accepts is executed by stand-ins that touch every byte of every operand, which
 * takes a fraction of the time. It starts from the committed inputs in test/native/fuzz-corpus and from the programs of the tests; what it finds worth keeping
 * goes into build/native-tests/corpus (corpus-checker). `--keep` then makes the committed inputs anew: the smallest ones that reach everything, up to
 * 300 kB. An input that ends in a fault is left in build/native-tests/crashes; it belongs into test/native/fuzz-findings, which
 * test/kernels/fuzz-findings.test.ts executes in the addon. Debian: apt-get install clang
 */
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { bundle } = require('./bundle.cjs');
const { runStep } = require('./run-step.cjs');

const root = path.join(__dirname, '..');
const folder = path.join(root, 'build', 'native-tests');
const committed = path.join(root, 'test', 'native', 'fuzz-corpus');
const MOST_COMMITTED_BYTES = 300_000;
/** Longer inputs are programs of many instructions, which take longer and say no more. */
const LONGEST_INPUT = 4096;

/**
 * Blocks are poisoned by hand (test/native/fuzz_run.cc); a large quarantine would only take time, as do the stacks of allocations, which
 * a single execution of a finding shows without these options, and giving memory back to the system.
 */
const environment = {
  ASAN_OPTIONS:
    'quarantine_size_mb=1:thread_local_quarantine_size_kb=64:malloc_context_size=0:allocator_release_to_os_interval_ms=-1:detect_leaks=0',
  UBSAN_OPTIONS: 'print_stacktrace=1',
};

// libFuzzer writes the output of its jobs, fuzz-N.log, into the folder where it starts.
const run = (program, options, environment = {}) => runStep(program, options, { cwd: folder, environment });

function emptyFolder(name) {
  const made = path.join(folder, name);
  fs.rmSync(made, { recursive: true, force: true });
  fs.mkdirSync(made, { recursive: true });
  return made;
}

function build(target) {
  const objects = path.join(folder, 'fuzz');
  const definitions = [
    ...[
      'CMAKE_BUILD_TYPE=RelWithDebInfo',
      'CMAKE_CXX_COMPILER=clang++',
      'BPTT_BUILD_ADDON=OFF',
      'BPTT_NATIVE_TESTS=ON',
    ],
    'BPTT_SANITIZE=fuzzer-no-link,address,undefined',
  ];
  run('cmake', ['-S', root, '-B', objects, '-Wno-dev', ...definitions.map((definition) => `-D${definition}`)]);
  run('cmake', ['--build', objects, '--target', target, '-j', String(os.availableParallelism())]);
  return path.join(objects, 'test', 'native', target);
}

async function writeSeeds(isa) {
  const seeds = emptyFolder('seeds');
  const script = path.join(folder, 'write-fuzz-seeds.mjs');
  await bundle(path.join(root, 'test', 'kernels', 'write-fuzz-seeds.ts'), script);
  run(process.execPath, [script, seeds], { BPTT_ISA: isa });
  return seeds;
}

/** Replaces the committed inputs by the smallest that reach what all of them reach. */
function keepSmallest(program, folders) {
  const merged = emptyFolder('merged');
  run(program, ['-merge=1', `-max_len=${LONGEST_INPUT}`, merged, ...folders], environment);
  const files = fs.readdirSync(merged).map((name) => ({ name, bytes: fs.statSync(path.join(merged, name)).size }));
  files.sort((a, b) => a.bytes - b.bytes || a.name.localeCompare(b.name));
  fs.rmSync(committed, { recursive: true, force: true });
  fs.mkdirSync(committed, { recursive: true });
  let total = 0;
  let count = 0;
  for (const { name, bytes } of files) {
    total += bytes;
    if (total > MOST_COMMITTED_BYTES) break;
    fs.copyFileSync(path.join(merged, name), path.join(committed, name));
    count++;
  }
  console.log(`bptt: ${count} of ${files.length} inputs are in ${committed}`);
}

async function main() {
  const { values, positionals } = parseArgs({
    args: process.argv.slice(2).map((option) => (/^-\w/.test(option) ? `=${option}` : option)),
    options: {
      ...{ checker: { type: 'boolean' }, avx2: { type: 'boolean' }, keep: { type: 'boolean' } },
      minutes: { type: 'string', default: '10' },
    },
    allowPositionals: true,
  });
  if (values.checker && (values.avx2 || values.keep)) throw new Error('--checker goes with neither --avx2 nor --keep');
  fs.mkdirSync(folder, { recursive: true });
  const baseline = { x64: 'sse2', arm64: 'neon' }[process.arch] ?? 'generic';
  const program = build(values.checker ? 'fuzz_checker' : values.avx2 ? 'fuzz_program_avx2' : 'fuzz_program');
  const seeds = await writeSeeds(values.avx2 ? 'avx2' : baseline);
  const corpus = path.join(folder, values.checker ? 'corpus-checker' : 'corpus');
  const crashes = path.join(folder, 'crashes');
  for (const made of [corpus, crashes, committed]) fs.mkdirSync(made, { recursive: true });
  // Without `-detect_leaks=0` every allocation is counted for a search that the environment turns off.
  const options = [
    ...[`-max_len=${LONGEST_INPUT}`, '-entropic=0', '-detect_leaks=0'],
    ...['-timeout=25', '-rss_limit_mb=2048', '-reload=60'],
  ];
  const limits = [
    `-max_total_time=${Math.round(60 * Number(values.minutes))}`,
    `-artifact_prefix=${crashes}/`,
    '-print_final_stats=1',
  ];
  const given = positionals.map((option) => option.slice(1));
  run(program, [...options, ...limits, ...given, corpus, committed, seeds], environment);
  if (values.keep) keepSmallest(program, [committed, seeds, corpus]);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
