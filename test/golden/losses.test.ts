import { describe, expect, it } from 'vitest';
import { differentiate } from '../../src/graph/gradients.js';
import { Graph } from '../../src/graph/graph.js';
import type { Value } from '../../src/graph/value.js';
import { emitLoss, type LossDescription, type LossName, requireLoss } from '../../src/network/losses/losses.js';
import { CompiledProgram } from '../../src/program/program.js';
import { float32Epsilon, tolerance } from '../oracle/tolerance.js';
import { expectAgreement } from './agreement.js';
import { emptyBlocks } from './blocks.js';
import { type Golden, loadGoldens } from './load.js';

const LOSS_OF: Readonly<Record<string, LossName | 'quantile'>> = {
  softmax: 'softmaxCrossEntropy',
  sigmoid: 'sigmoidCrossEntropy',
  mean: 'meanSquaredError',
  absolute: 'meanAbsoluteError',
  huber: 'huber',
  quantile: 'quantile',
};

/** The loss of a golden, with its weights and its label smoothing. */
function lossOf({ name, options, inputs }: Golden<'loss'>): LossDescription {
  const { labelSmoothing, level, delta } = options;
  const weights = [...inputs].flatMap(([field, { data }]) => {
    return field.endsWith('Weights') ? [[field, [...data]] as const] : [];
  });
  const kind = LOSS_OF[name.slice(0, name.indexOf('_'))];
  return requireLoss('loss', {
    kind,
    ...Object.fromEntries(weights),
    ...(labelSmoothing !== undefined && { labelSmoothing }),
    ...(level !== undefined && { levels: [level] }),
    ...(delta !== undefined && { delta }),
    // The rows are a number here, neither steps nor sequences.
    ...(inputs.has('weights') && { weights: 'sequence' }),
  });
}

type Precision = 'float32' | 'float64';

function compile(graph: Graph, outputs: readonly Value[], precision: Precision): CompiledProgram {
  return new CompiledProgram(graph, { outputs, axes: new Map(), blocks: emptyBlocks(), threads: 1, precision });
}

function runLoss(golden: Golden<'loss'>, precision: Precision) {
  const { rows, columns } = golden.options;
  const graph = new Graph();
  const prediction = graph.external('prediction', rows, columns);
  const { loss } = emitLoss(graph, lossOf(golden), prediction);
  const gradients = differentiate(graph, [{ value: loss, gradient: graph.external('dloss', 1, 1) }], [prediction]);
  const gradient = gradients.get(prediction.id) as Value;
  const program = compile(graph, [loss, gradient], precision);
  program.real('prediction').set(golden.float32('prediction'));
  program.real('dloss').set(golden.float32('dloss'));
  const { data } = golden.tensor('target');
  (data instanceof Int32Array ? program.integers('target') : program.real('target')).set(data);
  if (golden.inputs.has('weights')) program.real('loss/target/weights').set(golden.float32('weights'));
  program.execute([]);
  return { loss: program.real(loss).slice(), gradient: program.real(gradient).slice() };
}

describe.each(loadGoldens('loss').map((golden) => [golden.name, golden] as const))('%s', (_, golden) => {
  const { columns } = golden.options;

  it('gives the loss and gradient of PyTorch in float32', () => {
    const { loss, gradient } = runLoss(golden, 'float32');
    expectAgreement('loss', loss, golden.tensor('loss'), tolerance({ terms: columns }));
    const relative = tolerance({ terms: columns, backward: true });
    expectAgreement('gradient', gradient, golden.tensor('gradient/prediction'), relative);
  });

  it('gives them in float64 to the rounding of the stored values', () => {
    const { loss, gradient } = runLoss(golden, 'float64');
    expectAgreement('loss', loss, golden.tensor('loss'), float32Epsilon / 2);
    expectAgreement('gradient', gradient, golden.tensor('gradient/prediction'), float32Epsilon / 2);
  });
});

describe.each(loadGoldens('embedding').map((golden) => [golden.name, golden] as const))('%s', (_, golden) => {
  const { size, units } = golden.options;
  const ids = golden.int32('ids');

  function run(precision: Precision) {
    const graph = new Graph();
    const table = graph.external('table', size, units);
    const y = graph.apply('embedding', { ids: graph.indices('ids', ids.length, size), table }).y;
    const gradients = differentiate(graph, [{ value: y, gradient: graph.external('dy', ids.length, units) }], [table]);
    const gradient = gradients.get(table.id) as Value;
    const program = compile(graph, [y, gradient], precision);
    program.integers('ids').set(ids);
    program.real('table').set(golden.float32('table'));
    program.real('dy').set(golden.float32('dy'));
    program.execute([]);
    return { y: program.real(y).slice(), gradient: program.real(gradient).slice() };
  }

  it('copies rows of the table exactly and adds up the gradients of repeated ids as PyTorch', () => {
    const { y, gradient } = run('float32');
    expect(y).toEqual(golden.float32('y'));
    expectAgreement('gradient', gradient, golden.tensor('gradient/table'), tolerance({ terms: ids.length }));
    expectAgreement('gradient', run('float64').gradient, golden.tensor('gradient/table'), float32Epsilon / 2);
  });

  it('leaves the gradient of ids that do not occur at 0', () => {
    const unused = Array.from({ length: size }, (__, id) => id).filter((id) => !ids.includes(id));
    expect(unused).not.toEqual([]);
    const { gradient } = run('float32');
    for (const id of unused) expect([...gradient.slice(id * units, (id + 1) * units)]).toEqual(Array(units).fill(0));
  });
});
