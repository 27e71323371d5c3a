import { describe, expect, it } from 'vitest';
import { differentiate } from '../../src/graph/gradients.js';
import { Graph } from '../../src/graph/graph.js';
import type { Value } from '../../src/graph/value.js';
import * as operations from '../../src/network/operations.js';
import { CompiledProgram } from '../../src/program/program.js';
import { emptyBlocks } from './blocks.js';
import { type Golden, loadGoldens } from './load.js';

type Precision = 'float32' | 'float64';

/** Within a few roundings: float64 is rounded to float32 in the file. */
const TOLERANCES = { float32: 2 ** -20, float64: 2 ** -23 } as const;

/** What errors are relative to where a result is smaller. One of `gelu` is a difference: 2^-23 of its operand. */
const least = (name: string, x: number) => (name === 'gelu' ? Math.abs(x) / 8 : 2 ** -10);

const NAMED: ReadonlyMap<string, unknown> = new Map(Object.entries(operations));

/** The function of `bptt/operations` of that name: `power 2` is `power(x, 2)`. */
function functionOf(name: string): (...operands: Value[]) => Value {
  const [word = '', number] = name.split(' ');
  const f = NAMED.get(word) as (...operands: (Value | number)[]) => Value;
  return number === undefined ? f : (x) => f(x as Value, Number(number));
}

/** Computes a function of the tensors of a golden and its gradients. */
function compute(golden: Golden, name: string, inputs: readonly string[], upstream: string, precision: Precision) {
  const graph = new Graph();
  const columns = golden.float32(upstream).length;
  const values = inputs.map((input) => graph.external(input, 1, columns));
  const dy = graph.external(upstream, 1, columns);
  const y = functionOf(name)(...values);
  const gradients = differentiate(graph, [{ value: y, gradient: dy }], values);
  const wanted = [y, ...values.map(({ id }) => gradients.get(id) as Value)];
  const axes = new Map();
  const program = new CompiledProgram(graph, { outputs: wanted, axes, blocks: emptyBlocks(64), threads: 1, precision });
  for (const input of [...inputs, upstream]) {
    if (program.hasInput(input)) program.real(input).set(golden.float32(input));
  }
  program.execute([]);
  return new Map(['y', ...inputs].map((result, at) => [result, [...program.real(wanted[at] as Value)]]));
}

describe.each(loadGoldens('functions').map((golden) => [golden.name, golden] as const))('%s', (_, golden) => {
  const { one, two } = golden.options;
  const cases = [
    ...one.map((name) => [name, ['x'], 'dx'] as const),
    ...two.map((name) => [name, ['a', 'b'], 'dab'] as const),
  ];

  describe.each(['float32', 'float64'] as const)('in %s', (precision) => {
    it.each(cases)(
      '%s is that of PyTorch with its gradient, also for 0, NaN and infinity',
      (name, inputs, upstream) => {
        for (const [result, actual] of compute(golden, name, inputs, upstream, precision)) {
          const expected = [...golden.float32(`${name}/${result}`)];
          const given = (at: number) => inputs.map((input) => golden.float32(input)[at]).join(', ');
          const wrong = actual.flatMap((value, at) => {
            const wanted = expected[at] as number;
            const isNear =
              Math.abs(value - wanted) <=
              TOLERANCES[precision] *
                Math.max(Math.abs(wanted), least(name, golden.float32(inputs[0] as string)[at] as number));
            return Object.is(value, wanted) || value === wanted || isNear
              ? []
              : [`${result}(${given(at)}) is ${value}, not ${wanted}`];
          });
          expect(wrong).toEqual([]);
        }
      },
    );
  });
});
