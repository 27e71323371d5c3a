import { describe, expect, it } from 'vitest';
import {
  type AnyLayer,
  BpttError,
  concatenate,
  defineLayer,
  dense,
  dropout as dropoutLayer,
  type LayerContext,
  lstm,
  network,
  option,
  sequential,
} from '../../../src/index.js';
import {
  add,
  dropout,
  gather,
  concatenate as joined,
  linear,
  meanSquare,
  multiply,
  recurrence,
  relu,
  slice,
  sumOverTime,
  type Value,
} from '../../../src/network/operations.js';

const invalid = (text: RegExp) =>
  expect.objectContaining({ code: 'invalid_option', message: expect.stringMatching(text) });

describe('the definition of a layer', () => {
  it('is refused when its fields are none', () => {
    const build = ([x]: readonly [Value]) => x;
    expect(() => defineLayer({ name: '', build })).toThrow(invalid(/'name' must be the name of a layer/));
    expect(() => defineLayer({ name: 'a.b', build })).toThrow(invalid(/without slash and dot/));
    expect(() => defineLayer({ name: 'lstm', build })).toThrow(invalid(/'lstm', which is a layer of the library/));
    expect(() => defineLayer({ name: 'x' } as never)).toThrow(invalid(/'build' must be a function/));
    expect(() => defineLayer({ name: 'x', build, inputs: 0 })).toThrow(invalid(/'inputs'/));
    expect(() => defineLayer({ name: 'x', build, options: { units: 4 as never } })).toThrow(invalid(/options\.units/));
    expect(() => defineLayer({ name: 'x', build, options: { kind: option.number() } })).toThrow(invalid(/'kind'/));
    expect(() => defineLayer({ name: 'x', build, forward: build } as never)).toThrow(
      expect.objectContaining({ code: 'unknown_option' }),
    );
  });
});

type Build = (x: Value, context: LayerContext<object>) => unknown;

const compiled = (build: Build) => {
  const layer = defineLayer({ name: 'mine', build: ([x], context) => build(x, context) as Value });
  return () => sequential([layer(), dense({ units: 1 })], { features: 4 }).compileSync({ loss: 'meanSquaredError' });
};

/** A value of another network. */
function foreignValue(): Value {
  let found: Value | undefined;
  compiled((x) => {
    found = x;
    return x;
  })();
  return found as Value;
}

