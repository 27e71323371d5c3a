/**
 * What the machine can do at most: multiply-adds and memory bandwidth of some threads, of bench/ceilings.cc, compiled with
 * the system's compiler for this processor, and for the instruction set that the library runs with.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { info } from '../../dist/index.js';

const source = fileURLToPath(new URL('../ceilings.cc', import.meta.url));
const folder = fileURLToPath(new URL('../../build/bench/', import.meta.url));
const FLAGS = ['-O3', '-std=c++17', '-pthread'];
/** What a compiler may use, by the name of the set; elsewhere all that the processor has. */
const MACHINE = { sse2: ['-march=x86-64'], avx2: ['-march=native', '-mno-avx512f'] };

/** The program; undefined where no compiler makes it. */
function compileProgram() {
  const program = path.join(folder, 'ceilings');
  mkdirSync(folder, { recursive: true });
  const machine = MACHINE[info().isa] ?? ['-march=native'];
  for (const compiler of [process.env.CXX, 'c++', 'g++', 'clang++']) {
    if (!compiler) continue;
    try {
      execFileSync(compiler, [...FLAGS, ...machine, source, '-o', program], { stdio: 'ignore' });
      return program;
    } catch {
      // The next one may be there, and know the flags.
    }
  }
  return undefined;
}

/**
 * Measures the ceilings of each number of threads.
 *
 * @returns `{ threads: { gigaflops, gigabytesPerSecond } }` (a copy, read and written), or `{ missing: reason }`
 */
export function measureCeilings(threadCounts) {
  const program = compileProgram();
  if (program === undefined) return { missing: 'not measured: there is no C++ compiler (c++, g++, clang++, or CXX)' };
  const measure = (threads) => JSON.parse(execFileSync(program, [String(threads)], { encoding: 'utf8' }));
  return Object.fromEntries(threadCounts.map((threads) => [threads, measure(threads)]));
}
