/**
 * Executes the problems of the kernels and compares each result with the reference, without a test runner: for processors that are
 * emulated, and for valgrind, under which vitest does not start or takes too long.
 *
 *   node run-problems.mjs EXPECTED_SET [PART OF PARTS | each]    for example: neon, or: sse2 1 4; each: one problem of each operation
 *
 * Ends with 1 when another instruction set was chosen, a result disagrees, or an operation has no problem (packing is part of others).
 */
import { operations } from '../../src/graph/registry.js';
import { native } from '../../src/native/addon.js';
import { buildProblem } from './problem-graph.js';
import { ProblemProgram } from './problem-program.js';
import { type Problem, problems } from './problems/index.js';
import { disagreement } from './reference.js';

const epsilons = { float32: 2 ** -23, float64: 2 ** -52 } as const;
const [expected, part = '1', parts = '1'] = process.argv.slice(2);

function findings(problem: Problem, precision: 'float32' | 'float64', threads: number): string[] {
  const built = buildProblem(problem);
  const run = new ProblemProgram(built, built.results.values(), { precision, threads, keepOperands: true }).run();
  return [...built.results].flatMap(([name, value]) => {
    const finding = disagreement(problem, name, run.read(value), epsilons[precision]);
    return finding === undefined ? [] : [`${problem.name}, ${precision}, ${threads} threads: ${finding}`];
  });
}

const { isa, supported, note } = native().info();
console.log(`chosen ${isa} of ${supported.join(', ')}${note === '' ? '' : ` (${note})`}`);
const failures = isa === expected ? [] : [`chosen is ${isa}, expected ${expected}`];
const executed = new Set<string>();
let count = 0;
for (const [index, problem] of problems.entries()) {
  const isChosen = part === 'each' ? !executed.has(problem.operation) : index % Number(parts) === Number(part) - 1;
  if (!isChosen) continue;
  executed.add(problem.operation);
  for (const precision of ['float32', 'float64'] as const) {
    failures.push(...findings(problem, precision, 1 + (index % 2)));
    count++;
  }
}
const missing = [...operations.values()].filter(({ name, role }) => role !== 'packing' && !executed.has(name));
if (parts === '1') failures.push(...missing.map(({ name }) => `${name} has no problem`));
for (const failure of failures) console.error(failure);
console.log(
  `${count} executions of ${executed.size} operations compared with the reference, ${failures.length} failures`,
);
process.exit(failures.length === 0 ? 0 : 1);
