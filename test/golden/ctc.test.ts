/** Connectionist temporal classification. */
import { describe, expect, it } from 'vitest';
import { differentiate } from '../../src/graph/gradients.js';
import { Graph } from '../../src/graph/graph.js';
import type { Value } from '../../src/graph/value.js';
import { ctcTarget, emitCtc } from '../../src/network/losses/ctc.js';
import { CompiledProgram } from '../../src/program/program.js';
import { float32Epsilon, tolerance } from '../oracle/tolerance.js';
import { expectAgreement } from './agreement.js';
import { emptyBlocks } from './blocks.js';
import { type Golden, loadGoldens } from './load.js';

type Precision = 'float32' | 'float64';

function run(golden: Golden<'ctc'>, precision: Precision) {
  const { classes, blank, reduction, zeroInfinity } = golden.options;
  const graph = new Graph();
  const logits = graph.external('logits', graph.steps('frames'), classes);
  const labels = graph.indices('labels', graph.steps('labels'), classes, { ignore: true });
  const options = { blank, zeroInfinity, reduction: reduction === 'mean' ? 'perLabel' : 'sum' } as const;
  const isWeighted = golden.inputs.has('weights');
  const weights = isWeighted ? graph.external('weights', graph.batch('frames'), 1) : undefined;
  const { loss, losses } = emitCtc(graph, logits, labels, options, weights);
  const upstream = { value: loss, gradient: graph.external('dloss', 1, 1) };
  const gradient = differentiate(graph, [upstream], [logits]).get(logits.id) as Value;
  const sizes = [golden.int32('batchSizes'), golden.int32('labelBatchSizes')];
  const capacity = (batchSizes: Int32Array) => ({
    steps: batchSizes.length,
    batch: batchSizes[0] as number,
    rows: batchSizes.reduce((sum, size) => sum + size, 0),
  });
  const program = new CompiledProgram(graph, {
    outputs: [loss, losses, gradient],
    axes: new Map(['frames', 'labels'].map((axis, index) => [axis, capacity(sizes[index] as Int32Array)])),
    blocks: emptyBlocks(),
    threads: 1,
    precision,
  });
  program.real('logits').set(golden.float32('logits'));
  program.integers('labels').set(golden.int32('labels'));
  program.real('dloss').set(golden.float32('dloss'));
  if (isWeighted) program.real('weights').set(golden.float32('weights'));
  program.execute(sizes, false, [undefined, golden.int32('samples')]);
  const read = (value: Value) => [...program.real(value)];
  return { loss: read(loss), losses: read(losses), gradient: read(gradient) };
}

describe.each(loadGoldens('ctc').map((golden) => [golden.name, golden] as const))('%s', (_, golden) => {
  const { classes, lengths, targets, blank, zeroInfinity } = golden.options;
  const largest = golden.float32('logits').reduce((most, logit) => Math.max(most, Math.abs(logit)), 0);
  const terms = classes * Math.max(1, largest);
  const steps = lengths[0] as number;

  it('has the targets of its options', () => {
    const order = [...golden.int32('samples')];
    const expected = order.map((sample) => [...ctcTarget(targets[sample] as number[], { classes, blank })]);
    const rows = expected.map((): number[] => []);
    const labels = golden.int32('labels').values();
    for (const alive of golden.int32('labelBatchSizes')) {
      for (let sequence = 0; sequence < alive; sequence++) rows[sequence]?.push(labels.next().value as number);
    }
    expect(rows).toEqual(expected);
  });

  it.each(['float32', 'float64'] as const)('gives the losses and the gradient of PyTorch in %s', (precision) => {
    const { loss, losses, gradient } = run(golden, precision);
    const isExact = precision === 'float64';
    const forward = isExact ? float32Epsilon / 2 : tolerance({ terms, steps });
    const backward = isExact ? float32Epsilon / 2 : tolerance({ terms, steps, backward: true });
    expectAgreement('loss', loss, golden.tensor('loss'), forward);
    const counted = losses.map((value) => (zeroInfinity && value === Number.POSITIVE_INFINITY ? 0 : value));
    expectAgreement('losses', counted, golden.tensor('losses'), forward);
    expectAgreement('gradient', gradient, golden.tensor('gradient/logits'), backward);
  });
});

describe('the goldens of zeroInfinity', () => {
  it('have targets that fit, and others', () => {
    const [golden] = loadGoldens('ctc').filter(({ options }) => options.zeroInfinity);
    const isInfinite = run(golden as Golden<'ctc'>, 'float32').losses.map((loss) => loss === Number.POSITIVE_INFINITY);
    expect(isInfinite).toEqual([false, true, false, true]);
  });
});
