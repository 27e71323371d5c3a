/** Operations on rows without a cell: normalization, pooling over time, penalties, padding. */
import { describe, expect, it } from 'vitest';
import { differentiate } from '../../src/graph/gradients.js';
import { Graph } from '../../src/graph/graph.js';
import type { Value } from '../../src/graph/value.js';
import { packPadded, padPacked, penalty, pool } from '../../src/index.js';
import { CompiledProgram } from '../../src/program/program.js';
import { float32Epsilon, tolerance } from '../oracle/tolerance.js';
import { expectAgreement } from './agreement.js';
import { emptyBlocks } from './blocks.js';
import { LayerProgram } from './layer-program.js';
import { type Golden, loadGoldens } from './load.js';

const PRECISIONS = ['float32', 'float64'] as const;
type Precision = (typeof PRECISIONS)[number];

function runNormalization(golden: Golden<'layerNormalization'>, precision: Precision): Map<string, ArrayLike<number>> {
  const { rows, columns, epsilon, shift } = golden.options;
  const graph = new Graph();
  const operands = {
    x: graph.external('x', rows, columns),
    gain: graph.external('gain', 1, columns),
    ...(shift ? { shift: graph.external('shift', 1, columns) } : {}),
  };
  const sources = new Map<string, Value>(Object.entries(operands));
  const { y } = graph.apply('layerNormalization', operands, { epsilon });
  const gradient = graph.external('dy', rows, columns);
  const gradients = differentiate(graph, [{ value: y, gradient }], [...sources.values()]);
  const results = new Map([['y', y]]);
  for (const [name, { id }] of sources) results.set(`gradient/${name}`, gradients.get(id) as Value);
  const outputs = [...results.values()];
  const program = new CompiledProgram(graph, {
    outputs,
    axes: new Map(),
    blocks: emptyBlocks(),
    threads: 1,
    precision,
  });
  for (const name of [...sources.keys(), 'dy']) program.real(name).set(golden.float32(name));
  program.execute([]);
  return new Map([...results].map(([name, value]) => [name, program.real(value).slice()]));
}

describe.each(loadGoldens('layerNormalization').map((golden) => [golden.name, golden] as const))('%s', (_, golden) => {
  it.each(PRECISIONS)('gives the output and all gradients of PyTorch in %s', (precision) => {
    const { rows, columns } = golden.options;
    const results = runNormalization(golden, precision);
    expect([...results.keys()].sort()).toEqual([...golden.results.keys()].sort());
    for (const [name, tensor] of golden.results) {
      const backward = name !== 'y';
      const terms = backward ? Math.max(rows, columns) : columns;
      const relative = precision === 'float64' ? float32Epsilon / 2 : tolerance({ terms, backward });
      expectAgreement(name, results.get(name) as ArrayLike<number>, tensor, relative);
    }
  });
});

describe.each(loadGoldens('pool').map((golden) => [golden.name, golden] as const))('%s', (_, golden) => {
  const { over, features, lengths } = golden.options;

  it.each(PRECISIONS)('gives the output and the gradient of PyTorch on padded sequences in %s', (precision) => {
    const program = new LayerProgram(pool({ over }), features, golden.int32('batchSizes'), { precision, threads: 1 });
    program.write('x', golden.float32('x'));
    program.write('upstream/y', golden.float32('dy'));
    program.run();
    // A choice of rows is exact; a mean adds up the steps of one sequence.
    const exact = over === 'mean' && precision === 'float64' ? float32Epsilon / 2 : 0;
    const relative = over === 'mean' && precision === 'float32' ? tolerance({ terms: lengths[0] as number }) : exact;
    expectAgreement('y', program.read('y'), golden.tensor('y'), relative);
    expectAgreement('gradient/x', program.read('gradient/x'), golden.tensor('gradient/x'), relative);
  });
});

