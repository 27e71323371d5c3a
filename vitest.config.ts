import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// The sources of src/graph need what it makes of native/kernels/operations.def.
createRequire(import.meta.url)('./scripts/generate-operations.cjs').generate();

const root = fileURLToPath(new URL('.', import.meta.url));

/** Tests that replace modules which sources import: Node loads compiled ones by itself. */
const replacing = ['test/data/file-examples.test.ts'].map((name) => path.join(root, name));

/**
 * Lets tests import build/typescript instead of src/. Node loads these files by itself, while sources are translated and wrapped once
 * more for each project. `npm test` asks for it with `BPTT_TEST_COMPILED`, since it has just compiled them.
 */
const compiledSources = {
  name: 'compiled-sources',
  enforce: 'pre',
  resolveId(id: string, importer = '') {
    const file = path.relative(root, path.resolve(path.dirname(importer), id));
    if (!id.startsWith('.') || !/^src\b.*\.js$/.test(file) || replacing.includes(importer)) return null;
    if (!importer.startsWith(path.join(root, 'test'))) return null;
    return { id: path.join(root, 'build', 'typescript', path.relative('src', file)), external: true };
  },
} as const;
const plugins = process.env.BPTT_TEST_COMPILED === '1' ? [compiledSources] : [];

/** Flags in /proc/cpuinfo that a set of kernels needs, as native/base/cpu_features.cc asks the processor for them. */
const needed = {
  sse2: ['sse2'],
  avx2: ['avx2', 'fma', 'f16c', 'bmi1', 'bmi2'],
  avx512: ['avx2', 'fma', 'avx512f', 'avx512cd', 'avx512bw', 'avx512dq', 'avx512vl'],
} as const;

function linuxProcessorFlags(): Set<string> {
  const line = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
  return new Set(line.trim().split(/\s+/));
}

/** Instruction sets to run the kernel tests and the trained tests with. What is left out is said on standard error. */
function instructionSets(): string[] {
  if (process.arch !== 'x64') return [process.arch === 'arm64' ? 'neon' : 'generic'];
  if (process.platform !== 'linux') return ['sse2', 'avx2'];
  const flags = linuxProcessorFlags();
  return Object.entries(needed).flatMap(([isa, wanted]) => {
    const missing = wanted.filter((flag) => !flags.has(flag));
    if (missing.length === 0) return [isa];
    process.stderr.write(
      `\nSKIPPED: the kernel tests and the trained tests for ${isa}: this processor lacks ${missing.join(', ')}\n\n`,
    );
    return [];
  });
}

/** Tests of kernels and programs in which instruction sets cannot differ, or that say nothing more of another one: run once. */
const once = ['cancel', 'checker', 'completeness', 'gradient-check', 'leave', 'registry', 'run-arguments', 'time'].map(
  (name) => `test/kernels/${name}.test.ts`,
);

/**
 * Tests that train a network and judge how good it has become: a loss, an accuracy, what it predicts. Instruction sets round
 * differently, training amplifies it, and a bound that one set keeps another may miss: they run with every set. Such a test
 * keeps its bound by far with each set and with the seeds 1 to 3, and an untrained network misses the bound by far. Cheap ones
 * run with all three seeds (test/seeds.ts), the others tell in a comment what was measured. A new test of this kind goes into
 * a file of this name; test/architecture/trained-tests.test.ts finds those that do not.
 */
const trained = 'test/**/*.trained.test.ts';

/** Trained tests on data that were not made for them: they take long, and say of instruction sets what the others say. */
const realData = 'test/**/real-data.trained.test.ts';

/**
 * Tests that need a process of their own: they replace modules, spy on the addon, change the environment, or watch the memory and
 * the event loop of the whole process. The others import the sources once for all files: they leave nothing behind.
 */
const alone = [
  'test/bench/problems.test.ts',
  'test/data/file-examples.test.ts',
  'test/model/check-gradients.test.ts',
  'test/model/{event-loop,lifetime,same-bits,variants}.test.ts',
  'test/packaging/**/*.test.ts',
  'test/soak/**/*.test.ts',
];

const isas = instructionSets();
const widest = isas.at(-1);
if (isas.length > 1) {
  const others = isas.slice(0, -1).join(', ');
  process.stderr.write(`\nLEFT OUT: the trained tests on real data for ${others}: they run with ${widest} alone\n\n`);
}

const shared = {
  ...{ pool: 'forks', globals: false, testTimeout: 60_000, hookTimeout: 60_000 },
  server: { deps: { external: [/\/build\/typescript\//] } },
};

export default defineConfig({
  test: {
    // One worker less would leave a processor idle while files are imported: 3.5 instead of 4.5 minutes on two of them.
    maxWorkers: '100%',
    projects: [
      {
        plugins,
        test: {
          ...{ ...shared, name: 'all', include: ['test/!(kernels)/**/*.test.ts', ...once], isolate: false },
          exclude: [trained, ...alone],
        },
      },
      { plugins, test: { ...shared, name: 'alone', include: alone } },
      ...isas.map((isa) => ({
        plugins,
        // Without isolation the sources are imported once for all files: these tests leave nothing behind.
        test: {
          ...{ ...shared, name: isa, include: ['test/kernels/**/*.test.ts', trained], isolate: false },
          ...{ exclude: isa === widest ? once : [...once, realData], env: { BPTT_ISA: isa } },
        },
      })),
    ],
  },
});
