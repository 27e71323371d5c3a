/** What the functions of `bptt/operations` say of wrong arguments: the function, the argument, and nothing of what lies below. */
import { describe, expect, it } from 'vitest';
import {
  BpttError,
  defineLayer,
  defineOptimizer,
  dense,
  embedding,
  type LayerContext,
  network,
  option,
  sequential,
} from '../../src/index.js';
import {
  add,
  additiveAttention,
  attention,
  carryTo,
  concatenate,
  ctc,
  divide,
  dropout,
  gather,
  layerNormalization,
  linear,
  maximum,
  multiply,
  power,
  quantileLoss,
  recurrence,
  relu,
  repeatOverTime,
  scale,
  sigmoidCrossEntropy,
  slice,
  softmaxCrossEntropy,
  subtract,
  sumOverColumns,
  sumOverTime,
  type Value,
} from '../../src/network/operations.js';

type Build = (x: Value, context: LayerContext<object>) => unknown;

function messageOf(build: Build, code: string): string {
  const layer = defineLayer({ name: 'mine', build: ([x], context) => build(x, context) as Value });
  try {
    sequential([layer(), dense({ units: 1 })], { features: 4 }).compileSync({ loss: 'meanSquaredError' });
  } catch (error) {
    expect(error).toBeInstanceOf(BpttError);
    expect(error).toMatchObject({ code });
    return (error as Error).message;
  }
  throw new Error('it was accepted');
}

const missing = undefined as never;

describe('an argument that is', () => {
  it.each<[string, Build, string]>([
    ['no value, the first', (x) => multiply(missing, x), 'multiply: a is undefined'],
    ['no value, the second', (x) => multiply(x, missing), 'multiply: b is undefined'],
    ['no value beside a number', () => multiply(missing, 2), 'multiply: a is undefined'],
    ['no value behind a number', () => multiply(2, missing), 'multiply: b is undefined'],
    ['no value of a sum', (x) => add(x, missing), 'add: b is undefined'],
    ['no value of a difference', (x) => subtract(null as never, x), 'subtract: a is null'],
    ['no value to scale', () => scale(missing, 2), 'scale: x is undefined'],
    ['no value of one', () => relu('x' as never), 'relu: x is "x"'],
    ['no value of a function of one', () => power(missing, 2), 'power: x is undefined'],
    ['no weight', (x) => linear(x, missing), 'linear: weight is undefined'],
    ['no bias', (x, c) => linear(x, c.parameter('w', [4, 4]), 1 as never), 'linear: bias is 1'],
    ['none of several', (x) => concatenate(x, x, missing), 'concatenate: others[1] is undefined'],
    ['no weights of a recurrence', (x) => recurrence(x, missing), 'recurrence: weights is undefined'],
    ['no sum', () => sumOverColumns(missing), 'sumOverColumns: x is undefined'],
    ['no query', (x) => attention(missing, x, x), 'attention: query is undefined'],
    ['no axis', (x) => carryTo(x, missing), 'carryTo: like is undefined'],
    ['no gain', (x) => layerNormalization(x, { gain: 1 as never }), 'layerNormalization: gain is 1'],
    [
      'no weights of a loss',
      (x) => sigmoidCrossEntropy(x, x, { positiveWeights: 2 as never }),
      'sigmoidCrossEntropy: positiveWeights is 2',
    ],
  ])('is refused by its name: %s', (_, build, message) => {
    const text = messageOf(build, 'not_a_value');
    expect(text).toContain(`layer 'mine': ${message}, expected a value of the network`);
  });

  it.each<[string, Build, RegExp]>([
    ['NaN', (x) => add(x, Number.NaN), /'b of add' must be a finite number.*got NaN/],
    ['infinite', (x) => subtract(Number.POSITIVE_INFINITY, x), /'a of subtract' must be.*got Infinity/],
    ['beyond float32', (x) => maximum(x, 1e300), /'b of maximum'.*float32.*got 1e\+300/],
    ['NaN as a factor', (x) => multiply(x, Number.NaN), /'b of multiply'.*NaN/],
    ['beyond factors', (x) => multiply(1e300, x), /'a of multiply'.*1e\+30/],
    ['0 below', (x) => divide(x, 0), /divide: b is 0, expected a number other than 0/],
    ['0 below in float32', (x) => divide(x, 1e-300), /divide: b is 1e-300/],
    [
      'a value as a factor',
      (x) => scale(x, x as never),
      /^layer 'mine': scale: factor is a value \[N, 4\], expected a number: use multiply for a value$/,
    ],
    ['a value as an exponent', (x) => power(x, x as never), /power: exponent is a value \[N, 4\], expected a number/],
    ['a value as a column', (x) => slice(x, x as never), /slice: begin is a value/],
    ['a value as a level', (x) => quantileLoss(x, x, x as never), /quantileLoss: level is a value/],
  ])('is refused by its name: a number that is %s', (_, build, message) => {
    const text = messageOf(build, 'invalid_option');
    expect(text).toMatch(message);
    expect(text).not.toContain('{');
  });
});

