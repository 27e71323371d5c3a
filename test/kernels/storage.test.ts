import { describe, expect, it } from 'vitest';
import { storageBytes } from '../../src/graph/generated/operations.js';
import { operations } from '../../src/graph/registry.js';
import type { Storage } from '../../src/graph/value.js';
import { native } from '../../src/native/addon.js';
import { GuardedBlocks, load } from './captured-program.js';
import { addGradients, buildProblem, differentiableOutputs } from './problem-graph.js';
import { ProblemProgram } from './problem-program.js';
import { type Problem, problems } from './problems/index.js';
import { operandsFor } from './problems/problem.js';
import { rowProgram } from './row-programs.js';
import { rowTexts } from './row-rules.js';

type Compute = 'float32' | 'float64';
const storages = Object.keys(storageBytes) as Storage[];
const computes: readonly Compute[] = ['float32', 'float64'];
const hasKernels = (compute: string, storage: string): boolean =>
  native()
    .kernelTypes()
    .some((types) => types.compute === compute && types.weights === storage);

const named = (name: string): Problem => problems.find((problem) => problem.name === name) as Problem;
const affine = named('linear, 3 rows, 50 to 70');

/** Operations that multiply by packed weights. */
const weighted = [...operations.values()]
  .filter(({ role, signature }) => role === 'forward' && signature.inputs.some(({ type }) => type === 'packed'))
  .map(({ name }) => name);

describe('packed weights', () => {
  it('are stored in the type of the arithmetic wherever nothing else is said', () => {
    for (const compute of computes) expect(hasKernels(compute, compute)).toBe(true);
    const [packed] = [...buildProblem(affine).graph.nodes].map(({ outputs }) => outputs.get('p'));
    expect(packed).toMatchObject({ type: 'packed' });
    expect(packed?.storage).toBeUndefined();
  });

  it('are refused where they are stored in a type for which there are no kernels', () => {
    let refused = 0;
    for (const compute of computes) {
      for (const weights of storages) {
        if (hasKernels(compute, weights)) continue;
        const built = buildProblem(affine, { weights });
        expect(() => new ProblemProgram(built, built.results.values(), { precision: compute })).toThrow(
          expect.objectContaining({
            code: 'invalid_program',
            message: `there are no kernels that compute in ${compute} with weights stored in ${weights}`,
          }),
        );
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(1);
  });

  it('give the same bits in any storage that holds them exactly', () => {
    const mixed = native()
      .kernelTypes()
      .filter(({ compute, storage }) => compute !== storage) as { compute: Compute; storage: Storage }[];
    for (const { compute, storage } of mixed) {
      for (const problem of problems.filter(({ operation }) => weighted.includes(operation))) {
        expect(bitsOf(problem, compute, storage), `${problem.name}: ${compute}, ${storage}`).toEqual(
          bitsOf(problem, compute),
        );
      }
    }
  });
});

/** The results of a problem and its gradients, with weights stored as it is said. */
function bitsOf(problem: Problem, precision: Compute, weights?: Storage): Record<string, string> {
  const built = buildProblem(problem, weights === undefined ? {} : { weights });
  const names = differentiableOutputs(built);
  const values = new Map([...built.results, ...addGradients(built, names)]);
  const rows = new Map([...built.results].map(([name, value]) => [name, value]));
  const upstream = new Map(
    names.map((name) => {
      const probe = new ProblemProgram(built, built.results.values(), { precision });
      const { rows: height, columns } = probe.read(rows.get(name) as never);
      return [`d${name}`, operandsFor(`${problem.name} ${name}`).matrix(height, columns)] as const;
    }),
  );
  const run = new ProblemProgram(built, values.values(), { precision }, upstream).run();
  return Object.fromEntries([...values].map(([name, value]) => [name, run.bits(value).toString('base64')]));
}

describe('the checker of programs', () => {
  it('refuses any operand that is stored in another type than its own', () => {
    let refused = 0;
    for (const row of rowTexts) {
      const absent = new Set(row.operands.filter(({ optional }) => optional).map(({ name }) => name));
      for (const { name, optional, type } of row.operands) {
        if (optional) continue;
        const own = type === 'int32' ? 'int32' : type === 'float64' ? 'float64' : 'float32';
        for (const [storage, text] of storages.entries()) {
          if (text === own || (type === 'packed' && hasKernels('float32', text))) continue;
          const { words, attributes, blockBytes } = rowProgram(row, { absent, words: { [name]: { storage } } });
          const { blocks } = new GuardedBlocks([2 * blockBytes]);
          const program = { words: Int32Array.from(words), attributes: Float64Array.from(attributes), blockBytes: [] };
          expect(() => load(program, blocks), `${row.name}: ${name} in ${text}`).toThrow(
            expect.objectContaining({
              code: 'invalid_program',
              message: expect.stringMatching(new RegExp(`^value \\d+.*stored in ${text}`)),
            }),
          );
          refused++;
        }
      }
    }
    expect(refused).toBeGreaterThan(100);
  });
});