describe('the build of a layer', () => {
  const refused: readonly (readonly [string, Build, string, RegExp])[] = [
    ['returns nothing', () => undefined, 'invalid_definition', /what build returned is undefined/],
    [
      'returns a value of another network',
      () => foreignValue(),
      'invalid_definition',
      /expected a value of the network/,
    ],
    [
      'returns a parameter',
      (_, { parameter }) => parameter('w', [4]),
      'invalid_definition',
      /\[1, 4\], which has fixed rows/,
    ],
    [
      'asks twice for one name in two sizes',
      (x, { parameter }) => [parameter('w', [4, 4]), parameter('w', [2, 4]), x][2],
      'invalid_definition',
      /'w' is asked for as \[4,4\] and as \[2,4\]/,
    ],
    ['asks for a parameter with a dot', (_, { parameter }) => parameter('a.b', [4]), 'invalid_definition', /a\.b/],
    ['asks for a shape that is none', (_, { parameter }) => parameter('w', [1, 2, 3]), 'invalid_option', /\[1,2,3\]/],
    ['asks for 0 rows', (_, { parameter }) => parameter('w', [0, 2]), 'invalid_option', /shape\[0\]/],
    [
      'asks for initial values that are none',
      (_, { parameter }) => parameter('w', [2], { initializer: 'bogus' }),
      'invalid_option',
      /bogus/,
    ],
    [
      'has no final state',
      (x, { initialState }) => [initialState('h', 4), x][1],
      'invalid_definition',
      /finalState was not/,
    ],
    [
      'has a final state of another size',
      (x, { initialState, finalState }) => [initialState('h', 4), finalState('h', x), x][2],
      'invalid_definition',
      /final state 'h' is \[N, 4\], its initial value \[B, 4\]/,
    ],
    ['applies nothing', (_, { apply }) => apply(dense({ units: 4 }), []), 'invalid_definition', /applied to no input/],
    [
      'applies two under one name',
      (x, { apply }) => apply(dense({ units: 4 }), apply(dense({ units: 4 }), x, 'a'), 'a'),
      'invalid_definition',
      /two layers are applied under the name 'a'/,
    ],
    ['applies what is no layer', (x, { apply }) => apply({ kind: 'transformer' }, x), 'unknown_layer', /transformer/],
    ['adds what is no value', (x) => add(x, 'one' as never), 'not_a_value', /add: b is "one", expected a value/],
    ['adds values of two networks', (x) => add(x, foreignValue()), 'not_a_value', /belongs to another network/],
    ['adds two numbers', () => add(1, 2), 'not_a_value', /add: there is no value/],
    ['multiplies two numbers', () => multiply(1, 2), 'not_a_value', /multiply: there is no value/],
    [
      'adds other columns',
      (x) => add(x, slice(x, 0, 2)),
      'shape_mismatch',
      /layer 'mine': add: a is \[N, 4\], b \[N, 2\]: their columns cannot be joined/,
    ],
    [
      'has weights of other columns',
      (x, { parameter }) => linear(x, parameter('w', [3, 5])),
      'shape_mismatch',
      /linear: weight \[3, 5\] does not fit x \[N, 4\]$/,
    ],
    [
      'has a bias of another size',
      (x, { parameter }) => linear(x, parameter('w', [3, 4]), parameter('b', [2])),
      'shape_mismatch',
      /linear: bias \[1, 2\] does not fit/,
    ],
    [
      'has recurrent weights of another size',
      (x, { parameter }) => recurrence(x, parameter('r', [4, 3])).output,
      'shape_mismatch',
      /recurrence: weights \[4, 3\] do/,
    ],
    [
      'has no weights of fixed size',
      (x) => linear(x, x),
      'shape_mismatch',
      /linear: weight \[N, 4\] does not have a fixed size/,
    ],
    [
      'gathers by real numbers',
      (x, { parameter }) => gather(parameter('w', [3, 5]), x),
      'shape_mismatch',
      /gather: ids/,
    ],
    ['slices outside', (x) => slice(x, 4), 'invalid_option', /'begin of slice' must be an integer >= 0 and <= 3/],
    [
      'sums over time twice',
      (x) => sumOverTime(sumOverTime(x)),
      'shape_mismatch',
      /sumOverTime: x \[B, 4\] does not fit: expected a row for each step/,
    ],
    ['has a rate that is none', (x) => dropout(x, 1), 'invalid_option', /rate/],
    [
      'has a penalty of many numbers',
      (x, { penalty }) => [penalty(x, 1), x][1],
      'shape_mismatch',
      /a penalty is \[N, 4\]/,
    ],
    [
      'has a constant that does not fit',
      (x, { constant }) => add(x, constant([1, 2], [3])),
      'shape_mismatch',
      /has 3 numbers/,
    ],
  ];
  it.each(refused)('is refused when it %s', (_, build, code, text) => {
    expect(compiled(build)).toThrow(BpttError);
    expect(compiled(build)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(text) }));
  });

  it('lets errors of its own through as they are', () => {
    const own = new TypeError('mine');
    expect(
      compiled(() => {
        throw own;
      }),
    ).toThrow(own);
  });

  it('is given the inputs that the definition says', () => {
    const pair = defineLayer({ name: 'pair', inputs: 2, build: ([a, b]) => add(a, b) });
    const any = defineLayer({ name: 'any', inputs: 'any', build: ([first, ...others]) => joined(first, ...others) });
    const description = (layer: AnyLayer, ...inputs: string[]) =>
      network({
        inputs: { a: { kind: 'features', units: 2 }, b: { kind: 'features', units: 2, per: 'sequence' } },
        nodes: [{ name: 'out', layer, inputs }],
        output: 'out',
      });
    const run = (layer: AnyLayer, ...inputs: string[]) =>
      description(layer, ...inputs)
        .compileSync({ loss: 'meanSquaredError' })
        .predictPackedSync({
          batchSizes: Int32Array.of(2, 1),
          inputs: { a: Float32Array.of(1, 2, 3, 4, 5, 6), b: Float32Array.of(10, 20, 30, 40) },
        });
    expect([...run(pair(), 'a', 'b')]).toEqual([11, 22, 33, 44, 15, 26]);
    expect([...run(pair(), 'b', 'a')]).toEqual([11, 22, 33, 44, 15, 26]);
    expect([...run(any(), 'a', 'b')]).toEqual([...run(concatenate(), 'a', 'b')]);
    expect(() => run(pair(), 'a')).toThrow(/layer 'pair': it takes 2 inputs, got 1/);
  });

  it('gives parameters the first values that it asks for', () => {
    const layer = defineLayer({
      name: 'mine',
      build([x], { parameter, constant }) {
        parameter('number', [3], { initializer: 0.25 });
        parameter('function', [2, 3], { initializer: (_, row, column) => 10 * row + column });
        parameter('gain', [2], { use: 'gain' });
        parameter('scheme', [4, 4], { use: 'recurrent', initializer: 'identity:2' });
        return add(x, constant([1, 2, 3, 4]));
      },
    });
    const model = sequential([layer()], { features: 4 }).compileSync({ loss: 'meanSquaredError' });
    const values = (name: string) => [...(model.parameters.get(`mine.${name}`)?.data ?? [])];
    expect(values('number')).toEqual([0.25, 0.25, 0.25]);
    expect(values('function')).toEqual([0, 1, 2, 10, 11, 12]);
    expect(values('gain')).toEqual([1, 1]);
    expect(values('scheme').filter((value) => value === 2)).toHaveLength(4);
    expect(model.parameters.get('mine.number')?.shape).toEqual([3]);
    const input = Float32Array.of(0, 0, 0, 0, 1, 1, 1, 1);
    const output = model.predictPackedSync({ batchSizes: Int32Array.of(1, 1), inputs: { input } });
    expect([...output]).toEqual([1, 2, 3, 4, 2, 3, 4, 5]);
  });

  it('has penalties like the layers of the library', () => {
    const layer = defineLayer({
      name: 'sparse',
      build([x], { penalty }) {
        const y = relu(x);
        penalty(meanSquare(y), 3);
        return y;
      },
    });
    const model = sequential([dense({ units: 3 }), layer(), dense({ units: 1 })], { features: 4 }).compileSync({
      loss: 'meanSquaredError',
    });
    const batch = {
      batchSizes: Int32Array.of(1),
      inputs: { input: Float32Array.of(1, -1, 2, 0.5) },
      targets: { target: Float32Array.of(1) },
    };
    const { gradientNorm } = model.trainStepSync(batch, { learningRate: 0 });
    expect(gradientNorm).toBeGreaterThan(0);
    expect(model.trainStepSync(batch, { learningRate: 0 }).loss).toBe(model.evaluateSync(batch).loss);
  });

  it('may not be random but through dropout, which follows the seed and the step', () => {
    const noisy = defineLayer({
      name: 'noisy',
      build: ([x], { apply }) => dropout(apply(dropoutLayer({ rate: 0.25 }), x), 0.5, { perSequence: true }),
    });
    const model = (seed: number) =>
      sequential([noisy(), lstm({ units: 2 }), dense({ units: 1 })], { features: 4 }).compileSync({
        loss: 'meanSquaredError',
        seed,
      });
    const batch = {
      batchSizes: Int32Array.of(2, 2),
      inputs: { input: new Float32Array(16).fill(1) },
      targets: { target: new Float32Array(4).fill(1) },
    };
    const losses = [1, 1, 2].map((seed) => model(seed).trainStepSync(batch).loss);
    expect(losses[0]).toBe(losses[1]);
    expect(losses[0]).not.toBe(losses[2]);
  });
});
