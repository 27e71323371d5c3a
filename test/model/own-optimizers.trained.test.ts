import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/batch/batch.js';
import type { Model, TrainOptions } from '../../src/index.js';
import { adamW, defineOptimizer, option, sgd } from '../../src/index.js';
import { add, linear, multiply, scale, subtract, sumOverRows, type Value } from '../../src/network/operations.js';
import type { OptimizerDescription } from '../../src/network/optimizers/optimizer.js';
import { cosine } from '../../src/network/schedules/cosine.js';
import { loadModel } from '../../src/saved/load-model.js';
import { saveModelSync } from '../../src/saved/save-model.js';
import { Trainer } from '../../src/training/trainer.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { float32Epsilon } from '../oracle/tolerance.js';
import { contentOf, settings, smallBatches, smallNetwork } from '../saved/small-saved.js';
import { lion, ownAdamW } from './own-optimizers.js';

const modelWith = (optimizer: OptimizerDescription): Model => smallNetwork().compileSync({ ...settings, optimizer });

function train(model: Model, batches: readonly Batch[], options: TrainOptions = { clipNorm: 0.1 }): Model {
  for (const batch of batches) model.trainStepSync(batch, options);
  return model;
}

/** All values of the parameters, or of one slot of the optimizer. */
const valuesOf = (model: Model) => [...model.parameters.values()].flatMap(({ data }) => [...data]);

const rate = option.number({ exclusiveMin: 0, default: 0.1 });

/** An optimizer whose update is this. */
function optimizerOf(update: (parameter: Value, gradient: Value, kept: Value) => unknown) {
  return defineOptimizer({
    name: 'test',
    options: { learningRate: rate },
    slots: { kept: 0.5 },
    update: ({ parameter, gradient, slots: { kept } }) => update(parameter, gradient, kept) as never,
  })();
}

