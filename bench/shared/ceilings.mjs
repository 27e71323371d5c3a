/**
 * What the machine can do at most: multiply-adds and memory bandwidth of some threads, of bench/ceilings.cc, compiled with
 * the system's compiler for this processor.
 *
 * Hook `native ceilings`: when the addon measures them itself, `measureCeilings` is the place to ask it instead.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../ceilings.cc', import.meta.url));
const folder = fileURLToPath(new URL('../../build/bench/', import.meta.url));
const FLAGS = ['-O3', '-march=native', '-std=c++17', '-pthread'];

/** The program; undefined where no compiler makes it. */
function compileProgram() {
  const program = path.join(folder, 'ceilings');
  mkdirSync(folder, { recursive: true });
  for (const compiler of [process.env.CXX, 'c++', 'g++', 'clang++']) {
    if (!compiler) continue;
    try {
      execFileSync(compiler, [...FLAGS, source, '-o', program], { stdio: 'ignore' });
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
