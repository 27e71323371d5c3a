import { describe, expect, it } from 'vitest';
import { storageBytes } from '../../src/graph/generated/operations.js';
import type { Graph, GraphOptions } from '../../src/graph/graph.js';
import type { Operation } from '../../src/graph/operation.js';
import { operations } from '../../src/graph/registry.js';
import type { Storage, Value } from '../../src/graph/value.js';
import { native } from '../../src/native/addon.js';
import { compare, float32Epsilon, tolerance } from '../oracle/tolerance.js';
import { GuardedBlocks, load } from './captured-program.js';
import { addGradients, buildProblem, differentiableOutputs } from './problem-graph.js';
import { ProblemProgram } from './problem-program.js';
import { type Problem, problems } from './problems/index.js';
import { operandsFor } from './problems/problem.js';
import { disagreement } from './reference.js';
import { rowProgram } from './row-programs.js';
import { rowTexts } from './row-rules.js';

type Compute = 'float32' | 'float64';
interface KernelTypes {
  readonly compute: Compute;
  readonly weights: Storage;
  readonly activations: Storage;
}
const storages = Object.keys(storageBytes) as Storage[];
const computes: readonly Compute[] = ['float32', 'float64'];
const kernelTypes = native().kernelTypes() as KernelTypes[];
const hasKernels = (wanted: Partial<KernelTypes>): boolean =>
  kernelTypes.some((types) => Object.entries(wanted).every(([key, type]) => types[key as keyof KernelTypes] === type));

const named = (name: string): Problem => problems.find((problem) => problem.name === name) as Problem;
/** Storages that round: test/kernels/bfloat16.test.ts. */
const rounding: ReadonlySet<Storage> = new Set(['bfloat16']);
const affine = named('linear, 3 rows, 50 to 70');

/** Problems of operations that multiply by packed weights. */
const weighted = problemsWith(({ signature }) => signature.inputs.some(({ type }) => type === 'packed'));
/** Problems of operations that store outputs as activations. */
const keeping = problemsWith(({ signature }) => signature.outputs.some(({ isStored }) => isStored));

function problemsWith(isWanted: (operation: Operation) => boolean): Problem[] {
  const names = [...operations.values()].filter((operation) => operation.role === 'forward' && isWanted(operation));
  return problems.filter(({ operation }) => names.some(({ name }) => name === operation));
}

/** A problem with its gradients, computed. */
interface Computed {
  readonly run: ProblemProgram;
  readonly results: ReadonlyMap<string, Value>;
  readonly gradients: ReadonlyMap<string, Value>;
}

/** Computes a problem and its gradients, with values stored as it is said. */
function computed(problem: Problem, precision: Compute, options: GraphOptions = {}): Computed {
  const built = buildProblem(problem, options);
  const names = differentiableOutputs(built);
  const gradients = addGradients(built, names);
  const probe = new ProblemProgram(built, built.results.values(), { precision });
  const upstream = new Map(
    names.map((name) => {
      const { rows, columns } = probe.read(built.results.get(name) as Value);
      return [`d${name}`, operandsFor(`${problem.name} ${name}`).matrix(rows, columns)] as const;
    }),
  );
  const values = [...built.results.values(), ...gradients.values()];
  return { run: new ProblemProgram(built, values, { precision }, upstream).run(), results: built.results, gradients };
}

/** The bits of all results and gradients. */
function bitsOf({ run, results, gradients }: Computed): Record<string, string> {
  const values = [...results, ...[...gradients].map(([name, value]) => [`gradient of ${name}`, value] as const)];
  return Object.fromEntries(values.map(([name, value]) => [name, run.bits(value).toString('base64')]));
}

