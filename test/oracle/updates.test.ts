import { describe, expect, it } from 'vitest';
import { element, type Matrix, matrix, scalar, vector } from './matrix.js';
import { adagrad, adam, clipNorm, clipValue, replace, rmsprop, sgd } from './updates.js';

const norm = scalar(1);
const values = (m: Matrix | undefined): unknown[] => [...(m?.data ?? [])];
const close = (...numbers: number[]) => numbers.map((value) => expect.closeTo(value, 14));
/** One weight that starts at 1 and receives the gradients 2 and then 1. */
const [start, first, second] = [scalar(1), scalar(2), scalar(1)];
const zero = scalar(0);

describe('the reference of clipping', () => {
  it('scales to the largest norm, with the 1e-6 of PyTorch, and returns the norm before', () => {
    const { g, norm: before } = clipNorm({ g: matrix(2, 1, [3, 4]), max: scalar(1) });
    expect(values(before)).toEqual([5]);
    expect(values(g)).toEqual(close(3 / 5.000001, 4 / 5.000001));
  });

  it.each([6, 0, -1, Number.POSITIVE_INFINITY, Number.NaN])('leaves the gradient alone with the limit %d', (max) => {
    const { g, norm: before } = clipNorm({ g: vector([3, -4]), max: scalar(max) });
    expect([...values(g), ...values(before)]).toEqual([3, -4, 5]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('leaves a gradient with %d alone and reports its norm', (bad) => {
    const { g, norm: before } = clipNorm({ g: vector([3, bad]), max: scalar(1) });
    expect([...values(g), ...values(before)]).toEqual([3, bad, bad]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('makes the norm NaN where the loss is %d', (loss) => {
    const clip = (value: number) => clipNorm({ g: vector([3, -4]), max: scalar(1), loss: scalar(value) });
    expect([...values(clip(loss).g), ...values(clip(loss).norm)]).toEqual([3, -4, Number.NaN]);
    expect(clip(2)).toEqual(clipNorm({ g: vector([3, -4]), max: scalar(1) }));
  });

  it('clamps each element, and passes NaN on', () => {
    const g = vector([-3, -0.5, 0.5, 3, Number.NaN]);
    expect(values(clipValue({ g, limit: scalar(1) }).g)).toEqual([-1, -0.5, 0.5, 1, Number.NaN]);
    expect(values(clipValue({ g, limit: scalar(Number.POSITIVE_INFINITY) }).g)).toEqual(values(g));
    expect(() => clipValue({ g, limit: scalar(-1) })).toThrow('limit is -1');
  });
});

describe('the reference of sgd, two steps by hand', () => {
  it('plain and with weight decay', () => {
    // 1 - 0.1*2 = 0.8;  0.8 - 0.1*1 = 0.7
    const plain = vector([0.1, 0, 0, 0, 0, 0]);
    const once = sgd({ w: start, g: first, norm, h: plain });
    expect(once).toEqual({ w: scalar(0.8) });
    expect(values(sgd({ w: once.w, g: second, norm, h: plain }).w)).toEqual(close(0.7));
    // 1 - 0.1*(2 + 0.5*1) = 0.75;  0.75 - 0.1*(1 + 0.5*0.75) = 0.6125
    const decay = vector([0.1, 0, 0, 0.5, 0, 0]);
    const { w } = sgd({ w: start, g: first, norm, h: decay });
    expect(values(w)).toEqual(close(0.75));
    expect(values(sgd({ w, g: second, norm, h: decay }).w)).toEqual(close(0.6125));
  });

  it('with momentum, dampening and weight decay: the first step is not dampened', () => {
    // m = 2 + 0.5 = 2.5, w = 0.75;  m = 0.5*2.5 + 0.75*(1 + 0.375) = 2.28125, w = 0.75 - 0.228125
    const once = sgd({ w: start, g: first, m: scalar(99), norm, h: vector([0.1, 0.5, 0.25, 0.5, 0, 1]) });
    expect([...values(once.w), ...values(once.m)]).toEqual(close(0.75, 2.5));
    const twice = sgd({ ...once, g: second, norm, h: vector([0.1, 0.5, 0.25, 0.5, 0, 0]) });
    expect([...values(twice.w), ...values(twice.m)]).toEqual(close(0.521875, 2.28125));
  });

  it('with Nesterov momentum', () => {
    // m = 2, w = 1 - 0.1*(2 + 0.5*2) = 0.7;  m = 0.5*2 + 1 = 2, w = 0.7 - 0.1*(1 + 0.5*2) = 0.5
    const once = sgd({ w: start, g: first, m: zero, norm, h: vector([0.1, 0.5, 0, 0, 1, 1]) });
    expect([...values(once.w), ...values(once.m)]).toEqual(close(0.7, 2));
    const twice = sgd({ ...once, g: second, norm, h: vector([0.1, 0.5, 0, 0, 1, 0]) });
    expect([...values(twice.w), ...values(twice.m)]).toEqual(close(0.5, 2));
  });
});

describe('the reference of adam, two steps by hand', () => {
  const h = (weightDecay: number, decoupled: number, t: number) =>
    vector([0.1, 0.9, 0.99, 0.5, weightDecay, decoupled, 1 - 0.9 ** t, 1 - 0.99 ** t]);

  it.each([
    // m = 0.2, v = 0.04, w = 1 - 0.1 * 2/(2 + 0.5);
    // m = 0.28, v = 0.0496, w = 0.92 - 0.1 * (0.28/0.19) / (sqrt(0.0496/0.0199) + 0.5)
    {
      name: 'Adam without decay',
      decay: [0, 0],
      once: [1 - 0.08, 0.2, 0.04],
      twice: [0.92 - (0.1 * (0.28 / 0.19)) / (Math.sqrt(0.0496 / 0.0199) + 0.5), 0.28, 0.0496],
    },
    // d = 2 + 0.5*1 = 2.5: w = 1 - 0.1 * 2.5/3 = 11/12;  d = 1 + 0.5*11/12 = 35/24
    {
      name: 'Adam with decay added to the gradient',
      decay: [0.5, 0],
      once: [11 / 12, 0.25, 0.0625],
      twice: [
        11 / 12 - (0.1 * ((0.225 + 3.5 / 24) / 0.19)) / (Math.sqrt((0.061875 + 0.01 * (35 / 24) ** 2) / 0.0199) + 0.5),
        0.225 + 3.5 / 24,
        0.061875 + 0.01 * (35 / 24) ** 2,
      ],
    },
    // w = 1*0.95 - 0.08 = 0.87;  w = 0.87*0.95 - the same step as without decay
    {
      name: 'AdamW',
      decay: [0.5, 1],
      once: [0.87, 0.2, 0.04],
      twice: [0.8265 - (0.1 * (0.28 / 0.19)) / (Math.sqrt(0.0496 / 0.0199) + 0.5), 0.28, 0.0496],
    },
  ])('$name', ({ decay, once, twice }) => {
    const [weightDecay, decoupled] = [element(decay, 0), element(decay, 1)];
    const after = adam({ w: start, g: first, m: zero, v: zero, norm, h: h(weightDecay, decoupled, 1) });
    expect([after.w, after.m, after.v].flatMap(values)).toEqual(close(...once));
    const end = adam({ ...after, g: second, norm, h: h(weightDecay, decoupled, 2) });
    expect([end.w, end.m, end.v].flatMap(values)).toEqual(close(...twice));
  });

  it('agrees with what torch.optim gives for the same two steps', () => {
    const run = (weightDecay: number, decoupled: number) => {
      const after = adam({ w: start, g: first, m: zero, v: zero, norm, h: h(weightDecay, decoupled, 1) });
      return values(adam({ ...after, g: second, norm, h: h(weightDecay, decoupled, 2) }).w);
    };
    expect(run(0, 0)).toEqual(close(0.8491073098191974));
    expect(run(0.5, 0)).toEqual(close(0.8399472934047993));
    expect(run(0.5, 1)).toEqual(close(0.7556073098191973));
  });
});

describe('the reference of AMSGrad, two steps by hand', () => {
  it('divides by the largest mean of squares so far', () => {
    // m = 1, v = 2, w = 1 - 0.1 * (1/0.5) / (sqrt(2/0.5) + 1);  m = 1, v = 1.5, but the largest is 2
    const h = (t: number) => vector([0.1, 0.5, 0.5, 1, 0, 0, 1 - 0.5 ** t, 1 - 0.5 ** t]);
    const once = adam({ w: start, g: first, m: zero, v: zero, largest: zero, norm, h: h(1) });
    expect([once.w, once.v, once.largest as Matrix].flatMap(values)).toEqual(close(1 - 0.2 / 3, 2, 2));
    const twice = adam({ ...once, g: second, norm, h: h(2) });
    const end = 1 - 0.2 / 3 - (0.1 * (1 / 0.75)) / (Math.sqrt(2 / 0.75) + 1);
    expect([twice.w, twice.v, twice.largest as Matrix].flatMap(values)).toEqual(close(end, 1.5, 2));
  });
});

describe('the reference of adagrad, two steps by hand', () => {
  it('with weight decay', () => {
    // d = 2.5, s = 6.25, w = 1 - 0.1*2.5/3;  d = 1 + 0.5*11/12 = 35/24, s = 6.25 + d^2
    const h = vector([0.1, 0.5, 0.5]);
    const once = adagrad({ w: start, g: first, s: zero, norm, h });
    expect([...values(once.w), ...values(once.s)]).toEqual(close(11 / 12, 6.25));
    const twice = adagrad({ ...once, g: second, norm, h });
    const [d, s] = [35 / 24, 6.25 + (35 / 24) ** 2];
    expect([...values(twice.w), ...values(twice.s)]).toEqual(close(11 / 12 - (0.1 * d) / (Math.sqrt(s) + 0.5), s));
  });
});

describe('the reference of rmsprop, two steps by hand', () => {
  it('with eps outside the root, as in PyTorch', () => {
    // s = 0.25*4 = 1, w = 1 - 0.1*2/1.5 = 13/15;  s = 0.75 + 0.25 = 1, w = 13/15 - 0.1/1.5 = 0.8
    const h = vector([0.1, 0.75, 0.5, 0, 0, 0]);
    const once = rmsprop({ w: start, g: first, s: zero, norm, h });
    expect([...values(once.w), ...values(once.s)]).toEqual(close(13 / 15, 1));
    const twice = rmsprop({ ...once, g: second, norm, h });
    expect([...values(twice.w), ...values(twice.s)]).toEqual(close(0.8, 1));
  });

  it('with eps inside the root, as in TensorFlow', () => {
    // s = 1, w = 1 - 0.1*2/sqrt(4) with eps = 3;  s = 1, w = 0.9 - 0.1*1/2
    const h = vector([0.1, 0.75, 3, 0, 0, 1]);
    const once = rmsprop({ w: start, g: first, s: zero, norm, h });
    expect(values(once.w)).toEqual(close(0.9));
    expect(values(rmsprop({ ...once, g: second, norm, h }).w)).toEqual(close(0.85));
  });

  it('with momentum and weight decay', () => {
    // d = 2.5, s = 1.5625, m = 2.5/1.75 = 10/7, w = 1 - 1/7 = 6/7
    // d = 1 + 3/7 = 10/7, s = 1.171875 + 0.25*(10/7)^2, m = 5/7 + (10/7)/(sqrt(s) + 0.5), w = 6/7 - 0.1*m
    const h = vector([0.1, 0.75, 0.5, 0.5, 0.5, 0]);
    const once = rmsprop({ w: start, g: first, s: zero, m: zero, norm, h });
    expect([...values(once.w), ...values(once.s), ...values(once.m)]).toEqual(close(6 / 7, 1.5625, 10 / 7));
    const twice = rmsprop({ ...once, g: second, norm, h });
    const square = 1.171875 + 0.25 * (10 / 7) ** 2;
    const m = 5 / 7 + 10 / 7 / (Math.sqrt(square) + 0.5);
    expect([...values(twice.w), ...values(twice.s), ...values(twice.m)]).toEqual(close(6 / 7 - 0.1 * m, square, m));
    expect(values(twice.w)).toEqual(close(0.7062144946091069));
  });
});

describe('every update of the reference', () => {
  const h6 = vector([0.1, 0.9, 0.5, 0.5, 0.5, 0]);
  const h8 = vector([0.1, 0.9, 0.99, 0.5, 0.5, 1, 0.1, 0.01]);

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('is skipped when the gradient norm is %d', (bad) => {
    const state = { w: start, m: scalar(3) };
    const common = { g: first, norm: scalar(bad) };
    expect(sgd({ ...state, ...common, h: h6 })).toEqual(state);
    expect(rmsprop({ ...state, s: scalar(4), ...common, h: h6 })).toEqual({ ...state, s: scalar(4) });
    expect(adam({ ...state, v: scalar(4), ...common, h: h8 })).toEqual({ ...state, v: scalar(4) });
    const kept = { ...state, v: scalar(4), largest: scalar(5) };
    expect(adam({ ...kept, ...common, h: h8 })).toEqual(kept);
    const sums = { w: start, s: scalar(4) };
    expect(adagrad({ ...sums, ...common, h: vector([0.1, 0.5, 0.5]) })).toEqual(sums);
    expect(replace({ w: start, value: scalar(7), norm: scalar(bad) })).toEqual({ w: start });
  });

  it('leaves a momentum buffer alone that it does not use', () => {
    const m = scalar(3);
    expect(sgd({ w: start, g: first, m, norm, h: vector([0.1, 0, 0, 0, 0, 0]) }).m).toEqual(m);
    expect(rmsprop({ w: start, g: first, s: zero, m, norm, h: vector([0.1, 0.9, 1, 0, 0, 0]) }).m).toEqual(m);
  });

  it('rejects momentum without a buffer, and other lengths', () => {
    expect(() => sgd({ w: start, g: first, norm, h: h6 })).toThrow('its buffer m is absent');
    expect(() => rmsprop({ w: start, g: first, s: zero, norm, h: h6 })).toThrow('its buffer m is absent');
    expect(() => sgd({ w: start, g: vector([1, 2]), norm, h: h6 })).toThrow('g holds 2 elements, w 1');
    expect(() => sgd({ w: start, g: first, norm, h: h8 })).toThrow('h is [1, 8], expected [1, 6]');
  });
});
