/** Attention over packed sequences of two time axes against PyTorch on padded ones under a mask. */
import { describe, expect, it } from 'vitest';
import { differentiate } from '../../src/graph/gradients.js';
import { Graph } from '../../src/graph/graph.js';
import type { Value } from '../../src/graph/value.js';
import { CompiledProgram } from '../../src/program/program.js';
import { float32Epsilon, tolerance } from '../oracle/tolerance.js';
import { expectAgreement } from './agreement.js';
import { emptyBlocks } from './blocks.js';
import { type Golden, loadGoldens } from './load.js';

const PRECISIONS = ['float32', 'float64'] as const;
type Precision = (typeof PRECISIONS)[number];
const [TARGET, SOURCE] = ['target', 'source'];

function runAttention(golden: Golden<'attention'>, precision: Precision): Map<string, ArrayLike<number>> {
  const { scores, width, features, steps, scale } = golden.options;
  const graph = new Graph();
  const query = graph.external('query', graph.steps(TARGET), width);
  const key = graph.external('key', graph.steps(SOURCE), width);
  const value = graph.external('value', graph.steps(SOURCE), features);
  const v = scores === 'additive' ? { v: graph.external('v', 1, width) } : {};
  const name = scores === 'additive' ? 'additiveAttention' : 'attention';
  const attributes = scale === undefined ? {} : { scale };
  const { context, lse } = graph.apply(name, { query, key, ...v, value }, attributes) as Record<string, Value>;
  const shown = graph.apply(`${name}Weights`, { query, key, ...v }, attributes, { S: steps });
  const results = new Map(Object.entries({ context, lse, ...shown } as Record<string, Value>));
  const gradient = graph.external('dcontext', graph.steps(TARGET), features);
  const sources = { query, key, ...v, value };
  const gradients = differentiate(graph, [{ value: context as Value, gradient }], Object.values(sources));
  for (const [source, { id }] of Object.entries(sources)) {
    results.set(`gradient/${source}`, gradients.get(id) as Value);
  }

  const batchSizes = [golden.int32('batchSizes'), golden.int32('otherBatchSizes')];
  const capacities = batchSizes.map((sizes) => ({
    steps: sizes.length,
    batch: sizes[0] as number,
    rows: sizes.reduce((sum, size) => sum + size, 0),
  }));
  const program = new CompiledProgram(graph, {
    outputs: [...results.values()],
    axes: new Map([TARGET, SOURCE].map((axis, index) => [axis, capacities[index] as (typeof capacities)[0]])),
    blocks: emptyBlocks(),
    threads: 1,
    precision,
  });
  for (const input of [...Object.keys(sources), 'dcontext']) program.real(input).set(golden.float32(input));
  program.execute(batchSizes, false, [golden.int32('samples'), golden.int32('otherSamples')]);
  return new Map([...results].map(([result, output]) => [result, program.real(output).slice()]));
}

describe.each(loadGoldens('attention').map((golden) => [golden.name, golden] as const))('%s', (_, golden) => {
  it.each(PRECISIONS)('gives the contexts, the weights and the gradients of PyTorch in %s', (precision) => {
    const results = runAttention(golden, precision);
    expect([...results.keys()].sort()).toEqual([...golden.results.keys()].sort());
    // The rounding of a score is as large as the score, and becomes that of the logarithm of a weight.
    const largest = golden.float32('lse').reduce((most, lse) => Math.max(most, Math.abs(lse)), 1);
    // PyTorch has the logarithm of the sum in one number.
    const parts = results.get('lse') as ArrayLike<number>;
    results.set(
      'lse',
      Float64Array.from({ length: parts.length / 2 }, (_, row) => Number(parts[2 * row]) + Number(parts[2 * row + 1])),
    );
    for (const [name, tensor] of golden.results) {
      const backward = name.startsWith('gradient/');
      const float32 = tolerance({ terms: golden.options.width, backward }) * (name === 'lse' ? 1 : largest);
      const relative = precision === 'float64' ? float32Epsilon / 2 : float32;
      expectAgreement(name, results.get(name) as ArrayLike<number>, tensor, relative);
    }
  });
});
