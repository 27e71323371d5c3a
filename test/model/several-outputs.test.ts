import { describe, expect, it } from 'vitest';
import { packExamples } from '../../src/batch/example-packing.js';
import { OptionError } from '../../src/core/errors.js';
import type { CompileOptions, Model } from '../../src/model/model.js';
import { network, networkFromJSON, sequential } from '../../src/model/network.js';
import { dense } from '../../src/network/layers/dense.js';
import { embedding } from '../../src/network/layers/embedding.js';
import { pool } from '../../src/network/layers/pool.js';
import { gru } from '../../src/network/layers/recurrent.js';
import { ctcTarget } from '../../src/network/losses/ctc.js';
import { adam, sgd } from '../../src/network/optimizers/optimizer.js';
import { imageOf, randomNumbers } from './small-models.js';
import { CLASSES, unaligned } from './unaligned-labels.js';

describe('a CTC loss', () => {
  const form = (output: string, target: string) => ({
    inputs: { input: { field: 'frames', width: CLASSES } },
    targets: { [target]: { field: 'target', axis: `${output}/labels` } },
  });
  const compile = (): Model =>
    sequential([gru({ units: 12 }), dense({ units: CLASSES })], { features: CLASSES }).compileSync({
      loss: { kind: 'ctc' },
      optimizer: adam({ learningRate: 0.02 }),
      threads: 1,
    });

  it('is the same for an output with a name, and survives as JSON', () => {
    const { description } = sequential([gru({ units: 12 }), dense({ units: CLASSES })], { features: CLASSES });
    const { inputs, nodes } = networkFromJSON(JSON.parse(JSON.stringify(description))).description;
    const options = { optimizer: adam({ learningRate: 0.02 }), threads: 1 } as const;
    const named = network({ inputs, nodes, outputs: { letters: 'dense' } }).compileSync({
      losses: { letters: { kind: 'ctc', blank: 0 } },
      ...options,
    });
    const plain = compile();
    for (let step = 0; step < 3; step++) {
      const examples = unaligned(5, step);
      const { losses, ...result } = named.trainStepSync(packExamples(examples, form('letters', 'letters')));
      expect(result).toEqual(plain.trainStepSync(packExamples(examples, form('output', 'target'))));
      expect(losses).toEqual({ letters: result.loss });
    }
    expect(imageOf(named)).toEqual(imageOf(plain));
  });

  it('changes nothing where labels do not fit into the frames', () => {
    const model = compile();
    const before = imageOf(model);
    const example = { frames: new Float32Array(CLASSES), target: ctcTarget([1, 2, 3], { classes: CLASSES }) };
    expect(() => model.trainStepSync(packExamples([example], form('output', 'target')))).toThrow(
      expect.objectContaining({
        code: 'length_mismatch',
        details: expect.objectContaining({ sequence: 0, needed: 3, frames: 1 }),
      }),
    );
    expect(imageOf(model)).toEqual(before);
  });

  it('wants the axis of its labels, but not for a prediction', () => {
    const model = compile();
    const { axes: _, ...batch } = packExamples(unaligned(2, 1), form('output', 'target'));
    expect(() => model.evaluateSync(batch)).toThrow(/axes\.output\/labels\.batchSizes is missing/);
    expect(model.predictPackedSync(batch)).toHaveLength((batch.inputs['input'] as Float32Array).length);
  });
});

/** A class for every step and numbers for every sequence, from one recurrent layer. */
const twoOutputs = () =>
  network({
    inputs: { input: { kind: 'indices', size: 6 } },
    nodes: [
      { name: 'embedding', layer: embedding({ size: 6, units: 4 }), inputs: ['input'] },
      { name: 'memory', layer: gru({ units: 5 }), inputs: ['embedding'] },
      { name: 'tags', layer: dense({ units: 3 }), inputs: ['memory'] },
      { name: 'mean', layer: pool({ over: 'mean' }), inputs: ['memory'] },
      { name: 'numbers', layer: dense({ units: 2 }), inputs: ['mean'] },
    ],
    outputs: { tag: 'tags', score: 'numbers' },
  });

const batch = {
  batchSizes: Int32Array.of(2, 2, 1),
  inputs: { input: Int32Array.of(0, 5, 2, 2, 4) },
  targets: { tag: Int32Array.of(0, 1, 2, -1, 1), score: randomNumbers(4) },
};
const losses = { tag: 'softmaxCrossEntropy', score: 'meanSquaredError' } as const;

