import { describe, expect, it } from 'vitest';
import {
  type Batch,
  checkGradients,
  defineLoss,
  dense,
  lstm,
  network,
  option,
  pool,
  sequential,
} from '../../src/index.js';
import {
  add,
  dropout,
  meanSquare,
  meanSquaredError,
  multiply,
  scale,
  softmaxCrossEntropy,
  subtract,
  temporalDifference,
} from '../../src/network/operations.js';
import { lossesFromJSON } from '../../src/network/output-losses.js';
import { batchSizesOf, imageOf, randomNumbers } from './small-models.js';

const LENGTHS = [4, 2, 1];
const ROWS = 7;

/** The squared error, and what the outputs change from step to step. */
const smooth = defineLoss({
  name: 'smooth',
  options: { weight: option.number({ min: 0, default: 0.5 }) },
  build: (outputs, target, { options }) =>
    add(meanSquaredError(outputs, target), scale(temporalDifference(outputs), options.weight)),
});

/** The mean of squared errors, each times a number of its row. */
const weighted = defineLoss({
  name: 'weighted',
  inputs: { importance: { kind: 'features' } },
  build: (outputs, target, { inputs }) => meanSquare(multiply(subtract(outputs, target), inputs.importance)),
});

/** The squared error against one row for each sequence. */
const perSequence = defineLoss({
  name: 'perSequence',
  target: { kind: 'features', per: 'sequence' },
  build: (outputs, target) => meanSquare(subtract(outputs, target)),
});

/** A cross-entropy with a factor, as a loss of one's own with class targets. */
const classes = defineLoss({
  name: 'classes',
  options: { factor: option.number() },
  target: (columns) => ({ kind: 'indices', size: columns, ignore: true }),
  build: (logits, target, { options }) => scale(softmaxCrossEntropy(logits, target), options.factor),
});

const batchOf = (targets: Batch['targets']): Batch => ({
  batchSizes: batchSizesOf(LENGTHS),
  inputs: { input: randomNumbers(3 * ROWS) },
  ...(targets && { targets }),
});
const described = () => sequential([lstm({ units: 4 }), dense({ units: 2 })], { features: 3 });
const target = randomNumbers(2 * ROWS, 2);

