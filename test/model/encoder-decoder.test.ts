import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/batch/batch.js';
import { unpackSequences } from '../../src/batch/packed-batch.js';
import { restoreOrder } from '../../src/batch/sequence-rows.js';
import type { Model } from '../../src/model/model.js';
import { sgd } from '../../src/network/optimizers/optimizer.js';
import { tolerance } from '../oracle/tolerance.js';
import {
  ATTENTIONS,
  type EncoderDecoderOptions,
  encoderDecoder,
  pairBatch,
  pairOf,
  raggedPairs,
  SYMBOLS,
} from './encoder-decoder-models.js';
import { imageOf } from './small-models.js';

const compile = (options: EncoderDecoderOptions = {}, threads = 1): Model =>
  encoderDecoder(options).compileSync({ threads, seed: 3, optimizer: sgd({ learningRate: 0.1 }) });

/** Logits of each pair, in the order of the pairs. */
const logitsOf = (model: Model, batch: Batch) => unpackSequences(batch, model.predictPackedSync(batch), SYMBOLS);

describe.each(ATTENTIONS)('an encoder-decoder with %s attention', (_, attention) => {
  const options = { attention };
  const pairs = raggedPairs();
  const batch = pairBatch(pairs);

  it('gives each pair of a batch the bits that it has alone', () => {
    const model = compile(options);
    const together = logitsOf(model, batch);
    for (const [index, pair] of pairs.entries()) {
      expect(logitsOf(model, pairBatch([pair]))[0], `pair ${index}`).toEqual(together[index]);
    }
  });

  it('does not depend on the order of the pairs but for the order of sums', () => {
    const turned = [...pairs].reverse();
    const [a, b] = [compile(options), compile(options)];
    expect(logitsOf(b, pairBatch(turned)).reverse()).toEqual(logitsOf(a, batch));
    const relative = tolerance({ terms: 20, steps: 12, backward: true });
    const [one, other] = [a.trainStepSync(batch), b.trainStepSync(pairBatch(turned))];
    expect(Math.abs(one.loss - other.loss)).toBeLessThanOrEqual(relative * one.loss);
    expect(Math.abs(one.gradientNorm - other.gradientNorm)).toBeLessThanOrEqual(relative * one.gradientNorm);
  });

  it('gives the same bits on any number of threads, synchronously and not', async () => {
    const models = [compile(options, 1), compile(options, 2), compile(options, 3)];
    for (const model of models) {
      model.trainStepSync(batch);
      await model.trainStep(batch);
    }
    const [first, ...others] = models.map((model) => imageOf(model));
    for (const other of others) expect(other).toEqual(first);
  });

  it('shows weights that sum to 1, one map for each pair in the order of the pairs', async () => {
    const model = compile(options);
    const maps = await model.attention(batch, 'context');
    const inputs = { source: pairs.map(({ source }) => source), previous: pairs.map(({ previous }) => previous) };
    expect(await model.attention({ inputs }, 'context')).toEqual(maps);
    expect(maps.map(({ steps, memorySteps }) => [steps, memorySteps])).toEqual(
      pairs.map(({ previous, source }) => [previous.length, source.length]),
    );
    for (const [index, { steps, memorySteps, weights }] of maps.entries()) {
      for (let step = 0; step < steps; step++) {
        const row = weights.subarray(step * memorySteps, (step + 1) * memorySteps);
        expect(row.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5);
      }
      const pair = pairs[index] as (typeof pairs)[number];
      expect((await model.attention(pairBatch([pair]), 'context'))[0]?.weights).toEqual(weights);
    }
  });
});

describe('an encoder-decoder', () => {
  const pairs = raggedPairs();

  it('has parameters of all its layers, none of a tied one', () => {
    const names = [...compile({ tied: true, attention: { score: 'additive', units: 7 } }).parameters.keys()];
    expect(names.filter((name) => /^(context|words)\./.test(name))).toEqual([
      'context.query_weight',
      'context.memory_weight',
      'context.bias',
      'context.v',
      'words.bias',
    ]);
  });

  it('carries no state that the network gives, nor one of another axis', () => {
    const model = compile({ cell: 'lstm' });
    expect([...model.stateSizes.keys()]).toEqual([]);
    expect(model.streamObstacle?.layer).toBeUndefined();
    expect(() => model.stream()).toThrow(expect.objectContaining({ code: 'state_mismatch' }));
  });

  it('grows with either axis alone, and gives what a model gives that was large from the beginning', () => {
    const [grown, large] = [compile(), compile()];
    const wide = [pairOf([2, 3, 4, 5, 6, 7, 2], [3]), pairOf([4, 4], [2])];
    const long = [pairOf([2], [3, 4, 5, 6, 7, 2, 3]), pairOf([5], [6])];
    for (const some of [pairs, wide, long, pairs])
      large.predictPackedSync(pairBatch([...pairs, ...wide, ...long, ...some]));
    for (const some of [wide, pairs, long, wide]) {
      expect(grown.predictPackedSync(pairBatch(some))).toEqual(large.predictPackedSync(pairBatch(some)));
    }
  });

  it('finds what is not finite in the layer of another axis', () => {
    const model = compile();
    const table = model.parameters.get('sourceEmbedding.weight')?.data as Float32Array;
    table.fill(Number.NaN);
    model.parametersChanged();
    expect(model.diagnose(pairBatch(pairs))).toMatchObject({ layer: 'sourceEmbedding', what: 'parameter' });
    const before = imageOf(model);
    expect(() => model.trainStepSync(pairBatch(pairs))).toThrow(expect.objectContaining({ code: 'non_finite_loss' }));
    expect(imageOf(model)).toEqual(before);
  });
});

describe('rows of sequences of an axis', () => {
  it('go back in the order of the examples', () => {
    const batch = pairBatch(raggedPairs());
    const { source } = batch.axes as { source: { batchSizes: Int32Array; order: Int32Array } };
    const own = Float32Array.from(source.order);
    expect([...restoreOrder(source, own)]).toEqual([0, 1, 2, 3, 4]);
    expect(unpackSequences(source, batch.inputs['source'] as Int32Array)).toEqual(
      raggedPairs().map((pair) => pair.source),
    );
  });
});
