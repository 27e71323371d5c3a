/** Batch normalisation in whole models: its running statistics are the model's, and only training steps change them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCheckpoint } from '../../src/checkpoint/checkpoint.js';
import { add, multiply } from '../../src/entries/operations.js';
import type { Value } from '../../src/graph/value.js';
import {
  adamW,
  batchNormalization,
  checkGradients,
  conv1d,
  defineLayer,
  dense,
  gru,
  loadModel,
  type Model,
  packSequences,
  pool,
  saveModel,
  sequential,
  sgd,
  Trainer,
} from '../../src/index.js';
import { modelTensors, restoreTensors } from '../../src/saved/model-tensors.js';
import { BestWeights } from '../../src/training/best-weights.js';
import { RandomOperands } from '../oracle/random-matrix.js';

const FEATURES = 3;
const lengths = [4, 7, 2];

function batchOf(seed: number, width = FEATURES) {
  const random = new RandomOperands(seed);
  const rows = (columns: number) => lengths.map((length) => Float32Array.from(random.matrix(length, columns).data));
  return { inputs: rows(width), targets: rows(2) };
}

function normalized() {
  const layers = [
    conv1d({ units: 4, kernelSize: 3, padding: 'causal', bias: false }),
    batchNormalization(),
    gru({ units: 4 }),
    dense({ units: 2 }),
  ];
  return sequential(layers, { features: FEATURES });
}

const compiled = (seed = 1) =>
  normalized().compileSync({
    loss: 'meanSquaredError',
    seed,
    optimizer: adamW({ learningRate: 0.01, weightDecay: 0.5 }),
  });

/** Copies of everything that a model has learnt. */
function weightsOf({ parameters, buffers }: Pick<Model, 'parameters' | 'buffers'>): Record<string, number[]> {
  return Object.fromEntries([...parameters, ...buffers].map(([name, { data }]) => [name, [...data]]));
}

const buffersOf = ({ buffers }: Pick<Model, 'buffers'>) => weightsOf({ parameters: new Map(), buffers });

