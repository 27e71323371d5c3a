/**
 * Writes the first inputs of the fuzzer of the program loader into the folder that the command line names, one file each
 * (scripts/fuzz-native.cjs): the valid programs of the tests, in both precisions where they have problems.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { rowCount } from '../oracle/packed.js';
import { type Base, bases } from './base-programs.js';
import { capture } from './captured-program.js';
import { bytesOfInput, withOwnBlocks } from './fuzz-input.js';
import { buildProblem } from './problem-graph.js';
import { ProblemProgram } from './problem-program.js';
import { problems } from './problems/index.js';
import { runArguments } from './problems/problem.js';

/** Small numbers in the blocks, executed twice. */
const OPTIONS = 0b11000;
const MOST_BYTES = 2 ** 15;

function smallProblems(): Base[] {
  const small = problems.filter(({ batchSizes = [1] }) => rowCount(batchSizes) < 40);
  return small.flatMap((problem) => {
    const built = buildProblem(problem);
    return (['float32', 'float64'] as const).map((precision) => ({
      name: problem.name,
      ...capture(() => new ProblemProgram(built, built.results.values(), { precision })),
      ...runArguments(problem),
    }));
  });
}

const folder = process.argv[2] as string;
let count = 0;
for (const base of [...bases, ...smallProblems()]) {
  const input = withOwnBlocks({ ...base, options: OPTIONS });
  if (Math.max(...input.blockBytes) > MOST_BYTES) continue;
  writeFileSync(path.join(folder, `seed-${count++}`), bytesOfInput(input));
}
process.stdout.write(`${count} programs written to ${folder}\n`);