describe('an optimizer of one’s own', () => {
  it.each([false, true])('is AdamW to rounding, with clipping and changing rates, amsgrad %s', (amsgrad) => {
    const options = { learningRate: 0.02, beta2: 0.9, weightDecay: 0.1, amsgrad };
    const [own, known] = [modelWith(ownAdamW(options)), modelWith(adamW(options))];
    const batches = smallBatches(8);
    batches.forEach((batch, at) => {
      const step = { clipNorm: 0.1, learningRate: 0.02 / (1 + at) };
      const [mine, theirs] = [own.trainStepSync(batch, step), known.trainStepSync(batch, step)];
      expect(mine.gradientNorm).toBeGreaterThan(0.1);
      expect(Math.abs(mine.loss - theirs.loss)).toBeLessThan(1e-5 * theirs.loss);
    });
    const expected = valuesOf(known);
    const largest = Math.max(...expected.map(Math.abs));
    const errors = valuesOf(own).map((value, at) => Math.abs(value - (expected[at] as number)));
    expect(Math.max(...errors)).toBeLessThan(64 * float32Epsilon * largest);
    expect([...own.optimizerState.keys()]).toEqual([...known.optimizerState.keys()]);
  });

  it('is Lion as its equations say, step by step', () => {
    const [learningRate, beta1, beta2, weightDecay] = [0.01, 0.75, 0.875, 0.5];
    const model = modelWith(lion({ learningRate, beta1, beta2, weightDecay }));
    const means = new Map([...model.parameters].map(([name, { data }]) => [name, data.map(() => 0)]));
    for (const batch of smallBatches(5)) {
      const before = new Map([...model.parameters].map(([name, { data }]) => [name, data.slice()]));
      model.trainStepSync(batch);
      for (const [name, { data, gradient }] of model.parameters) {
        const mean = means.get(name) as Float32Array;
        data.forEach((value, at) => {
          const [w, g, m] = [before.get(name)?.[at] as number, gradient[at] as number, mean[at] as number];
          const mixed = beta1 * m + (1 - beta1) * g;
          // Where both terms cancel, the sign is that of a rounding error.
          const isSure = Math.abs(mixed) > 1e-6 * (Math.abs(m) + Math.abs(g)) || (m === 0 && g === 0);
          const expected = w - learningRate * (Math.sign(mixed) + weightDecay * w);
          if (isSure) expect(Math.abs(value - expected)).toBeLessThan(1e-7);
          mean[at] = beta2 * m + (1 - beta2) * g;
        });
        const kept = model.optimizerState.get(`mean/${name}`) as Float32Array;
        kept.forEach((value, at) => {
          expect(Math.abs(value - (mean[at] as number))).toBeLessThan(1e-6);
        });
      }
    }
  });

  it('sees each parameter in its own size, slots at their first values, the rate and the number of the step', () => {
    const seen = new Map<string, readonly unknown[]>();
    const counting = defineOptimizer({
      name: 'counting',
      options: { learningRate: rate },
      slots: { first: 0.25, steps: 0, rates: 0, tenths: 0 },
      numbers: (_, { step }) => ({ tenth: step / 10 }),
      update({ name, parameter, slots, step, learningRate, numbers, options }) {
        seen.set(name, [parameter.rows, parameter.columns, options.learningRate]);
        const fresh = { steps: add(slots.steps, step), rates: add(slots.rates, learningRate) };
        return { parameter: slots.first, slots: { ...fresh, tenths: add(slots.tenths, numbers.tenth) } };
      },
    });
    const model = modelWith(counting());
    const batches = smallBatches(3);
    for (const [at, batch] of batches.entries()) model.trainStepSync(batch, { learningRate: 2 ** -at });
    expect(seen.get('lstm.weight_hh_l1')).toEqual([16, 4, 0.1]);
    expect(seen.get('dense.bias')).toEqual([1, 1, 0.1]);
    expect([...seen.keys()]).toEqual([...model.parameters.keys()]);
    for (const [name, { data }] of model.parameters) {
      const kept = (slot: string) => [...(model.optimizerState.get(`${slot}/${name}`) as Float32Array)];
      const all = (value: number) => [...data].map(() => value);
      expect([...data]).toEqual(all(0.25));
      expect([kept('first'), kept('steps'), kept('rates')]).toEqual([all(0.25), all(6), all(1.75)]);
      expect(kept('tenths')).toEqual(
        all(Math.fround(Math.fround(0.1) + Math.fround(0.2)) + Math.fround(0.3)).map(Math.fround),
      );
    }
  });

  it('may exchange a parameter and a slot: all new values are made of the old ones', () => {
    const swap = optimizerOf((parameter, _, kept) => ({ parameter: kept, slots: { kept: parameter } }));
    const model = modelWith(swap);
    const before = valuesOf(model);
    train(model, smallBatches(1));
    expect(valuesOf(model)).toEqual(before.map(() => 0.5));
    expect([...model.optimizerState.values()].flatMap((data) => [...data])).toEqual(before);
    train(model, smallBatches(1));
    expect(valuesOf(model)).toEqual(before);
  });

  it('may mix the elements of a parameter, and reads gradients after clipping', () => {
    const mixing = optimizerOf((parameter, gradient, kept) => ({
      parameter: subtract(parameter, scale(sumOverRows(gradient), 0.1)),
      slots: { kept: add(kept, gradient) },
    }));
    const model = modelWith(mixing);
    train(model, smallBatches(1), { clipValue: 1e-3 });
    const moved = [...model.optimizerState.values()].flatMap((data) => [...data].map((value) => Math.abs(value - 0.5)));
    expect(Math.max(...moved)).toBeLessThan(1.01e-3);
    expect(Math.max(...moved)).toBeGreaterThan(0.99e-3);
  });

  it('changes nothing when the gradient is not finite', () => {
    const model = train(modelWith(lion()), smallBatches(2));
    const before = contentOf(model);
    const [batch] = smallBatches(1) as [Batch];
    const bad = { ...batch, targets: { target: Float32Array.from({ length: 9 }, () => 3e38) } };
    expect(() => model.trainStepSync(bad)).toThrow(expect.objectContaining({ code: 'non_finite_loss' }));
    expect(contentOf(model)).toEqual(before);
  });

  it('gives the same bits on any number of threads', () => {
    const content = [1, 3].map((threads) => {
      const model = smallNetwork(40).compileSync({ ...settings, threads, optimizer: ownAdamW({ learningRate: 0.01 }) });
      return contentOf(train(model, smallBatches(3)));
    });
    expect(content[1]).toEqual(content[0]);
  });

  it('comes back from a file with its definition, and goes on bit for bit', async () => {
    const model = train(modelWith(lion({ learningRate: 0.01 })), smallBatches(3));
    const path = join(temporaryDirectory(), 'model.safetensors');
    saveModelSync(model, path);
    const missing = expect.objectContaining({ code: 'unknown_optimizer', message: expect.stringMatching(/'lion'/) });
    await expect(loadModel(path)).rejects.toThrow(missing);
    const { model: loaded } = await loadModel(path, { optimizers: [lion], threads: 1 });
    expect(loaded.optimizer).toEqual({ kind: 'lion', learningRate: 0.01, beta1: 0.9, beta2: 0.99, weightDecay: 0 });
    expect(contentOf(train(loaded, smallBatches(2)))).toEqual(contentOf(train(model, smallBatches(2))));
  });

  it.each([
    ['of one’s own', lion({ learningRate: 0.01 })],
    ['AMSGrad', adamW({ amsgrad: true })],
  ])('%s goes on bit for bit when its run is resumed, with a schedule', async (_, optimizer) => {
    const data = { training: smallBatches(4) };
    const schedule = cosine({ minimum: 1e-4 });
    const options = { epochs: 3, checkpointEvery: 3, progress: false, schedule, clipNorm: 1 } as const;
    const whole = modelWith(optimizer);
    await new Trainer(whole, { ...options, directory: temporaryDirectory() }).fit(data);
    const directory = temporaryDirectory();
    const controller = new AbortController();
    const callbacks = { onStep: ({ step }: { step: number }) => void (step === 7 && controller.abort('stop')) };
    const first = new Trainer(modelWith(optimizer), { ...options, directory, callbacks, signal: controller.signal });
    await expect(first.fit(data)).rejects.toBe('stop');
    const resumed = modelWith(optimizer);
    await new Trainer(resumed, { ...options, directory, resume: true }).fit(data);
    expect(contentOf(resumed)).toEqual(contentOf(whole));
  });
});