describe('the running statistics of a model', () => {
  it('follow the statistics of the rows of each training step, and nothing else changes them', async () => {
    const model = sequential([batchNormalization({ momentum: 0.25 }), dense({ units: 2 })], {
      features: FEATURES,
    }).compileSync({ loss: 'meanSquaredError', optimizer: adamW({ learningRate: 0.1, weightDecay: 1 }) });
    expect(buffersOf(model)).toEqual({
      'batchNormalization.running_mean': [0, 0, 0],
      'batchNormalization.running_var': [1, 1, 1],
    });
    const expected = { mean: [0, 0, 0], variance: [1, 1, 1] };
    for (const seed of [1, 2, 3]) {
      const batch = batchOf(seed);
      model.evaluateSync(batch);
      model.predictSync(batch.inputs);
      await model.trainStep(batch, { clipNorm: 1e-3 });
      const rows = batch.inputs.flatMap((sequence) => [...sequence]);
      for (let column = 0; column < FEATURES; column++) {
        const values = rows.filter((_, at) => at % FEATURES === column);
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        const unbiased = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
        expected.mean[column] = 0.75 * (expected.mean[column] as number) + 0.25 * mean;
        expected.variance[column] = 0.75 * (expected.variance[column] as number) + 0.25 * unbiased;
      }
    }
    const actual = buffersOf(model);
    for (const column of [0, 1, 2]) {
      expect(actual['batchNormalization.running_mean']?.[column]).toBeCloseTo(expected.mean[column] as number, 6);
      expect(actual['batchNormalization.running_var']?.[column]).toBeCloseTo(expected.variance[column] as number, 6);
    }
    expect(model.parameterCount).toBe(2 * FEATURES + 2 * FEATURES + 2);
    expect(model.summary()).toMatch(/not trained +6 \(24 bytes\)/);
  });

  it('are what they were after a step whose loss is not finite', async () => {
    const model = compiled();
    await model.trainStep(batchOf(1));
    const before = weightsOf(model);
    const { inputs, targets } = batchOf(2);
    const infinite = targets.map((rows) => rows.map((value) => value * 1e38));
    await expect(model.trainStep({ inputs, targets: infinite })).rejects.toMatchObject({ code: 'non_finite_loss' });
    expect(weightsOf(model)).toEqual(before);
  });

  it.each([
    ['1e20', 1e20],
    ['1e30', 1e30],
  ])('are what they were after a step that would make them infinite: one input of %s', async (_, large) => {
    const model = compiled();
    await model.trainStep(batchOf(1));
    const before = weightsOf(model);
    const optimizer = [...model.optimizerState.values()].map((values) => values.slice());
    const { inputs, targets } = batchOf(2);
    (inputs[1] as Float32Array)[4] = large;
    const refused = {
      code: 'non_finite_buffer',
      details: { step: 2, layer: 'batchNormalization', buffer: 'batchNormalization.running_var' },
    };
    await expect(model.trainStep({ inputs, targets })).rejects.toMatchObject(refused);
    await expect((async () => model.trainStepSync({ inputs, targets }))()).rejects.toMatchObject(refused);
    expect(weightsOf(model)).toEqual(before);
    expect([...model.optimizerState.values()]).toEqual(optimizer);
    expect(model.step).toBe(1);
    const again = compiled();
    await again.trainStep(batchOf(1));
    expect(await model.trainStep(batchOf(3))).toEqual(await again.trainStep(batchOf(3)));
    expect(weightsOf(model)).toEqual(weightsOf(again));
  });

  it('may be so large that their sum is not finite', async () => {
    const layers = [batchNormalization({ momentum: 1 }), dense({ units: 2 })];
    const model = sequential(layers, { features: FEATURES }).compileSync({ loss: 'meanSquaredError' });
    // The mean of each column is finite, the sum of the three means is not.
    const inputs = [new Float32Array(2 * FEATURES).fill(1.6e38)];
    await model.trainStep({ inputs, targets: [new Float32Array(4)] });
    expect(buffersOf(model)['batchNormalization.running_mean']).toEqual(new Array(FEATURES).fill(Math.fround(1.6e38)));
  });

  it('are the mean of those of all steps where the momentum is null, also after a save', async () => {
    const layers = [batchNormalization({ momentum: null }), dense({ units: 2 })];
    const model = sequential(layers, { features: FEATURES }).compileSync({ loss: 'meanSquaredError' });
    const folder = mkdtempSync(join(tmpdir(), 'bptt-batch-normalization-'));
    try {
      const means: number[] = [];
      for (const seed of [1, 2, 3, 4]) {
        const batch = batchOf(seed);
        await model.trainStep(batch);
        const column = batch.inputs.flatMap((sequence) => [...sequence].filter((_, at) => at % FEATURES === 0));
        means.push(column.reduce((sum, value) => sum + value, 0) / column.length);
        const expected = means.reduce((sum, value) => sum + value, 0) / means.length;
        expect(model.buffers.get('batchNormalization.running_mean')?.data[0]).toBeCloseTo(expected, 6);
        expect([...(model.buffers.get('batchNormalization.num_batches_tracked')?.data ?? [])]).toEqual([seed]);
      }
      const path = join(folder, 'model.safetensors');
      await saveModel(model, path);
      const { model: loaded } = (await loadModel(path, { training: true })) as { model: Model };
      for (const each of [model, loaded]) await each.trainStep(batchOf(5));
      expect(weightsOf(loaded)).toEqual(weightsOf(model));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each([
    ['a variance that is negative', 'running_var', -1, />= 0/],
    ['a variance that is infinite', 'running_var', Number.POSITIVE_INFINITY, />= 0/],
    ['a mean that is no number', 'running_mean', Number.NaN, /a finite number$/],
  ])('are refused in a file with %s', async (_, name, value, message) => {
    const folder = mkdtempSync(join(tmpdir(), 'bptt-batch-normalization-'));
    try {
      const model = compiled();
      const path = join(folder, 'model.safetensors');
      (model.buffers.get(`batchNormalization.${name}`)?.data as Float32Array)[2] = value;
      await saveModel(model, path);
      const refused = {
        code: 'checkpoint_corrupt',
        message: expect.stringMatching(message),
        details: { tensor: `buffers/batchNormalization.${name}`, index: 2, value },
      };
      await expect(loadModel(path)).rejects.toMatchObject(refused);
      const sound = compiled();
      const before = weightsOf(sound);
      const checkpoint = await loadCheckpoint(path);
      const restored = async () => restoreTensors(path, checkpoint, modelTensors(sound));
      await expect(restored()).rejects.toMatchObject(refused);
      expect(weightsOf(sound)).toEqual(before);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('make a stream and windows give what the whole sequence gives', async () => {
    const model = compiled();
    for (const seed of [1, 2, 3]) await model.trainStep(batchOf(seed));
    const sequence = batchOf(4).inputs[1] as Float32Array;
    const [whole] = await model.predict([sequence]);
    const stream = model.stream();
    const steps = Array.from({ length: 7 }, (_, at) => stream.step(sequence.slice(at * FEATURES, (at + 1) * FEATURES)));
    expect(steps.flatMap((row) => [...row])).toEqual([...(whole as Float32Array)]);
  });

  it('are saved and brought back with the model, which then goes on bit for bit', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bptt-batch-normalization-'));
    try {
      const model = compiled();
      await model.trainStep(batchOf(1));
      const path = join(folder, 'model.safetensors');
      await saveModel(model, path);
      const { model: loaded } = (await loadModel(path, { training: true })) as { model: Model };
      expect(weightsOf(loaded)).toEqual(weightsOf(model));
      await model.trainStep(batchOf(2));
      await loaded.trainStep(batchOf(2));
      expect(weightsOf(loaded)).toEqual(weightsOf(model));
      expect(buffersOf(model)).not.toEqual(buffersOf(compiled()));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('are part of the checkpoints of a run that is resumed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bptt-batch-normalization-'));
    try {
      const data = { ...batchOf(1), batch: 2 };
      const straight = compiled();
      await new Trainer(straight, { epochs: 4, progress: false }).fit(data);
      const first = compiled();
      const directory = join(folder, 'run');
      await new Trainer(first, { epochs: 2, directory, progress: false }).fit(data);
      const second = compiled();
      await new Trainer(second, { epochs: 4, directory, resume: true, progress: false }).fit(data);
      expect(weightsOf(second)).toEqual(weightsOf(straight));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

it('running statistics are part of the best weights', async () => {
  const model = compiled();
  await model.trainStep(batchOf(1));
  const best = new BestWeights(model, undefined, 'best');
  best.note();
  const before = weightsOf(model);
  await model.trainStep(batchOf(2));
  expect(buffersOf(model)).not.toEqual(before);
  expect(await best.choose({ step: 2, best: { step: 1, loss: 0 } as never })).toBe('best');
  expect(weightsOf(model)).toEqual(before);
});

describe('batchNormalization', () => {
  it.each([false, true])('has gradients that agree with central differences, in training: %s', (training) => {
    const model = compiled(4);
    const { inputs, targets } = batchOf(5);
    model.trainStepSync({ inputs, targets });
    const batch = packSequences(inputs, { features: FEATURES, targets, targetFeatures: 2 });
    const report = checkGradients(model, batch, { training });
    expect(report.passed, String(report)).toBe(true);
    expect(report.operands.map(({ name }) => name)).not.toContain('batchNormalization.running_mean');
  });

  it('refuses a training step of a single row before anything has changed, and evaluates one', async () => {
    const model = compiled();
    const before = weightsOf(model);
    const batch = { inputs: [Float32Array.of(1, 2, 3)], targets: [Float32Array.of(1, 2)] };
    await expect(model.trainStep(batch)).rejects.toMatchObject({
      code: 'too_few_rows',
      details: { layer: 'batchNormalization', actual: 1, expected: 2 },
    });
    expect(weightsOf(model)).toEqual(before);
    expect(Number.isFinite((await model.evaluate(batch)).loss)).toBe(true);
    const pooled = sequential([pool({ over: 'last' }), batchNormalization({ affine: false }), dense({ units: 2 })], {
      features: FEATURES,
    }).compileSync({ loss: 'meanSquaredError' });
    const one = { inputs: batchOf(1).inputs.slice(0, 1), targets: [[1, 2]] };
    await expect(pooled.trainStep(one)).rejects.toMatchObject({
      code: 'too_few_rows',
      message: expect.stringMatching('sequences'),
    });
  });

  it('refuses options that cannot be', () => {
    const refused = expect.objectContaining({ code: 'invalid_option' });
    expect(() => batchNormalization({ momentum: 1.5 })).toThrow(refused);
    expect(() => batchNormalization({ epsilon: 0 })).toThrow(refused);
    expect(() => batchNormalization({ affine: 1 } as never)).toThrow(refused);
    expect(() => batchNormalization({ eps: 1 } as never)).toThrow(expect.objectContaining({ code: 'unknown_option' }));
  });
});

describe("a layer of one's own with a buffer", () => {
  /** Adds to each row how many training steps there have been. */
  const counter = defineLayer({
    name: 'counter',
    build([x], { buffer, updateBuffer, constant }) {
      const steps = buffer('steps', [1], 0);
      updateBuffer(steps, add(steps, constant([1])));
      return add(x, steps);
    },
  });

  it('counts training steps, and nothing else', async () => {
    const model = sequential([dense({ units: 1 }), counter()], { features: FEATURES }).compileSync({
      loss: 'meanSquaredError',
      optimizer: sgd({ learningRate: 1e-9 }),
    });
    const { inputs } = batchOf(1);
    const targets = lengths.map((length) => new Float32Array(length));
    const [before] = model.predictSync(inputs);
    for (let step = 0; step < 3; step++) await model.trainStep({ inputs, targets });
    model.evaluateSync({ inputs, targets });
    expect(buffersOf(model)).toEqual({ 'counter.steps': [3] });
    const [after] = model.predictSync(inputs);
    expect((after?.[0] as number) - (before?.[0] as number)).toBeCloseTo(3, 4);
  });

  it('takes the value that another buffer, or a parameter, had before the step', async () => {
    const memory = defineLayer({
      name: 'memory',
      build([x], { buffer, updateBuffer, constant, parameter }) {
        const gain = parameter('gain', [1], { initializer: 2 });
        const [count, before, left, right] = ['count', 'before', 'left', 'right'].map((name, at) =>
          buffer(name, [1], at),
        );
        const seen = buffer('seen', [1], 0);
        updateBuffer(count as Value, add(count as Value, constant([1])));
        updateBuffer(before as Value, count as Value);
        updateBuffer(left as Value, right as Value);
        updateBuffer(right as Value, left as Value);
        updateBuffer(seen, gain);
        return multiply(x, gain);
      },
    });
    const model = sequential([dense({ units: 1 }), memory()], { features: FEATURES }).compileSync({
      loss: 'meanSquaredError',
      optimizer: sgd({ learningRate: 0.1 }),
    });
    const { inputs } = batchOf(1);
    const targets = lengths.map((length) => new Float32Array(length).fill(1));
    const gains: number[] = [];
    for (let step = 0; step < 2; step++) {
      gains.push(model.parameters.get('memory.gain')?.data[0] as number);
      await model.trainStep({ inputs, targets });
    }
    expect(gains[1]).not.toBe(gains[0]);
    expect(buffersOf(model)).toEqual({
      'memory.count': [2],
      'memory.before': [1],
      'memory.left': [2],
      'memory.right': [3],
      'memory.seen': [gains[1]],
    });
  });

  it('is refused where a new value does not fit, or is of no buffer', () => {
    const wrong = defineLayer({
      name: 'wrong',
      options: {},
      build([x], { buffer, updateBuffer }) {
        updateBuffer(buffer('row', [2]), x);
        return x;
      },
    });
    const other = defineLayer({
      name: 'other',
      build([x], { updateBuffer }) {
        updateBuffer(x, x);
        return x;
      },
    });
    expect(() => sequential([wrong()], { features: 2 }).compileSync()).toThrow(
      expect.objectContaining({ code: 'shape_mismatch' }),
    );
    expect(() => sequential([other()], { features: 2 }).compileSync()).toThrow(
      expect.objectContaining({ code: 'invalid_definition' }),
    );
  });
});
