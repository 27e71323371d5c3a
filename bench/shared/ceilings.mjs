/**
 * What the machine can do at most: multiply-adds and memory bandwidth of some threads, of bench/ceilings.cc, compiled with
 * the system's compiler for this processor, and for the instruction set that the library runs with.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { info } from '../../dist/index.js';

const source = fileURLToPath(new URL('../ceilings.cc', import.meta.url));
const folder = fileURLToPath(new URL('../../build/bench/', import.meta.url));
const FLAGS = ['-O3', '-std=c++17', '-pthread'];
/** What a compiler may use, by the name of the set; for other sets everything that the processor has. */
const MACHINE = { sse2: ['-march=x86-64'], avx2: ['-march=native', '-mno-avx512f'] };

let compiled;

/** The program, or null when no compiler can build it. */
function program() {
  if (compiled !== undefined) return compiled;
  compiled = null;
  const file = path.join(folder, `ceilings-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  process.once('exit', () => rmSync(file, { force: true }));
  const machine = MACHINE[info().isa] ?? ['-march=native'];
  for (const compiler of [process.env.CXX, 'c++', 'g++', 'clang++']) {
    if (!compiler) continue;
    try {
      execFileSync(compiler, [...FLAGS, ...machine, source, '-o', file], { stdio: 'ignore' });
      compiled = file;
      break;
    } catch {
      // The next one may be there, and know the flags.
    }
  }
  return compiled;
}

const ask = (...options) => JSON.parse(execFileSync(program(), options.map(String), { encoding: 'utf8' }));

/**
 * Measures the ceilings of each number of threads.
 *
 * @returns `{ threads: { gigaflops, gigabytesPerSecond } }` (a copy, read and written), or `{ missing: reason }`
 */
export function measureCeilings(threadCounts) {
  if (program() === null) return { missing: 'not measured: there is no C++ compiler (c++, g++, clang++, or CXX)' };
  return Object.fromEntries(threadCounts.map((threads) => [threads, ask(threads)]));
}

/** The multiply-add peak at this moment in GFLOP/s, in 30 ms; undefined without a compiler. A machine that others use has no fixed one. */
export function measurePeak(threads) {
  return program() === null ? undefined : ask(threads, 'peak').gigaflops;
}
