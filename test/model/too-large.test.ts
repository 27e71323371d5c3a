/** Networks and states whose sizes no memory and no program can hold. */
import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.js';
import { type AnyLayer, conv1d, defineLayer, dense, embedding, gru, lstm, sequential } from '../../src/index.js';
import { allocateBlock, allocated } from '../../src/native/memory.js';

const tooLarge = expect.objectContaining({ name: 'UsageError', code: 'too_large' });
const compile = (...layers: readonly AnyLayer[]) =>
  sequential(layers, { features: 1 }).compileSync({ threads: 1, loss: 'meanSquaredError' });

describe('sizes that are too large', () => {
  const wide = 1e6;
  const own = (make: 'parameter' | 'buffer') =>
    defineLayer({
      name: 'own',
      build: ([x], context) => {
        context[make]('p', [wide, wide]);
        return x;
      },
    })();

  it.each<[string, () => unknown]>([
    ['the weights of a convolution', () => compile(conv1d({ units: 1e5, kernelSize: wide }))],
    [
      'the context of a convolution',
      () => compile(conv1d({ units: 1, kernelSize: 5000, dilation: wide, padding: 'causal' })),
    ],
    ['a dense layer', () => compile(dense({ units: 1e5 }), dense({ units: wide }))],
    ['the blocks of views that are too long', () => compile(dense({ units: 2e9 }))],
    ['units beyond 32 bits', () => compile(dense({ units: 3e9 }))],
    ['a recurrent layer', () => compile(lstm({ units: wide }))],
    ['a table', () => sequential([embedding({ size: 2 ** 31 - 1, units: wide })]).compileSync()],
    ['a table beyond 32 bits', () => sequential([embedding({ size: 2 ** 31, units: 1 })]).compileSync()],
    ['features beyond 32 bits', () => sequential([dense({ units: 1 })], { features: 2 ** 31 }).compileSync()],
    ["parameters of a layer of one's own", () => compile(own('parameter'), dense({ units: 1 }))],
    ["buffers of a layer of one's own", () => compile(own('buffer'), dense({ units: 1 }))],
    ['states', () => compile(gru({ units: 10 })).newState(1e12)],
    ['a block', () => allocateBlock(Number.MAX_SAFE_INTEGER, 'numbers')],
  ])('are refused with a code: %s', (_, make) => {
    expect(make).toThrow(tooLarge);
  });

  it('say what they are of', () => {
    expect(() => compile(dense({ units: 1e5 }), dense({ units: wide }))).toThrow(
      /the model needs 1\.49e\+3 GiB \(\d+ bytes\) of memory, there are .* GiB: make the layers smaller/,
    );
    expect(() => compile(dense({ units: 3e9 }))).toThrow(
      /'dense\.weight' would have 3000000000 rows, more than 2147483647/,
    );
    const graph = new Graph();
    const a = graph.external('a', 1, 2 ** 31 - 1);
    expect(() => graph.apply('concatenate', { a, b: a })).toThrow(/'y of concatenate' would have 4294967294 columns/);
  });

  it('are told from errors of other kinds', () => {
    const fails = () => {
      throw new TypeError('other');
    };
    expect(() => allocated('numbers', 8, fails)).toThrow(TypeError);
  });
});