describe('a network of two outputs', () => {
  const compile = (options: CompileOptions): Model =>
    twoOutputs().compileSync({ threads: 1, optimizer: sgd({ learningRate: 0.1 }), ...options });

  it('tells the weighted sum of its losses, and each by name', async () => {
    const model = compile({ losses, lossWeights: { score: 0.25 } });
    expect(model.loss).toEqual({ losses, lossWeights: { score: 0.25 } });
    const { loss, losses: each, targets } = await model.evaluate(batch);
    const { tag = 0, score = 0 } = each ?? {};
    expect(loss).toBe(Math.fround(tag + 0.25 * score));
    expect(targets).toBe(5);
    const trained = await model.trainStep(batch);
    expect([trained.loss, trained.losses]).toEqual([loss, each]);
  });

  it('has the gradient of the weighted sum', () => {
    const gradients = (options: CompileOptions) => {
      const model = compile(options);
      model.trainStepSync(batch);
      return [...model.parameters.values()].flatMap(({ gradient }) => [...gradient]);
    };
    const both = gradients({ losses, lossWeights: { tag: 2, score: 0.5 } });
    const tag = gradients({ losses: { tag: losses.tag } });
    const score = gradients({ losses: { score: losses.score } });
    for (const [index, gradient] of both.entries()) {
      expect(gradient).toBeCloseTo(2 * (tag[index] as number) + 0.5 * (score[index] as number), 6);
    }
    expect(both.some((gradient) => Math.abs(gradient) > 1e-3)).toBe(true);
  });

  it('gives all outputs by name, and refuses to say which of them is the one', async () => {
    const model = compile({ losses });
    const { tag, score } = await model.predictPackedAll(batch);
    expect([tag?.length, score?.length]).toEqual([15, 4]);
    expect([...model.outputShapes]).toEqual([
      ['tag', { columns: 3, per: 'step', axis: 'time' }],
      ['score', { columns: 2, per: 'sequence', axis: 'time' }],
    ]);
    await expect(model.predictPacked(batch)).rejects.toThrow(/outputs tag, score/);
    expect(() => model.predictPackedSync(batch)).toThrow(OptionError);
    const single = sequential([embedding({ size: 6, units: 4 })]).compileSync({ threads: 1 });
    expect(await single.predictPackedAll(batch)).toEqual({ output: await single.predictPacked(batch) });
  });

  it('wants the targets of the outputs that have a loss', () => {
    const { targets } = batch;
    const model = compile({ losses: { tag: losses.tag } });
    expect(model.evaluateSync({ ...batch, targets: { tag: targets.tag } }).losses).toHaveProperty('tag');
    expect(() => model.evaluateSync({ ...batch, targets: { score: targets.score } })).toThrow(
      /target 'tag' is missing/,
    );
  });

  it.each([
    [{}, /'losses' must give losses for some of the outputs tag, score/],
    [{ loss: 'meanSquaredError' }, /'losses' must give losses/],
    [{ losses: {} }, /at least one output/],
    [{ losses: { other: 'meanSquaredError' } }, /no option 'other'/],
    [{ losses: { tag: 'bogus' } }, /losses\.tag/],
    [{ losses: { tag: { kind: 'bogus' } } }, /losses\.tag/],
    [{ losses: { tag: { kind: 'ctc', blanc: 1 } } }, /no option 'blanc'/],
    [{ losses: { tag: { kind: 'ctc', blank: 3 } } }, /blank/],
    [{ losses, loss: 'meanSquaredError' }, /exclude each other/],
    [{ losses, lossWeights: { tag: -1 } }, /lossWeights\.tag/],
    [{ losses: { tag: 'softmaxCrossEntropy' }, lossWeights: { score: 1 } }, /no option 'score'/],
  ])('is not compiled with %j', (options, message) => {
    expect(() => twoOutputs().compileSync(options as never)).toThrow(OptionError);
    expect(() => twoOutputs().compileSync(options as never)).toThrow(message);
  });
});

describe('tied weights', () => {
  const tiedModel = (tied: boolean) =>
    network({
      inputs: { input: { kind: 'indices', size: 6 } },
      nodes: [
        { name: 'embedding', layer: embedding({ size: 6, units: 4 }), inputs: ['input'] },
        { name: 'memory', layer: gru({ units: 4 }), inputs: ['embedding'] },
        { name: 'out', layer: dense({ units: 6, ...(tied && { tied: 'embedding' }) }), inputs: ['memory'] },
      ],
      output: 'out',
    }).compileSync({ threads: 1, optimizer: sgd({ learningRate: 0.1 }) });

  it('are the table of the embedding, and their gradients add up', () => {
    const [tied, apart] = [tiedModel(true), tiedModel(false)];
    for (const [name, { data }] of apart.parameters) data.set(tied.parameters.get(name)?.data ?? tableOf(tied));
    apart.parametersChanged();
    const sequence = { ...batch, targets: { target: Int32Array.of(0, 1, 2, 3, 5) } };
    expect(tied.predictPackedSync(sequence)).toEqual(apart.predictPackedSync(sequence));
    expect(tied.trainStepSync(sequence).loss).toBe(apart.trainStepSync(sequence).loss);
    const gradient = (model: Model, name: string) => model.parameters.get(name)?.gradient as Float32Array;
    const sum = gradient(apart, 'embedding.weight').map((value, index) => {
      return value + (gradient(apart, 'out.weight')[index] as number);
    });
    expect(gradient(tied, 'embedding.weight')).toEqual(sum);
    expect(tied.parameters.has('out.weight')).toBe(false);
  });

  const tableOf = (model: Model) => model.parameters.get('embedding.weight')?.data as Float32Array;
});
