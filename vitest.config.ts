import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { defineConfig } from 'vitest/config';

// The sources of src/graph need what it makes of native/kernels/operations.def.
createRequire(import.meta.url)('./scripts/generate-operations.cjs').generate();

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

/** Instruction sets to run the kernel tests with. What is left out is said on standard error. */
function instructionSets(): string[] {
  if (process.arch !== 'x64') return [process.arch === 'arm64' ? 'neon' : 'generic'];
  if (process.platform !== 'linux') return ['sse2', 'avx2'];
  const flags = linuxProcessorFlags();
  return Object.entries(needed).flatMap(([isa, wanted]) => {
    const missing = wanted.filter((flag) => !flags.has(flag));
    if (missing.length === 0) return [isa];
    process.stderr.write(`\nSKIPPED: the kernel tests for ${isa}: this processor lacks ${missing.join(', ')}\n\n`);
    return [];
  });
}

/** Tests of kernels and programs in which instruction sets cannot differ, or that say nothing more of another one: run once. */
const once = ['cancel', 'checker', 'completeness', 'gradient-check', 'leave', 'registry', 'run-arguments', 'time'].map(
  (name) => `test/kernels/${name}.test.ts`,
);

const shared = { pool: 'forks', globals: false, testTimeout: 60_000, hookTimeout: 60_000 } as const;

export default defineConfig({
  test: {
    // One worker less would leave a processor idle while files are imported: 3.5 instead of 4.5 minutes on two of them.
    maxWorkers: '100%',
    projects: [
      { test: { ...shared, name: 'all', include: ['test/!(kernels)/**/*.test.ts', ...once] } },
      ...instructionSets().map((isa) => ({
        test: { ...shared, name: isa, include: ['test/kernels/**/*.test.ts'], exclude: once, env: { BPTT_ISA: isa } },
      })),
    ],
  },
});
