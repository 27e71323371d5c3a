import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commonOptions, defineTask, evaluateTask, loadTask, predictTask, trainTask } from '../../src/entries/tasks.js';
import {
  adam,
  defineLayer,
  defineLoss,
  defineSchedule,
  dense,
  gru,
  loadModel,
  option,
  Random,
  sequential,
} from '../../src/index.js';
import { add, linear, meanSquaredError, multiply, sigmoid } from '../../src/network/operations.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { lion } from '../model/own-optimizers.js';
import { QUIET } from './trained.js';

const gate = defineLayer({
  name: 'gate',
  options: {},
  build: ([x], { parameter }) => multiply(x, sigmoid(linear(x, parameter('weight', [x.columns, x.columns])))),
});

const pressed = defineLoss({
  name: 'pressed',
  weights: 'required',
  build: (outputs, target, { weights }) =>
    add(meanSquaredError(outputs, target, { weights }), multiply(meanSquaredError(outputs, target, { weights }), 0.5)),
});

/** Sums so far; the second half of each sequence is wrong and weighs nothing. */
function examples(count: number, seed: number) {
  const random = new Random(seed, 'sums');
  return Array.from({ length: count }, () => {
    const input = Float32Array.from({ length: 6 + random.integer(4) }, () => random.uniform() - 0.5);
    let sum = 0;
    const target = input.map((number, step) => {
      sum += number;
      return step < 3 ? sum : 1e6;
    });
    return { input, target, weights: input.map((_, step) => (step < 3 ? 1 : 0)) };
  });
}

const sums = defineTask({
  name: 'sums',
  summary: 'sums of the numbers so far',
  options: commonOptions({ units: 8, epochs: 3, batch: 8, learningRate: 2e-2 }),
  losses: [pressed],
  read: ({ seed }) => ({ training: examples(48, seed), validation: examples(16, seed + 1) }),
  network: ({ units }) => sequential([gru({ units }), gate(), dense({ units: 1 })], { features: 1 }),
  loss: pressed({ weights: 'step' }),
  evaluate: async (model, part) => {
    if (!Array.isArray(part)) throw new Error('the examples are in memory');
    const inputs = part.map(({ input }) => input);
    const targets = part.map(({ target }) => target);
    const { loss, weight } = await model.evaluate({ inputs, targets, weights: part.map(({ weights }) => weights) });
    return { loss, weight: weight ?? 0 };
  },
  describe: ({ loss }) => `loss ${loss}`,
});

const inverse = defineSchedule({
  name: 'inverse',
  options: { decay: option.number({ min: 0 }), slow: option.flag({ default: false }) },
  make: ({ decay }, { learningRate }) => ({
    rate: (step) => learningRate / (1 + decay * step),
    observe() {},
    state: () => null,
    restore() {},
  }),
});

describe('a task with an optimizer and a schedule of one’s own', () => {
  const { losses: _, ...others } = sums;
  const task = defineTask({
    ...others,
    name: 'own-optimizer',
    optimizers: [lion],
    schedules: [inverse],
    network: ({ units }) => sequential([gru({ units }), dense({ units: 1 })], { features: 1 }),
    loss: { kind: 'meanSquaredError', weights: 'step' },
    evaluate: sums.evaluate as never,
  });
  const options = { optimizer: 'lion' as never, learningRate: 1e-3, ...QUIET };

  it('names them in its options, is resumed bit for bit, evaluated and used', async () => {
    const folder = temporaryDirectory();
    const schedule = 'warmup:steps=2,then=inverse:decay=0.01,slow=true';
    const whole = await trainTask(task, { out: join(folder, 'whole'), epochs: 2, schedule, ...options });
    const run = join(folder, 'run');
    await trainTask(task, { out: run, epochs: 1, schedule, ...options });
    const resumed = await trainTask(task, { out: run, epochs: 2, resume: true, ...QUIET });
    expect(resumed.metrics).toEqual(whole.metrics);
    const { metrics } = await evaluateTask(run, { task });
    expect(metrics).toEqual(resumed.metrics.validation);
    for await (const prediction of predictTask(run, { task, values: [[0.1, 0.2]] })) {
      expect(prediction['outputs']).toHaveLength(2);
    }
    const { model, schedule: saved } = await loadModel(run, { optimizers: [lion], schedules: [inverse] });
    expect(model.optimizer).toEqual(lion({ learningRate: 1e-3 }));
    expect(saved).toMatchObject({ kind: 'warmUp', then: { kind: 'inverse', decay: 0.01, slow: true } });
    model.dispose();
  });

  it.each<[string, object, RegExp]>([
    ['another name', { optimizer: 'eve' }, /optimizer.*"lion".*eve/],
    ['another schedule', { schedule: 'outverse' }, /names are.*plateau, inverse/],
    ['an option that it does not have', { schedule: 'inverse:decoy=1' }, /decoy/],
    ['a decay that its optimizer does not take', { optimizer: 'lion', weightDecay: -1 }, /weightDecay/],
  ])('refuses %s', async (_, more, message) => {
    const out = join(temporaryDirectory(), 'run');
    await expect(trainTask(task, { out, epochs: 1, ...options, ...more } as never)).rejects.toThrow(message);
  });

  it('is refused where these are none', () => {
    const define = (more: object) => () =>
      defineTask({ ...others, name: 'wrong', evaluate: sums.evaluate as never, ...more } as never);
    expect(define({ optimizers: [adam] })).toThrow(/optimizers\[0\]/);
    expect(define({ schedules: {} })).toThrow(/'schedules'/);
  });
});

describe('a task with a layer, a loss and weights of one’s own', () => {
  it('is trained, resumed bit for bit, evaluated and used, and its run is read by loadModel with both', async () => {
    const folder = temporaryDirectory();
    const whole = await trainTask(sums, { out: join(folder, 'whole'), epochs: 4, ...QUIET });
    expect(whole.loss).toMatchObject({ kind: 'pressed', weights: 'step' });
    expect(whole.metrics.validation?.weight).toBe(48);
    expect(whole.metrics.validation?.loss).toBeLessThan(10);

    const run = join(folder, 'run');
    await trainTask(sums, { out: run, epochs: 2, ...QUIET });
    const resumed = await trainTask(sums, { out: run, epochs: 4, resume: true, ...QUIET });
    expect(resumed.metrics).toEqual(whole.metrics);

    const { metrics } = await evaluateTask(run, { task: sums });
    expect(metrics).toEqual(resumed.metrics.validation);
    for await (const { outputs } of predictTask(run, { task: sums, values: [[0.1, 0.2]] })) {
      expect(outputs).toHaveLength(2);
    }
    const trained = await loadTask(run, { task: sums });
    const { model } = await loadModel(run, { layers: [gate], losses: [pressed] });
    const input = Float32Array.of(0.1, 0.2);
    expect(await model.predict([input])).toEqual(await trained.model.predict([input]));
    for (const each of [trained.model, model]) each.dispose();
  });

  it('is refused by loadModel without its layer or its loss, which the error names', async () => {
    const run = join(temporaryDirectory(), 'run');
    await trainTask(sums, { out: run, epochs: 1, ...QUIET });
    await expect(loadModel(run, { losses: [pressed] })).rejects.toThrow(/gate/);
    await expect(loadModel(run, { layers: [gate] })).rejects.toThrow(/pressed/);
  });
});
