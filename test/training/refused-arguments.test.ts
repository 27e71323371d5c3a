import { describe, expect, it } from 'vitest';
import { softmaxCrossEntropy } from '../../src/entries/operations.js';
import { defineLoss, dense, gru, sequential, Trainer } from '../../src/index.js';

const inputs = [[1, 2], [3]];
const targets = [0, 1];
const network = () => sequential([gru({ units: 3, output: 'last' }), dense({ units: 2 })], { features: 1 });
const compile = (loss: object = {}) =>
  network().compileSync({ threads: 1, loss: { kind: 'softmaxCrossEntropy', ...loss } as never });

const refusal = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

const train = (options: object, ...data: unknown[]) =>
  new Trainer(compile(), { epochs: 1, progress: false, ...options }).fit(...(data as [never]));

describe('a trainer refuses', () => {
  it('inputs and targets as two arguments, with the form', async () => {
    const message = /fit takes one argument, such as \{ inputs, targets \}.*got 2/;
    await expect(train({}, inputs, targets)).rejects.toEqual(refusal('invalid_option', message));
  });

  it('what is not compiled yet, or not awaited', () => {
    const trainer = (model: unknown) => () => new Trainer(model as never, { epochs: 1 });
    expect(trainer(network())).toThrow(refusal('invalid_option', /not compiled: give await network\.compile/));
    const promise = network().compile({ loss: 'softmaxCrossEntropy' });
    expect(trainer(promise)).toThrow(refusal('invalid_option', /got a promise: await the model/));
    return promise.then((model) => model.dispose());
  });

  class Misspelt {
    onstep() {}
    onStep() {}
  }
  it.each<[string, unknown, RegExp]>([
    ['another case', { onstep() {} }, /no callback 'onstep'; there are onStart, onStep/],
    ['another case in a class', new Misspelt(), /no callback 'onstep'/],
    ['another ending', { onSteps() {} }, /no callback 'onSteps'/],
    ['functions of which none is a callback', { step() {} }, /no callback 'step'/],
    ['one that is wrong of two', [{ onStep() {} }, { onEpoch() {} }], /no callback 'onEpoch'/],
  ])('callbacks of names that are none: %s', async (_name, callbacks, message) => {
    await expect(async () => train({ callbacks }, { inputs, targets })).rejects.toEqual(
      refusal('unknown_option', message),
    );
  });

  it('no other members of an object with callbacks', async () => {
    const steps: number[] = [];
    const callbacks = { online: true, count: 0, note() {}, onStep: ({ step }: { step: number }) => steps.push(step) };
    await train({ callbacks }, { inputs, targets });
    expect(steps).toEqual([1]);
  });

  it.each<[string, unknown, string, RegExp]>([
    ['a text', () => 'a', 'invalid_option', /'score' must return a number.*got "a"/],
    ['nothing', async () => undefined, 'invalid_option', /'score' must return a number/],
    ['NaN', async () => Number.NaN, 'non_finite_metric', /the score after step 1 is NaN/],
    ['no function', 3, 'invalid_option', /'score' must be a function, got 3/],
  ])('a score that is %s', async (_name, score, code, message) => {
    const data = { inputs, targets, validation: { inputs, targets } };
    await expect(async () => train({ score }, data)).rejects.toEqual(refusal(code, message));
  });

  it('a part of a single sequence as validation', async () => {
    const data = { inputs: [[1, 2]], targets: [0], validation: 0.5 };
    const message = /'validation' is 0\.5.*there is only one: give more, or other sequences/;
    await expect(train({}, data)).rejects.toEqual(refusal('too_short', message));
  });
});

describe('weights', () => {
  const model = () => compile({ weights: 'sequence' });
  const lossOf = (weight: number) => model().evaluateSync({ inputs, targets, weights: [weight, weight] }).loss;

  it('give the same loss at both ends of their range', () => {
    expect(lossOf(1e30)).toBeCloseTo(lossOf(1), 6);
    expect(lossOf(1e-30)).toBeCloseTo(lossOf(1), 6);
    expect(lossOf(0)).toBe(0);
  });

  it.each([1e-31, 1e-38, 1e-45, 1.1e30, -1])('refuse %d, of rows and of classes', (weight) => {
    expect(() => lossOf(weight)).toThrow(refusal('invalid_weights', /expected 0, or numbers from 1e-30 to 1e\+30/));
    expect(() => compile({ classWeights: [1, weight] })).toThrow(refusal('invalid_option', /classWeights\[1\]/));
  });
});

describe('a loss of classes of one’s own', () => {
  const own = (target?: object) =>
    defineLoss({ name: 'own', ...(target && { target: target as never }), build: (o, t) => softmaxCrossEntropy(o, t) });
  const build = (target?: object) => network().compileSync({ threads: 1, loss: own(target)() });

  it.each([undefined, { kind: 'indices' }, { kind: 'features', units: 1 }])(
    'says what its target %o lacks',
    (target) => {
      const help = /class ids are declared in defineLoss: target: \{ kind: 'indices', ignore: true \}/;
      expect(() => build(target)).toThrow(refusal('shape_mismatch', help));
    },
  );

  it('takes class ids, and -1, where it declares them', () => {
    const model = build({ kind: 'indices', ignore: true });
    const [both, first] = [
      [0, 1],
      [0, -1],
    ].map((ids) => model.evaluateSync({ inputs, targets: ids }).loss);
    expect(both).toBeCloseTo(compile().evaluateSync({ inputs, targets }).loss, 6);
    expect(first).not.toBeCloseTo(both as number, 6);
  });
});