describe('an optimizer of one’s own is refused with a code', () => {
  const learningRate = rate;
  const update = ({ parameter }: { parameter: Value }) => ({ parameter });

  it.each<[string, () => unknown, string, RegExp]>([
    [
      'the name of one of the library',
      () => defineOptimizer({ name: 'adam', options: { learningRate }, update }),
      'invalid_option',
      /'adam', which is an optimizer of the library: choose another/,
    ],
    [
      'a name with a slash',
      () => defineOptimizer({ name: 'a/b', options: { learningRate }, update }),
      'invalid_option',
      /slash/,
    ],
    [
      'no learning rate',
      () => defineOptimizer({ name: 'x', options: {} as never, update }),
      'invalid_option',
      /'learningRate'/,
    ],
    [
      'no update',
      () => defineOptimizer({ name: 'x', options: { learningRate } } as never),
      'invalid_option',
      /'update'/,
    ],
    [
      'an unknown field',
      () => defineOptimizer({ name: 'x', options: { learningRate }, update, step: 1 } as never),
      'unknown_option',
      /step/,
    ],
    [
      'a slot that is no number',
      () => defineOptimizer({ name: 'x', options: { learningRate }, slots: { m: Number.NaN }, update }),
      'invalid_option',
      /slots\.m/,
    ],
    [
      'a rate of zero',
      () => defineOptimizer({ name: 'x', options: { learningRate: option.number() }, update })({ learningRate: 0 }),
      'invalid_option',
      /learningRate.*> 0/,
    ],
    ['an unknown option', () => lion({ beta3: 1 } as never), 'unknown_option', /beta3/],
  ])('%s', (_, make, code, message) => {
    expect(make).toThrow(message);
    expect(make).toThrow(expect.objectContaining({ code }));
  });

  it.each<[string, OptimizerDescription, string, RegExp]>([
    [
      'an update that returns nothing',
      optimizerOf(() => undefined),
      'invalid_definition',
      /optimizer 'test'.*returned undefined/,
    ],
    [
      'a parameter that is no value',
      optimizerOf(() => ({ parameter: 1 })),
      'invalid_definition',
      /returned 1 for the parameter/,
    ],
    [
      'a slot that there is not',
      optimizerOf((parameter) => ({ parameter, slots: { other: parameter } })),
      'invalid_definition',
      /'other'.*kept/,
    ],
    [
      'a parameter of another size',
      optimizerOf((parameter) => ({ parameter: sumOverRows(parameter) })),
      'shape_mismatch',
      /\[1, 2\] for the parameter of lstm\.weight_ih_l0, expected \[16, 2\]/,
    ],
    [
      'operands that do not fit',
      optimizerOf((parameter) => ({
        parameter: linear(parameter, parameter.rows === 16 ? multiply(parameter, 1) : parameter),
      })),
      'shape_mismatch',
      /./,
    ],
  ])('%s', (_, optimizer, code, message) => {
    const train_ = () => train(modelWith(optimizer), smallBatches(1));
    expect(train_).toThrow(message);
    expect(train_).toThrow(expect.objectContaining({ code }));
  });

  it('numbers that change their names', () => {
    const changing = defineOptimizer({
      name: 'changing',
      options: { learningRate },
      numbers: (_, { step }): Readonly<Record<string, number>> => (step < 3 ? { a: 1 } : { b: 1 }),
      update,
    });
    const model = train(modelWith(changing()), smallBatches(2));
    const before = contentOf(model);
    expect(() => train(model, smallBatches(1))).toThrow(/the same at every step, a, got 'b'|the same at every step, a/);
    expect(contentOf(model)).toEqual(before);
  });

  it('in a list that holds something else, or two of one name', async () => {
    const path = join(temporaryDirectory(), 'model.safetensors');
    saveModelSync(modelWith(sgd({ learningRate: 1 })), path);
    const twin = defineOptimizer({ name: 'lion', options: { learningRate }, update });
    for (const optimizers of [lion, [adamW], [lion, twin]]) {
      await expect(loadModel(path, { optimizers: optimizers as never })).rejects.toThrow(/optimizers/);
    }
  });
});