describe('packed weights', () => {
  it('are stored in the type of the arithmetic wherever nothing else is said', () => {
    for (const compute of computes) expect(hasKernels({ compute, weights: compute })).toBe(true);
    const [packed] = [...buildProblem(affine).graph.nodes].map(({ outputs }) => outputs.get('p'));
    expect(packed).toMatchObject({ type: 'packed' });
    expect(packed?.storage).toBeUndefined();
  });

  it('are refused where they are stored in a type for which there are no kernels', () => {
    let refused = 0;
    for (const compute of computes) {
      for (const weights of storages) {
        if (hasKernels({ compute, weights })) continue;
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
    for (const { compute, weights, activations } of kernelTypes) {
      if (weights === compute || activations !== compute || rounding.has(weights)) continue;
      for (const problem of weighted) {
        expect(bitsOf(computed(problem, compute, { weights })), `${problem.name}: ${compute}, ${weights}`).toEqual(
          bitsOf(computed(problem, compute)),
        );
      }
    }
  });
});

describe('stored activations', () => {
  const cell = named('lstm, all lengths different, 17 units');
  const kept = (options: GraphOptions) => buildProblem(cell, options).results.get('gates') as Value;

  it('are stored in the type of the arithmetic wherever nothing else is said', () => {
    for (const compute of computes) expect(hasKernels({ compute, activations: compute })).toBe(true);
    expect(kept({}).storage).toBeUndefined();
    expect(kept({ activations: 'float32' }).storage).toBe('float32');
  });

  it('are what cells keep for the backward pass, and neither states nor gradients', () => {
    const { graph, results } = buildProblem(cell, { activations: 'float32' });
    expect([...results].filter(([, { storage }]) => storage !== undefined).map(([name]) => name)).toEqual(
      ['gates', 'm', 'product', 'candidate', 'slopes'].filter((name) => results.has(name)),
    );
    const stored = graph.nodes.flatMap(({ operation }) => {
      const { inputs, outputs } = operation.signature;
      return [...inputs, ...outputs].filter(({ isStored }) => isStored).map(({ name, type }) => `${type} ${name}`);
    });
    expect(stored).toEqual(['real gates', 'real m', 'real product', 'real candidate', 'real slopes']);
  });

  it('are read as such on the way back', () => {
    let read = 0;
    for (const { name, signature } of operations.values()) {
      const backward = operations.get(`${name}Backward`);
      for (const output of signature.outputs) {
        const input = backward?.signature.inputs.find((spec) => spec.name === output.name);
        if (input === undefined) continue;
        expect(input.isStored, `${name}: ${output.name}`).toBe(output.isStored);
        if (input.isStored) read++;
      }
    }
    // Of the four cells.
    expect(read).toBe(3 + 4 + 4 + 4);
  });

  it('are refused where they are stored in a type for which there are no kernels', () => {
    let refused = 0;
    for (const compute of computes) {
      for (const activations of storages) {
        if (hasKernels({ compute, activations })) continue;
        const built = buildProblem(cell, { activations });
        expect(() => new ProblemProgram(built, built.results.values(), { precision: compute })).toThrow(
          expect.objectContaining({
            code: 'invalid_program',
            message: expect.stringMatching(
              new RegExp(`there are no kernels that compute in ${compute} with activations stored in ${activations}$`),
            ),
          }),
        );
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(1);
  });

  it('are not left in memory of the model that is stored in another way', () => {
    const { graph, results } = buildProblem(cell, { activations: 'float32' });
    const [c, gates] = [results.get('c'), results.get('gates')] as [Value, Value];
    const place = (name: string, { rows, columns }: Value) =>
      graph.external(name, rows, columns, { source: 'optimizer', offset: 0 });
    graph.assign(c, place('states', c));
    expect(() => graph.assign(gates, place('kept', gates))).toThrow(
      expect.objectContaining({
        code: 'shape_mismatch',
        message: 'cannot assign a value stored in float32 to kept, which is stored in the type of arithmetic',
      }),
    );
  });
});

/** Types of kernels that are there in a build with BPTT_MIXED_STORAGE. */
const mixed = kernelTypes.filter(({ compute, activations }) => compute === 'float64' && activations === 'float32');

it.runIf(process.env['BPTT_TEST_MIXED_STORAGE'] === '1')(
  'there are kernels of mixed storage in a build for their tests',
  () => {
    expect(mixed.length).toBe(2);
  },
);

describe.runIf(mixed.length > 0).each(mixed)('activations in $activations, weights in $weights', (types) => {
  const { compute, weights, activations } = types;
  const options = { weights, activations };

  it('change no other result, are the rounded values themselves, and agree with the reference', () => {
    let rounded = 0;
    for (const problem of keeping) {
      const [apart, alike] = [computed(problem, compute, options), computed(problem, compute, { weights })];
      for (const [name, value] of apart.results) {
        const other = alike.results.get(name) as Value;
        const [actual, exact] = [apart.run.view(value), alike.run.view(other)];
        const isStored = value.storage === activations;
        expect(actual, `${problem.name}: ${name}`).toBeInstanceOf(isStored ? Float32Array : Float64Array);
        expect([...actual], `${problem.name}: ${name}`).toEqual(isStored ? Array.from(exact, Math.fround) : [...exact]);
        expect(disagreement(problem, name, apart.run.read(value), float32Epsilon), problem.name).toBeUndefined();
        if (isStored) rounded++;
      }
    }
    expect(rounded).toBeGreaterThan(20);
  });

  it('give gradients that differ by the rounding', () => {
    let [same, different] = [0, 0];
    for (const problem of keeping) {
      const [apart, alike] = [computed(problem, compute, options), computed(problem, compute)];
      const { terms, steps = 1, batchSizes } = problem;
      const relative = tolerance({ terms, steps, backward: true, epsilon: float32Epsilon });
      for (const [name, value] of apart.gradients) {
        const [actual, expected] = [apart.run.read(value), alike.run.read(alike.gradients.get(name) as Value)];
        const worst = compare(actual.data, expected, relative, { batchSizes });
        expect(worst.ratio, `${problem.name}: ${name}: ${worst.message}`).toBeLessThanOrEqual(1);
        if (worst.ratio === 0) same++;
        else different++;
      }
    }
    expect(different).toBeGreaterThan(same);
  });

  it('are refused where the arithmetic is expected, and beside others that are stored in it', () => {
    const cell = named('lstm, all lengths different, 17 units');
    const refusal = (use: (graph: Graph, gates: Value) => Value) => {
      const built = buildProblem(cell, options);
      const y = use(built.graph, built.results.get('gates') as Value);
      try {
        new ProblemProgram(built, [y], { precision: compute });
        return 'none';
      } catch (error) {
        return error;
      }
    };
    expect(refusal((graph, x) => graph.apply('scale', { x }, { factor: 1 }).y)).toMatchObject({
      code: 'invalid_program',
      message: `scale: x is stored in ${activations}, expected ${compute}`,
    });
    const beside = refusal((graph, gates) => {
      const [c, R] = [gates.columns / 4, graph.externals.get('R') as Value];
      const { p: pT } = graph.apply('packTransposed', { w: R }, {}, { K: gates.columns });
      const states = graph.external('states', gates.rows, c);
      return graph.apply('lstmBackward', { gates, c: states, pT, candidate: states }).da;
    });
    expect(beside).toMatchObject({
      code: 'invalid_program',
      message: `lstmBackward: candidate is stored in ${compute}, but gates in ${activations}`,
    });
  });
});

describe('the checker of programs', () => {
  it('refuses any operand that is stored in another type than its own', () => {
    let refused = 0;
    for (const row of rowTexts) {
      const absent = new Set(row.operands.filter(({ optional }) => optional).map(({ name }) => name));
      for (const { name, optional, type } of row.operands) {
        if (optional) continue;
        const own = type === 'int32' ? 'int32' : type === 'float64' ? 'float64' : 'float32';
        for (const [storage, text] of storages.entries()) {
          const isApart =
            (type === 'packed' && hasKernels({ compute: 'float32', weights: text })) ||
            (type === 'real' && hasKernels({ compute: 'float32', activations: text }));
          if (text === own || isApart) continue;
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