describe.each(loadGoldens('attentionPool').map((golden) => [golden.name, golden] as const))('%s', (_, golden) => {
  const { features, lengths, units } = golden.options;
  const batchSizes = golden.int32('batchSizes');

  it.each(PRECISIONS)('gives the output and all gradients of PyTorch on padded sequences in %s', (precision) => {
    const program = new LayerProgram(pool({ over: 'attention', units }), features, batchSizes, {
      precision,
      threads: 1,
    });
    for (const name of ['x', 'weight', 'bias', 'v']) program.write(name, golden.float32(name));
    program.write('upstream/y', golden.float32('dy'));
    program.run();
    const names = [...golden.results.keys()];
    expect(names.sort()).toEqual(['gradient/bias', 'gradient/v', 'gradient/weight', 'gradient/x', 'y']);
    // The rounding of a score is as large as the score, and becomes that of the logarithm of a weight.
    const largest = golden.float32('v').reduce((sum, entry) => sum + Math.abs(entry), 1);
    const rows = lengths.reduce((sum, length) => sum + length, 0);
    for (const [name, tensor] of golden.results) {
      const float32 = tolerance({ terms: Math.max(rows, units), backward: name !== 'y' }) * largest;
      const relative = precision === 'float64' ? float32Epsilon / 2 : float32;
      expectAgreement(name, program.read(name), tensor, relative);
    }
  });
});

describe.each(loadGoldens('penalty').map((golden) => [golden.name, golden] as const))('%s', (_, golden) => {
  const { features, lengths, activation, temporal } = golden.options;
  const batchSizes = golden.int32('batchSizes');

  it.each(PRECISIONS)('passes its input on and gives the penalty and the gradient of PyTorch in %s', (precision) => {
    const program = new LayerProgram(penalty({ activation, temporal }), features, batchSizes, {
      precision,
      threads: 1,
    });
    program.write('x', golden.float32('x'));
    program.write('upstream/y', golden.float32('dy'));
    program.write('upstream/penalty', golden.float32('dpenalty'));
    program.run();
    const terms = features * lengths.reduce((sum, length) => sum + length, 0);
    const relative = precision === 'float64' ? float32Epsilon / 2 : tolerance({ terms });
    expect([...program.read('y')]).toEqual([...golden.float32('x')]);
    expectAgreement('penalty', program.read('penalty'), golden.tensor('penalty'), relative);
    expectAgreement('gradient/x', program.read('gradient/x'), golden.tensor('gradient/x'), relative);
  });
});

/** Rows [first, second, width] as [second, first, width]. */
function swapAxes<A extends Float32Array | Int32Array>(data: A, first: number, second: number, width: number): A {
  const swapped = data.slice() as A;
  for (let i = 0; i < first; i++) {
    for (let j = 0; j < second; j++) {
      const row = data.subarray((i * second + j) * width, (i * second + j + 1) * width);
      swapped.set(row, (j * first + i) * width);
    }
  }
  return swapped;
}

describe.each(loadGoldens('padding').map((golden) => [golden.name, golden] as const))('%s', (_, golden) => {
  const { batch, steps, features, value } = golden.options;
  const lengths = golden.int32('lengths');
  const kinds = [
    ['values', features],
    ['ids', 1],
  ] as const;

  it.each(kinds)('packs padded %s of any order and any layout as PyTorch', (name, width) => {
    const data = name === 'ids' ? golden.int32(name) : golden.float32(name);
    const layout = { batch, steps, features: width, lengths };
    const packed = packPadded(data, layout);
    expect(packed.batchSizes).toEqual(golden.int32('batchSizes'));
    expect(packed.order).toEqual(golden.int32('order'));
    expect(packed.inputs['input']).toEqual(golden.tensor(`${name}/packed`).data);
    const timeMajor = swapAxes(data, batch, steps, width);
    expect(packPadded(timeMajor, { ...layout, timeMajor: true })).toEqual(packed);
  });

  it.each(kinds)('pads packed %s in the order of the sequences as PyTorch', (name, width) => {
    const packed = { batchSizes: golden.int32('batchSizes'), order: golden.int32('order') };
    const rows = name === 'ids' ? golden.int32(`${name}/packed`) : golden.float32(`${name}/packed`);
    const padded = padPacked(packed, rows, { features: width, value });
    expect(padded.values).toEqual(golden.tensor(`${name}/padded`).data);
  });
});
