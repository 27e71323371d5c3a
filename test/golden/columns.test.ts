import { describe, expect, it } from 'vitest';
import { differentiate } from '../../src/graph/gradients.js';
import { Graph } from '../../src/graph/graph.js';
import type { Value } from '../../src/graph/value.js';
import { gatherColumns, logSoftmax, maxOverColumns, minOverColumns } from '../../src/network/operations.js';
import { CompiledProgram } from '../../src/program/program.js';
import { float32Epsilon, tolerance } from '../oracle/tolerance.js';
import { expectAgreement } from './agreement.js';
import { emptyBlocks } from './blocks.js';
import { type Golden, loadGoldens } from './load.js';

type Precision = 'float32' | 'float64';

const functions = {
  logSoftmax,
  maxOverColumns,
  minOverColumns,
  gatherColumns: (x: Value, order: readonly number[]) => gatherColumns(x, order),
} as const;

/** Computes a function of the rows of a golden and its gradient. */
function compute(golden: Golden<'columns'>, name: keyof typeof functions, precision: Precision) {
  const graph = new Graph();
  const [rows = 0, columns = 0] = golden.tensor('x').shape;
  const x = graph.external('x', rows, columns);
  const y = functions[name](x, golden.options.order);
  const dy = graph.external(`dy/${name}`, rows, y.columns);
  const gradient = differentiate(graph, [{ value: y, gradient: dy }], [x]).get(x.id) as Value;
  const options = { outputs: [y, gradient], axes: new Map(), blocks: emptyBlocks(64), threads: 1, precision };
  const program = new CompiledProgram(graph, options);
  for (const input of ['x', `dy/${name}`]) {
    if (program.hasInput(input)) program.real(input).set(golden.float32(input));
  }
  program.execute([]);
  return { y: program.real(y).slice(), x: program.real(gradient).slice() };
}

describe.each(loadGoldens('columns').map((golden) => [golden.name, golden] as const))('%s', (_, golden) => {
  describe.each(['float32', 'float64'] as const)('in %s', (precision) => {
    it.each(Object.keys(functions) as (keyof typeof functions)[])('%s is that of PyTorch with its gradient', (name) => {
      const relative = precision === 'float64' ? float32Epsilon / 2 : tolerance({ terms: 9, backward: true });
      for (const [result, actual] of Object.entries(compute(golden, name, precision))) {
        expectAgreement(`${name}/${result}`, actual, golden.tensor(`${name}/${result}`), relative);
      }
      expect(golden.results.size).toBe(2 * Object.keys(functions).length);
    });
  });
});
