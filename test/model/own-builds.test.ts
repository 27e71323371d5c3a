/** What layers and optimizers of one's own ask for must be the same at every build of a model: memory is allocated once. */
import { describe, expect, it } from 'vitest';
import {
  defineLayer,
  defineOptimizer,
  dense,
  gru,
  type LayerContext,
  option,
  recurrentCell,
  sequential,
} from '../../src/index.js';
import { add, multiply, subtract, type Value } from '../../src/network/operations.js';

type Ask = (context: LayerContext<object>) => Value;

const compiled = (ask: Ask, build = (x: Value, asked: Value) => multiply(x, asked)) => {
  const layer = defineLayer({ name: 'mine', build: ([x], context) => build(x, ask(context)) });
  return () => sequential([layer(), dense({ units: 1 })], { features: 1 }).compileSync({ loss: 'meanSquaredError' });
};

const one: Ask = ({ constant }) => constant([1]);

describe('a layer of ones own is refused when it', () => {
  it.each<[string, Ask, RegExp]>([
    [
      'makes a buffer only while training',
      (c) => (c.training ? c.buffer('a', [1], 100) : one(c)),
      /buffer 'a' of the layer 'mine' is asked for at this build, but was not at the first/,
    ],
    [
      'makes a buffer only while training, beside another',
      (c) => add(c.buffer('b', [1]), c.training ? c.buffer('a', [1], 100) : one(c)),
      /buffer 'a' of the layer 'mine'/,
    ],
    [
      'makes a parameter only while training',
      (c) => (c.training ? c.parameter('w', [1]) : one(c)),
      /parameter 'w' of the layer 'mine' is asked for at this build, but was not/,
    ],
    [
      'makes a parameter only where it does not train',
      (c) => (c.training ? one(c) : c.parameter('w', [1])),
      /parameter 'w' of the layer 'mine' is asked for at other builds, but is not while training/,
    ],
    [
      'makes a buffer only where it does not train',
      (c) => (c.training ? one(c) : c.buffer('a', [1])),
      /buffer 'a' of the layer 'mine' is asked for at other builds, but is not while training/,
    ],
    [
      'gives a buffer another initial value while training',
      (c) => c.buffer('a', [1], c.training ? 100 : 0),
      /buffer 'a'.*\[1\] with the initial value 100 at this build, \[1\] with the initial value 0 at the first/,
    ],
    [
      'gives a parameter another initial value while training',
      (c) => c.parameter('w', [1], { initializer: c.training ? 2 : 1 }),
      /parameter 'w'.*initial value 2 at this build.*initial value 1 at the first/,
    ],
    [
      'gives a parameter another shape of the same size',
      (c) => c.parameter('w', c.training ? [1, 1] : [1]),
      /parameter 'w'.*\[1, 1\] as dense at this build, \[1\] as denseBias at the first/,
    ],
  ])('%s', (_, ask, message) => {
    expect(compiled(ask)).toThrow(message);
    expect(compiled(ask)).toThrow(expect.objectContaining({ code: 'invalid_definition' }));
  });

  it('asks otherwise at a later build, which then changes nothing', () => {
    let builds = 0;
    const third = compiled((c) => c.parameter(builds++ < 2 ? 'w' : 'v', [1]))();
    const before = [...third.parameters.values()].map(({ data }) => [...data]);
    const refusal = expect.objectContaining({
      code: 'invalid_definition',
      details: { layer: 'mine', parameter: 'v' },
    });
    expect(() => third.trainStepSync({ inputs: [[1]], targets: [[1]] })).toThrow(refusal);
    expect([...third.parameters.values()].map(({ data }) => [...data])).toEqual(before);
    expect(third.step).toBe(0);
  });

  it('gets the initial values that it asks for', () => {
    const model = compiled(
      (c) => multiply(c.buffer('a', [2, 1], 7), 1),
      (x, _) => x,
    )();
    expect(model.buffers.get('mine.a')?.data).toEqual(Float32Array.of(7, 7));
  });
});

describe('slots of an optimizer of ones own', () => {
  const learningRate = option.number({ exclusiveMin: 0, default: 0.1 });

  it.each<[string, (call: number) => Readonly<Record<string, number>>]>([
    ['of other names', (call) => (call === 0 ? { a: 0 } : { b: 0 })],
    ['of other values', (call) => ({ a: call })],
    ['more of them', (call) => (call === 0 ? { a: 0 } : { a: 0, b: 0 })],
  ])('are refused at the second call: %s', (_, slots) => {
    let calls = 0;
    const optimizer = defineOptimizer({
      name: 'changing',
      options: { learningRate },
      slots: () => slots(calls++),
      update: ({ parameter, gradient }) => ({ parameter: subtract(parameter, gradient) }),
    });
    const compile = () =>
      sequential([dense({ units: 1 })], { features: 1 }).compileSync({
        loss: 'meanSquaredError',
        optimizer: optimizer(),
      });
    expect(compile).toThrow(/optimizer 'changing': slots gave/);
    calls = 0;
    expect(compile).toThrow(expect.objectContaining({ code: 'invalid_definition' }));
    calls = 0;
    expect(() => recurrentCell(gru({ units: 1 }), { inputs: 1, optimizer: optimizer() })).toThrow(/slots gave/);
  });
});
