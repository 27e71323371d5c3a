/** Frequent mistakes of a first program, and what their errors must say. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type CompileOptions,
  defineLoss,
  defineOptimizer,
  dense,
  gru,
  loadModel,
  network,
  option,
  sequential,
  Trainer,
  type UpdateContext,
} from '../../src/index.js';
import { meanSquaredError } from '../../src/network/operations.js';
import { lossesFromJSON } from '../../src/network/output-losses.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';

const mine = defineLoss({ name: 'mine', build: (outputs, target) => meanSquaredError(outputs, target) });

const compile = (options: object, units = 2) =>
  sequential([gru({ units: 2 }), dense({ units })], { features: 1 }).compileSync(options as CompileOptions);

const refusal = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

describe('the loss of a compilation', () => {
  it.each([
    ['mse', 'meanSquaredError'],
    ['MSELoss', 'meanSquaredError'],
    ['mean_squared_error', 'meanSquaredError'],
    ['crossEntropy', 'softmaxCrossEntropy'],
    ['cross_entropy', 'softmaxCrossEntropy'],
    ['softmax_cross_entropy', 'softmaxCrossEntropy'],
    ['bce', 'sigmoidCrossEntropy'],
    ['BCEWithLogitsLoss', 'sigmoidCrossEntropy'],
    ['CTCLoss', 'ctc'],
  ])('%s: did you mean %s', (loss, meant) => {
    expect(() => compile({ loss })).toThrow(refusal('unknown_loss', new RegExp(`did you mean '${meant}'\\?`)));
  });

  it('suggests a loss for mae, and nothing for what is like none', () => {
    expect(() => compile({ loss: 'mae' })).toThrow(/did you mean '(meanAbsoluteError|quantile)'\?/);
    expect(() => compile({ loss: 'hinges' })).toThrow(expect.not.objectContaining({ message: /did you mean/ }));
  });

  it('of one’s own is to be called, and no option of compile brings it back', () => {
    expect(() => compile({ loss: mine })).toThrow(
      refusal('invalid_option', /'loss'.*got a function; call it: mine\(\{ \.\.\. \}\)/),
    );
    const { message } = thrown(() => compile({ loss: 'mine' }));
    expect(message).toMatch(/myLoss\(\) with myLoss = defineLoss/);
    expect(message).not.toMatch(/'losses'/);
    expect(() => lossesFromJSON('mine')).toThrow(/brought back by the option 'losses'/);
  });

  it('is not null, nor are other options', () => {
    expect(() => compile({ loss: null })).toThrow(refusal('invalid_option', /'loss'.*got null/));
    for (const name of ['optimizer', 'seed', 'threads', 'initializer']) {
      expect(() => compile({ [name]: null })).toThrow(refusal('invalid_option', new RegExp(name)));
    }
  });

  it('is not the default for an output of 1 column, which could only have the loss 0', () => {
    const message = /'loss' must say the loss of an output of 1 column, one of softmaxCrossEntropy, .*meanSquaredError/;
    expect(() => compile({}, 1)).toThrow(refusal('invalid_option', message));
    expect(compile({}, 2).loss).toBe('softmaxCrossEntropy');
    expect(compile({ loss: 'softmaxCrossEntropy' }, 1).outputs).toBe(1);
    const named = network({
      inputs: { x: { kind: 'features', units: 1 } },
      nodes: [{ name: 'y', layer: dense({ units: 1 }), inputs: ['x'] }],
      outputs: { y: 'y' },
    });
    expect(() => named.compileSync()).toThrow(refusal('invalid_option', message));
  });
});

function thrown(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

describe('an optimizer of one’s own', () => {
  const learningRate = option.number({ exclusiveMin: 0, default: 0.1 });
  const optimizerOf = (update: (context: UpdateContext<object>) => unknown) =>
    defineOptimizer({ name: 'mine', options: { learningRate }, update: update as never });

  it.each<[string, (context: UpdateContext<object>) => unknown, RegExp]>([
    [
      'the value itself',
      ({ parameter }) => parameter,
      /update returned value \[6, 1\], it must return \{ parameter, slots \}/,
    ],
    ['nothing', () => undefined, /update returned undefined, it must return \{ parameter, slots \}/],
    ['another name', ({ parameter }) => ({ weight: parameter, parameter }), /update returned 'weight', it must return/],
    [
      'a slot that there is not',
      ({ parameter }) => ({ parameter, slots: { v: parameter } }),
      /slot 'v'.*does not declare: there are none/,
    ],
  ])('is refused in compile where its update returns %s', (_, update, message) => {
    expect(() => compile({ optimizer: optimizerOf(update)() })).toThrow(refusal('invalid_definition', message));
  });

  it('is to be called', () => {
    const optimizer = optimizerOf(({ parameter }) => ({ parameter }));
    expect(() => compile({ optimizer })).toThrow(
      refusal('invalid_option', /got a function; call it: mine\(\{ \.\.\. \}\)/),
    );
  });
});

describe('an argument that is no object of options', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['gru(4)', () => gru(4 as never), /^gru must be an object of options such as \{ units: 4 \}, got 4$/],
    [
      'dense("4")',
      () => dense('4' as never),
      /^dense must be an object of options such as \{ units: \.\.\. \}, got "4"$/,
    ],
    [
      'new Trainer(model)',
      () => new Trainer(compile({}), undefined as never),
      /trainer must be an object of options such as \{ epochs: \.\.\. \}/,
    ],
  ])('%s', (_, make, message) => {
    expect(make).toThrow(refusal('invalid_option', message));
  });
});

it('a network in place of its model, and targets of sequences where there is an output for each step, are called what they are', async () => {
  const plain = sequential([gru({ units: 2 }), dense({ units: 1 })], { features: 1 });
  const notCompiled = refusal('invalid_option', /a network that is not compiled: give await network\.compile/);
  expect(() => new Trainer(plain as never, { epochs: 1 })).toThrow(notCompiled);
  expect(() => sequential([dense({ units: 1 })])).toThrow(
    refusal('invalid_option', /sequential\(\[\.\.\.\], \{ features: 3 \}\)/),
  );
  const step = plain.compileSync({ loss: 'meanSquaredError' }).trainStep({ inputs: [[1, 2]], targets: [1] });
  await expect(step).rejects.toThrow(
    refusal('rank_mismatch', /a row for each step: one for each sequence needs output: 'last'/),
  );
});

describe('loadModel', () => {
  it('says that there is no such file, and that a file is none of its kind', async () => {
    const path = join(temporaryDirectory(), 'nothing.safetensors');
    const missing = refusal('invalid_configuration', /there is no file and no folder '.*nothing\.safetensors'/);
    await expect(loadModel(path)).rejects.toThrow(missing);
    const other = refusal('checkpoint_corrupt', /is it a safetensors file at all\?/);
    await expect(loadModel('package.json')).rejects.toThrow(other);
  });
});
