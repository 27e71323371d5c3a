import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SequenceBatches } from '../../src/data/sequence-batches.js';
import {
  dense,
  type LossDescription,
  loadModel,
  lstm,
  network,
  type PlainExamples,
  packSequences,
  pool,
  saveModel,
  sequential,
  Trainer,
} from '../../src/index.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { imageOf, randomNumbers } from './small-models.js';

const FEATURES = 2;
const LENGTHS = [2, 4, 1];
const inputs = LENGTHS.map((length, at) => randomNumbers(length * FEATURES, at));
const numbers = LENGTHS.map((length, at) => randomNumbers(length * FEATURES, 10 + at));
const perStep = LENGTHS.map((length) => Float32Array.from({ length }, (_, step) => step + 0.5));
const perSequence = [1, 0, 2.5];

const modelOf = (loss: LossDescription, layers = [lstm({ units: 4 }), dense({ units: FEATURES })]) =>
  sequential(layers, { features: FEATURES }).compileSync({ loss, threads: 1, seed: 4 });
const squared = (weights: 'step' | 'sequence') => ({ kind: 'meanSquaredError', weights }) as const;

describe('weights beside plain targets', () => {
  it.each([
    ['step', perStep, perStep],
    ['sequence', perSequence, Float32Array.from(perSequence)],
  ] as const)('of each %s are those of a packed batch', async (per, weights, packed) => {
    const model = modelOf(squared(per));
    const options = { features: FEATURES, targets: numbers, targetFeatures: FEATURES, weights: packed };
    const expected = model.evaluateSync(packSequences(inputs, options));
    expect(expected.weight).toBeGreaterThan(0);
    const examples: PlainExamples = { inputs, targets: numbers, weights };
    expect(model.evaluateSync(examples)).toEqual(expected);
    expect(model.trainStepSync(examples, { learningRate: 0 })).toMatchObject(expected);
    const named = { inputs, targets: { target: numbers, 'target/weights': weights } };
    expect(model.evaluateSync(named)).toEqual(expected);
    const batches = new SequenceBatches(
      inputs.map((input, at) => ({ input, target: numbers[at] as Float32Array, weights: weights[at] as number })),
      { batch: 3, features: FEATURES, targetFeatures: FEATURES },
    );
    const { value: batch } = await batches.batches(undefined, 0).next();
    expect(model.evaluateSync(batch as never)).toEqual(expected);
  });

  it('have the names of their outputs where there are several', () => {
    const { description } = sequential([lstm({ units: 3 }), dense({ units: FEATURES })], { features: FEATURES });
    const nodes = [...description.nodes, { name: 'other', layer: dense({ units: 1 }), inputs: ['lstm'] }];
    const model = network({ inputs: description.inputs, nodes, outputs: { a: 'dense', b: 'other' } }).compileSync({
      losses: { a: squared('step'), b: { kind: 'quantile', levels: [0.5], weights: 'sequence' } },
      threads: 1,
    });
    const targets = { a: numbers, b: LENGTHS.map((length) => randomNumbers(length, 3)) };
    const { weight, losses } = model.evaluateSync({ inputs, targets, weights: { a: perStep, b: perSequence } });
    expect(weight).toBeCloseTo(perStep.flatMap((each) => [...each]).reduce((x, y) => x + y));
    expect(Object.keys(losses ?? {})).toEqual(['a', 'b']);
    expect(() => model.evaluateSync({ inputs, targets, weights: { a: perStep } })).toThrow(/'b' is missing/);
    expect(() => model.evaluateSync({ inputs, targets, weights: perStep })).toThrow(/weights a, b/);
  });

  it('are those of a CTC loss, one for each sequence, and 0 leaves out what is no target', () => {
    const loss = { kind: 'ctc', weights: 'sequence' } as const;
    const model = modelOf(loss);
    const plain = modelOf({ kind: 'ctc' });
    const targets = [[1], [1, 1], [1]];
    const examples = { inputs, targets, weights: [3, 2, 0] };
    const alone = (at: number) =>
      plain.evaluateSync({ inputs: [inputs[at] as never], targets: [targets[at] as never] });
    const { loss: mean, weight } = model.evaluateSync(examples);
    expect(weight).toBe(5);
    expect(mean).toBeCloseTo((3 * alone(0).loss + 2 * alone(1).loss) / 5, 5);
    expect(() => modelOf({ kind: 'ctc', weights: 'step' } as never)).toThrow(
      expect.objectContaining({ code: 'invalid_option', message: expect.stringMatching(/loss\.weights/) }),
    );
  });

  it('leave a target out whatever it is: rows of weight 0 have no gradient', () => {
    const weights = LENGTHS.map((length, at) => new Float32Array(length).fill(Number(at !== 1)));
    const packed = packSequences(inputs, { features: FEATURES, targets: numbers, targetFeatures: FEATURES, weights });
    const { target: numbersOf, 'target/weights': counted } = packed.targets as Record<string, Float32Array>;
    const target = numbersOf?.map((value, at) => (counted?.[Math.floor(at / FEATURES)] === 0 ? Number.NaN : value));
    const model = modelOf(squared('step'));
    const clean = model.trainStepSync(packed, { learningRate: 0 });
    const missing = { ...packed, targets: { ...packed.targets, target: target as Float32Array } };
    expect(model.trainStepSync(missing, { learningRate: 0 })).toEqual(clean);
  });

  it('are refused before anything has changed', async () => {
    const model = modelOf(squared('step'));
    const before = imageOf(model);
    const refuse = (weights: unknown, code: string, text: RegExp) => {
      const examples = { inputs, targets: numbers, weights } as PlainExamples;
      const error = expect.objectContaining({ code, message: expect.stringMatching(text) });
      expect(() => model.trainStepSync(examples)).toThrow(error);
      return expect(new Trainer(model, { epochs: 1, progress: false }).fit(examples)).rejects.toThrow(error);
    };
    const withOne = (value: number) => perStep.map((each, at) => (at === 1 ? each.map(() => value) : each));
    await refuse(undefined, 'invalid_option', /the loss has weights: give them as 'weights'/);
    await refuse(perSequence, 'rank_mismatch', /sequence 0 of target 'target\/weights'/);
    await refuse(perStep.slice(1), 'length_mismatch', /has 2 sequences/);
    await refuse([...perStep.slice(1), perStep[0]], 'length_mismatch', /steps/);
    await refuse(
      withOne(-1),
      'invalid_weights',
      /sequence 1 of .* has -1 at step 0, expected 0, or numbers from 1e-30 to 1e\+30/,
    );
    await refuse(withOne(Number.NaN), 'invalid_weights', /has NaN/);
    await refuse(withOne(Number.POSITIVE_INFINITY), 'invalid_weights', /has Infinity/);
    expect(imageOf(model)).toEqual(before);
    const none = modelOf('meanSquaredError');
    expect(() => none.evaluateSync({ inputs, targets: numbers, weights: perStep })).toThrow(
      /no loss of the model has any/,
    );
  });

  it('of examples and of packed sequences are refused, too', () => {
    const pack = (weights: unknown, target: unknown = numbers) =>
      packSequences(inputs, {
        features: FEATURES,
        targets: target as never,
        targetFeatures: FEATURES,
        weights,
      } as never);
    expect(() => pack(Float32Array.of(1, 2))).toThrow(expect.objectContaining({ code: 'length_mismatch' }));
    expect(() => pack(perStep.slice(1))).toThrow(expect.objectContaining({ code: 'length_mismatch' }));
    expect(() => pack([...perStep.slice(1), perStep[0]])).toThrow(/weight array 0 has 4 numbers/);
    expect(() => pack([[1, 2]])).toThrow(expect.objectContaining({ code: 'invalid_option' }));
    expect(() => pack(perStep, undefined)).not.toThrow();
    expect(() => packSequences(inputs, { features: FEATURES, weights: perStep })).toThrow(/needs targets/);
    const refuse = (weights: unknown, code: string, target: unknown = 1) =>
      expect(() => {
        const example = { input: inputs[0], target, weights } as never;
        return new SequenceBatches([example], { batch: 1, features: FEATURES });
      }).toThrow(expect.objectContaining({ code }));
    refuse(-1, 'invalid_weights');
    refuse(Number.NaN, 'invalid_weights');
    refuse(Float32Array.of(1, Number.POSITIVE_INFINITY), 'invalid_weights');
    refuse(Float32Array.of(1), 'length_mismatch');
    refuse([1, 2], 'invalid_option');
    refuse(1, 'invalid_option', null);
  });
});

describe('a loss with options', () => {
  it.each<[string, LossDescription]>([
    [
      'softmaxCrossEntropy',
      { kind: 'softmaxCrossEntropy', weights: 'sequence', classWeights: [1, 3], labelSmoothing: 0.1 },
    ],
    ['sigmoidCrossEntropy', { kind: 'sigmoidCrossEntropy', weights: 'sequence', positiveWeights: [2, 1] }],
    ['quantile', { kind: 'quantile', weights: 'sequence', levels: [0.5] }],
  ])('comes back with the model: %s', async (_, loss) => {
    const model = modelOf(loss, [pool({ over: 'last' }), dense({ units: FEATURES })] as never);
    const path = join(temporaryDirectory(), 'model.safetensors');
    await saveModel(model, path);
    expect((await loadModel(path, { threads: 1 })).model.loss).toEqual(loss);
  });
});