describe('sizes that do not fit', () => {
  it.each<[string, Build, string]>([
    ['a weight', (x, c) => linear(x, c.parameter('w', [3, 5])), 'linear: weight [3, 5] does not fit x [N, 4]'],
    [
      'a bias',
      (x, c) => linear(x, c.parameter('w', [3, 4]), c.parameter('b', [4])),
      'linear: bias [1, 4] does not fit x [N, 4], weight [3, 4]',
    ],
    [
      'weights of a recurrence',
      (x, c) => recurrence(x, c.parameter('w', [3, 3])).output,
      'recurrence: weights [3, 3] does not fit x [N, 4]',
    ],
    [
      'weights of a recurrence that change with the steps',
      (x) => recurrence(x, x).output,
      'recurrence: weights [N, 4] does not have a fixed size, as a parameter has',
    ],
    [
      'a first output',
      (x, c) => recurrence(x, c.parameter('w', [4, 4]), { initial: relu(x) }).output,
      'recurrence: initial [N, 4] does not fit x [N, 4], weights [4, 4]: expected a row for each sequence',
    ],
    [
      'gains',
      (x, c) => layerNormalization(x, { gain: c.parameter('g', [3]) }),
      'layerNormalization: gain [1, 3] does not fit x [N, 4]',
    ],
    [
      'sequences as steps',
      (x) => sumOverTime(sumOverTime(x)),
      'sumOverTime: x [B, 4] does not fit: expected a row for each step',
    ],
    [
      'steps as sequences',
      (x) => repeatOverTime(x),
      'repeatOverTime: x [N, 4] does not fit: expected a row for each sequence',
    ],
    [
      'numbers as indices',
      (x, c) => gather(c.parameter('t', [3, 5]), x),
      'gather: ids [N, 4] has real numbers, expected indices',
    ],
    [
      'numbers as classes',
      (x) => softmaxCrossEntropy(x, x),
      'softmaxCrossEntropy: targets [N, 4] has real numbers, expected indices',
    ],
    ['numbers as labels', (x) => ctc(x, x), 'ctc: labels [N, 4] has real numbers, expected indices'],
    [
      'values of other steps',
      (x) => attention(x, x, sumOverTime(x)),
      'attention: value [B, 4] does not fit query [N, 4], key [N, 4]',
    ],
    [
      'a vector of scores',
      (x, c) => additiveAttention(x, x, c.parameter('v', [3]), x),
      'additiveAttention: v [1, 3] does not fit query [N, 4], key [N, 4], value [N, 4]',
    ],
    ['fixed rows as an axis', (x, c) => carryTo(x, c.parameter('p', [3, 4])), 'carryTo: like [3, 4] has fixed rows'],
    [
      'fixed rows for a mask of each sequence',
      (_, c) => dropout(c.parameter('p', [3, 4]), 0.5, { perSequence: true }),
      'dropout: x [3, 4] has fixed rows',
    ],
    ['columns', (x) => divide(x, slice(x, 0, 2)), 'divide: a is [N, 4], b [N, 2]: their columns cannot be joined'],
    ['rows', (x, c) => add(x, c.parameter('p', [3, 4])), 'add: a is [N, 4], b [3, 4]: their rows cannot be joined'],
  ])('are said in the words of the function: %s', (_, build, message) => {
    const text = messageOf(build, 'shape_mismatch');
    expect(text).toContain(`layer 'mine': ${message}`);
    expect(text).not.toMatch(/\b[AC-MO-Z]\b|steps\(|batch\(|\(time\)/);
  });

  it('names the axis where there are several', () => {
    const both = defineLayer({ name: 'both', inputs: 2, build: ([a, b]) => add(a, b) });
    const build = () =>
      network({
        inputs: { a: { kind: 'features', units: 2 }, b: { kind: 'features', units: 2, axis: 'source' } },
        nodes: [{ name: 'both', layer: both(), inputs: ['a', 'b'] }],
        output: 'both',
      }).compileSync({ loss: 'meanSquaredError' });
    expect(build).toThrow("layer 'both': add: a is [N, 2], b [N(source), 2]: their rows cannot be joined");
  });

  it('refuses indices in arithmetic', () => {
    const layer = defineLayer({ name: 'mine', build: ([x]) => add(x, 1) });
    const build = () =>
      network({
        inputs: { ids: { kind: 'indices', size: 5 } },
        nodes: [
          { name: 'mine', layer: layer(), inputs: ['ids'] },
          { name: 'other', layer: embedding({ size: 5, units: 2 }), inputs: ['ids'] },
        ],
        output: 'other',
      }).compileSync();
    expect(build).toThrow("layer 'mine': add: a [N, 1] has indices, expected real numbers");
  });

  it('are told as details in the same words', () => {
    const layer = defineLayer({ name: 'mine', build: ([x], c) => linear(x, c.parameter('w', [3, 5])) });
    const details = { operation: 'linear', operand: 'weight', actual: '[3, 5]' };
    expect(() => sequential([layer()], { features: 4 }).compileSync()).toThrow(expect.objectContaining({ details }));
  });
});

describe('arithmetic of JavaScript', () => {
  const number = (x: Value) => x as unknown as number;

  it.each<[string, Build]>([
    ['a product', (x) => number(x) * 2],
    ['a sum', (x) => number(x) + number(x)],
    ['a sign', (x) => -number(x)],
    ['a comparison', (x) => (number(x) > 0 ? x : x)],
    ['a power', (x) => number(x) ** 2],
  ])('is refused with a hint at the functions: %s', (_, build) => {
    const message =
      /layer 'mine': value \[N, 4\] is used as a number.*bptt\/operations, multiply\(x, 2\) in place of x \* 2/;
    expect(messageOf(build, 'not_a_value')).toMatch(message);
  });

  it('shows a value as text', () => {
    let text = '';
    const layer = defineLayer({
      name: 'mine',
      build([x]) {
        text = `${x}`;
        return x;
      },
    });
    sequential([layer()], { features: 4 }).summary();
    expect(text).toBe('value [N, 4]');
  });
});

describe('an update of ones own', () => {
  it('says that a slot is undefined which nobody declared', () => {
    const optimizer = defineOptimizer({
      name: 'mine',
      options: { learningRate: option.number({ default: 0.1 }) },
      update: ({ parameter, slots }) => ({
        parameter: scale((slots as Record<string, Value>)['velocity'] as Value, 0.9) ?? parameter,
      }),
    });
    const compile = () =>
      sequential([dense({ units: 1 })], { features: 1 }).compileSync({
        loss: 'meanSquaredError',
        optimizer: optimizer(),
      });
    expect(compile).toThrow("optimizer 'mine': scale: x is undefined, expected a value of the network");
  });
});