describe('a loss of one’s own', () => {
  it('computes what its operations say, with a gradient', () => {
    const model = described().compileSync({ loss: smooth(), threads: 1 });
    const batch = batchOf({ target });
    const plain = described().compileSync({ loss: 'meanSquaredError', threads: 1 });
    const outputs = plain.predictPackedSync(batch);
    let changes = 0;
    const begins = [0, 3, 5, 6]; // the first row of every step
    for (let step = 1; step < 4; step++) {
      const alive = (begins[step + 1] ?? ROWS) - (begins[step] as number);
      for (let at = 0; at < 2 * alive; at++) {
        const now = outputs[2 * (begins[step] as number) + at] as number;
        changes += (now - (outputs[2 * (begins[step - 1] as number) + at] as number)) ** 2;
      }
    }
    const { loss } = plain.evaluateSync(batch);
    expect(model.evaluateSync(batch)).toEqual({
      loss: expect.closeTo(loss + (0.5 * changes) / (2 * (ROWS - LENGTHS.length)), 5),
      steps: ROWS,
      targets: ROWS,
    });
    expect(checkGradients(model, batch).failures).toEqual([]);
  });

  it('trains', () => {
    const model = described().compileSync({ loss: smooth({ weight: 0.01 }), threads: 1 });
    const before = model.evaluateSync(batchOf({ target })).loss;
    for (let step = 0; step < 60; step++) model.trainStepSync(batchOf({ target }), { learningRate: 0.03 });
    expect(model.evaluateSync(batchOf({ target })).loss).toBeLessThan(0.7 * before);
  });

  it('has inputs beside its target', () => {
    const model = described().compileSync({ loss: weighted(), threads: 1 });
    const importance = randomNumbers(2 * ROWS, 3);
    const outputs = model.predictPackedSync(batchOf(undefined));
    const expected = outputs.reduce((sum, value, index) => {
      return sum + ((value - (target[index] as number)) * (importance[index] as number)) ** 2;
    }, 0);
    const batch = batchOf({ target, 'target/importance': importance });
    expect(model.evaluateSync(batch).loss).toBeCloseTo(expected / (2 * ROWS), 5);
    expect(checkGradients(model, batch).passed).toBe(true);
    expect(() => model.evaluateSync(batchOf({ target }))).toThrow(/target 'target\/importance' is missing/);
    const short = batchOf({ target, 'target/importance': new Float32Array(1) });
    expect(() => model.evaluateSync(short)).toThrow(/target 'target\/importance' has 1 entries, expected 14/);
  });

  it('may have a target for each sequence beside outputs for each step', () => {
    const model = described().compileSync({ loss: perSequence(), threads: 1 });
    const rows = Float32Array.of(1, 2, 3, 4, 5, 6);
    const outputs = model.predictPackedSync(batchOf(undefined));
    const sequenceOf = [0, 1, 2, 0, 1, 0, 0];
    const expected = outputs.reduce((sum, value, index) => {
      const sequence = sequenceOf[Math.floor(index / 2)] as number;
      return sum + (value - (rows[2 * sequence + (index % 2)] as number)) ** 2;
    }, 0);
    expect(model.evaluateSync(batchOf({ target: rows })).loss).toBeCloseTo(expected / (2 * ROWS), 4);
  });

  it('has class targets where it says so', () => {
    const ids = Int32Array.of(0, 1, -1, 1, 0, 0, 1);
    const [own, plain] = [classes({ factor: 3 }), 'softmaxCrossEntropy' as const].map((loss) =>
      described().compileSync({ loss, threads: 1 }),
    );
    const expected = plain?.evaluateSync(batchOf({ target: ids })).loss as number;
    expect(own?.evaluateSync(batchOf({ target: ids })).loss).toBeCloseTo(3 * expected, 5);
    expect(() => own?.evaluateSync(batchOf({ target: Int32Array.of(2, 0, 0, 0, 0, 0, 0) }))).toThrow(/index 2/);
  });

  it('stands beside others in a network of several outputs', () => {
    const model = network({
      inputs: { input: { kind: 'features', units: 3 } },
      nodes: [
        { name: 'lstm', layer: lstm({ units: 4 }), inputs: ['input'] },
        { name: 'steps', layer: dense({ units: 2 }), inputs: ['lstm'] },
        { name: 'last', layer: pool({ over: 'last' }), inputs: ['lstm'] },
      ],
      outputs: { steps: 'steps', whole: 'last' },
    }).compileSync({ losses: { steps: weighted(), whole: weighted() }, lossWeights: { whole: 2 }, threads: 1 });
    const batch = batchOf({
      steps: target,
      'steps/importance': randomNumbers(2 * ROWS),
      whole: randomNumbers(12),
      'whole/importance': randomNumbers(12),
    });
    const { loss, losses } = model.evaluateSync(batch);
    expect(loss).toBeCloseTo((losses?.['steps'] as number) + 2 * (losses?.['whole'] as number), 5);
    expect(checkGradients(model, batch).passed).toBe(true);
  });

  it('comes back from JSON with its definition', () => {
    const model = described().compileSync({ loss: smooth({ weight: 0.25 }), threads: 1 });
    expect(model.loss).toEqual({ kind: 'smooth', weight: 0.25 });
    expect(Object.isFrozen(model.loss)).toBe(true);
    const json = JSON.parse(JSON.stringify(model.loss));
    const restored = described().compileSync({ ...lossesFromJSON(json, [smooth]), threads: 1 });
    for (const each of [model, restored]) each.trainStepSync(batchOf({ target }));
    expect(imageOf(restored)).toEqual(imageOf(model));
    const unknown = expect.objectContaining({
      code: 'unknown_loss',
      message: expect.stringMatching(/"smooth".*'losses'/),
    });
    expect(() => lossesFromJSON(json)).toThrow(unknown);
    const notMade = { code: 'unknown_loss', message: expect.stringMatching(/"smooth".*what its maker returns/) };
    expect(() => described().compileSync({ loss: json })).toThrow(expect.objectContaining(notMade));
    const named = { losses: { a: json, b: 'meanSquaredError' }, lossWeights: { a: 2 } };
    expect(lossesFromJSON(named, [smooth])).toEqual(named);
    for (const each of ['softmaxCrossEntropy', { kind: 'ctc', blank: 1 }, { kind: 'quantile', levels: [0.5] }]) {
      expect(lossesFromJSON(each)).toEqual({ loss: each });
    }
    expect(lossesFromJSON({ kind: 'meanSquaredError' })).toEqual({ loss: 'meanSquaredError' });
    expect(() => lossesFromJSON(null)).toThrow(/'loss' must be the name of a loss/);
    expect(() => lossesFromJSON(json, [lstm as never])).toThrow(/losses\[0\].*defineLoss/);
  });
});

