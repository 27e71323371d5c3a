/** Arguments that are null, or the maker of a description that was not called. */
import { describe, expect, it } from 'vitest';
import {
  adam,
  checkGradients,
  cosine,
  defineLayer,
  dense,
  embedding,
  gru,
  lstm,
  network,
  sequential,
  sgd,
  Trainer,
} from '../../src/index.js';

const refusal = (message: RegExp) =>
  expect.objectContaining({ code: 'invalid_option', message: expect.stringMatching(message) });
const any = <T>(value: unknown) => value as T;
const compile = () =>
  sequential([embedding({ size: 5, units: 3 }), gru({ units: 2 }), dense({ units: 2 })]).compileSync({
    ...{ loss: 'softmaxCrossEntropy', threads: 1 },
  });
const data = { inputs: [[1, 2], [3]], targets: [[0, 1], [1]] };
const myLayer = defineLayer({ name: 'mine', options: {}, build: ([x]) => x });
const input = { a: { kind: 'features', units: 1 } } as const;

describe('null in the place of an argument', () => {
  it.each<[string, () => unknown]>([
    ['the layers', () => sequential(any(null))],
    ['a layer', () => sequential([any(null)])],
    ['a later layer', () => sequential([gru({ units: 2 }), any(undefined)], { features: 1 })],
    ['the options of sequential', () => sequential([gru({ units: 2 })], any(null))],
    ['a network', () => network(any(null))],
    ['a node', () => network({ inputs: input, nodes: [any(null)], output: 'a' })],
    ['an input', () => network({ inputs: any({ a: null }), nodes: [], output: 'a' })],
    [
      'what a node reads',
      () => network({ inputs: input, nodes: any([{ name: 'g', layer: gru({ units: 1 }) }]), output: 'g' }),
    ],
    ['a snapshot', () => compile().stream().restore(any(null))],
  ])('is refused: %s', (_name, call) => {
    expect(call).toThrow(refusal(/null|undefined/));
  });
});

describe('null in the place of an option', () => {
  it.each(['learningRate', 'beta1', 'beta2', 'epsilon', 'weightDecay', 'amsgrad'])('is refused: adam %s', (name) => {
    expect(() => adam({ [name]: null })).toThrow(
      refusal(new RegExp(`option '${name}' of adam must have a value.*got null`)),
    );
  });

  it.each([
    ...['epochs', 'steps', 'keep', 'resume', 'prepare', 'configuration', 'callbacks', 'progress', 'schedule', 'score'],
    ...['learningRate', 'clipNorm', 'directory', 'checkpointEvery', 'metrics', 'monitor', 'earlyStopping', 'signal'],
  ])('is refused before a run: Trainer %s', (name) => {
    const options = { epochs: 1, progress: false, [name]: null };
    expect(() => new Trainer(compile(), any(options))).toThrow(refusal(new RegExp(`option '${name}'.*got null`)));
  });

  it('is refused by calls of a model, whose parameters stay', async () => {
    const model = compile();
    const before = new Map([...model.parameters].map(([name, { data: values }]) => [name, values.slice()]));
    const wrong = any<Record<string, (...args: unknown[]) => Promise<unknown>>>(model);
    const calls: readonly (readonly [string, string])[] = [
      ['evaluate', 'batch'],
      ['evaluate', 'metrics'],
      ['evaluate', 'signal'],
      ['trainStep', 'learningRate'],
      ['trainStep', 'clipNorm'],
      ['gradients', 'of'],
      ['gradients', 'upstream'],
    ];
    for (const [call, option] of calls) {
      const pattern = new RegExp(`option '${option}' of ${call} .*got null`);
      await expect(wrong[call]?.(data, { [option]: null }), `${call} ${option}`).rejects.toThrow(refusal(pattern));
    }
    await expect(wrong['predict']?.(data.inputs, { batch: null })).rejects.toThrow(refusal(/'batch'.*got null/));
    for (const option of ['tolerance', 'elements', 'seed', 'training']) {
      expect(() => checkGradients(model, data, { [option]: null })).toThrow(refusal(/got null/));
    }
    await expect(new Trainer(model, { epochs: 1, progress: false }).fit(any({ ...data, batch: null }))).rejects.toThrow(
      refusal(/'batch'.*got null/),
    );
    for (const [name, { data: values }] of model.parameters) expect(values).toEqual(before.get(name));
  });

  it('is refused by layers and optimizers, undefined is not', () => {
    expect(() => gru(any({ units: 2, dropout: null }))).toThrow(refusal(/'dropout'/));
    expect(() => sgd(any({ learningRate: null }))).toThrow(refusal(/'learningRate'/));
    expect(adam(any({ learningRate: undefined }))).toEqual(adam());
  });
});

describe('a maker that was not called', () => {
  it('is named, with its call', () => {
    expect(() => sequential([any(gru)], { features: 1 })).toThrow(refusal(/call it: gru\(\{ \.\.\. \}\)/));
    expect(() => sequential([dense({ units: 1 }), any(lstm)], { features: 1 })).toThrow(refusal(/call it: lstm\(/));
    expect(() => sequential([any(myLayer)], { features: 1 })).toThrow(refusal(/call it: mine\(\{ \.\.\. \}\)/));
    const nodes = [{ name: 'g', layer: any(gru), inputs: ['a'] }];
    expect(() => network(any({ inputs: input, nodes, output: 'g' }))).toThrow(refusal(/call it: gru\(/));
    const schedule = any<undefined>(cosine);
    expect(() => new Trainer(compile(), any({ epochs: 1, schedule }))).toThrow(
      refusal(/call it: cosine\(\{ \.\.\. \}\)/),
    );
    expect(new Trainer(compile(), { epochs: 1, schedule: (step) => 1 / (step + 1) })).toBeInstanceOf(Trainer);
  });
});

describe('a stack of layers', () => {
  it('has at most 1000 of them', () => {
    for (const layers of [1001, 1e9, 0, 1.5]) {
      expect(() => gru({ units: 2, layers })).toThrow(refusal(/'layers' must be an integer >= 1 and <= 1000, got/));
    }
    expect(gru({ units: 2, layers: 1000 })).toMatchObject({ layers: 1000 });
  });
});

describe('an evaluation whose loss is not finite', () => {
  it('is refused with the code of a training step, and leaves a carried state', async () => {
    const model = sequential([gru({ units: 2 }), dense({ units: 1 })], { features: 1 }).compileSync({
      ...{ loss: 'meanSquaredError', threads: 1 },
    });
    const far = { inputs: [[1, 2]], targets: [[1e30, 1e30]] };
    const code = expect.objectContaining({ code: 'non_finite_loss' });
    await expect(model.trainStep(far)).rejects.toThrow(code);
    await expect(model.evaluate(far)).rejects.toThrow(code);
    expect(() => model.evaluateSync(far)).toThrow(code);
    const state = model.newState(1);
    await expect(model.evaluate(far, { state })).rejects.toThrow(code);
    expect(state.isCarried).toBe(false);
    expect(await model.evaluate({ inputs: [[1, 2]], targets: [[1, 1]] })).toMatchObject({ loss: expect.any(Number) });
  });
});