describe('the definition of a loss', () => {
  const build = () => undefined as never;

  it('is refused when its fields are none', () => {
    const invalid = (message: RegExp) =>
      expect.objectContaining({ code: 'invalid_option', message: expect.stringMatching(message) });
    expect(() => defineLoss({ name: 'quantile', build })).toThrow(
      invalid(/'quantile', which is a loss of the library/),
    );
    expect(() => defineLoss({ name: 'a/b', build })).toThrow(invalid(/name of a loss/));
    expect(() => defineLoss({ name: 'a' } as never)).toThrow(invalid(/'build' must be a function/));
    expect(() => defineLoss({ name: 'a', build, target: { kind: 'words' } as never })).toThrow(invalid(/target\.kind/));
    expect(() => defineLoss({ name: 'a', build, target: { kind: 'features', units: 0 } })).toThrow(
      invalid(/target\.units/),
    );
    expect(() => defineLoss({ name: 'a', build, inputs: { 'x/y': { kind: 'features' } } })).toThrow(invalid(/slash/));
    const extra = { kind: 'indices', units: 2 } as never;
    expect(() => defineLoss({ name: 'a', build, inputs: { x: extra } })).toThrow(/inputs\.x has no option 'units'/);
  });

  it('is refused when its build gives no number, or is random', () => {
    const compiled = (make: Parameters<typeof defineLoss>[0]['build']) => () =>
      described().compileSync({ loss: defineLoss({ name: 'mine', build: make })() });
    expect(compiled(build)).toThrow(/loss 'mine': build returned undefined/);
    expect(compiled((outputs) => outputs)).toThrow(/loss 'mine': what build returned is \[N, 2\]/);
    expect(compiled((outputs) => meanSquare(dropout(outputs, 0.5)))).toThrow(/outside the build of a layer/);
    expect(compiled((outputs) => meanSquaredError(outputs, outputs))().evaluateSync(batchOf({ target })).loss).toBe(0);
    // A target that depends on parameters: the operation knows no gradient of it.
    expect(() =>
      compiled((outputs) => meanSquaredError(outputs, outputs))().trainStepSync(batchOf({ target })),
    ).toThrow(expect.objectContaining({ code: 'not_differentiable' }));
  });

  it('is one for each name', () => {
    const other = defineLoss({ name: 'smooth', build: (outputs) => meanSquare(outputs) });
    const two = network({
      inputs: { input: { kind: 'features', units: 3 } },
      nodes: [
        { name: 'a', layer: dense({ units: 2 }), inputs: ['input'] },
        { name: 'b', layer: dense({ units: 2 }), inputs: ['input'] },
      ],
      outputs: { a: 'a', b: 'b' },
    });
    expect(() => two.compileSync({ losses: { a: smooth(), b: other() } })).toThrow(/two definitions of one name/);
    expect(() => lossesFromJSON('meanSquaredError', [smooth, other])).toThrow(/different names/);
  });
});
