/** Typed arrays are known by what they are: those of another realm work, and objects that only look like them do not. */
import { createContext, runInContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { countRows } from '../../src/batch/check-arrays.js';
import { saveCheckpoint } from '../../src/checkpoint/checkpoint.js';
import { isDetached, isFloat32Array, isInt32Array, typedArrayKind } from '../../src/core/typed-array.js';
import { dense, gru, packSequences, sequential } from '../../src/index.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';

const realm = createContext({});
const foreign = <T>(text: string) => runInContext(text, realm) as T;
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('a typed array of another realm', () => {
  const floats = foreign<Float32Array>('Float32Array.of(0.5, -1, 2)');
  const sizes = foreign<Int32Array>('Int32Array.of(1, 1, 1)');

  it('is one', () => {
    expect(floats instanceof Float32Array).toBe(false);
    expect([isFloat32Array(floats), isInt32Array(sizes), typedArrayKind(floats)]).toEqual([true, true, 'Float32Array']);
    expect(countRows({ batchSizes: sizes })).toBe(3);
  });

  it('is packed, predicted from and stored as one of this realm', async () => {
    const here = packSequences([Float32Array.of(0.5, -1, 2)], { features: 1 } as never);
    const there = packSequences([floats], { features: 1 } as never);
    expect(JSON.stringify(there)).toBe(JSON.stringify(here));
    const model = sequential([gru({ units: 2 }), dense({ units: 1 })], { features: 1 }).compileSync({
      loss: 'meanSquaredError',
      threads: 1,
    });
    const batch = (input: Float32Array, batchSizes: Int32Array) => ({ batchSizes, inputs: { input } });
    const plain = await model.predictPacked(batch(Float32Array.of(0.5, -1, 2), Int32Array.of(1, 1, 1)));
    expect(await model.predictPacked(batch(floats, sizes))).toEqual(plain);
    model.dispose();
    const tensors = new Map([['a', { shape: [3], data: floats }]]);
    await saveCheckpoint(`${temporaryDirectory()}/a.safetensors`, { tensors, metadata: {} });
  });
});

describe('what only looks like a typed array', () => {
  class Float32Like {
    readonly length = 3;
    readonly [Symbol.toStringTag] = 'Float32Array';
  }
  Object.defineProperty(Float32Like, 'name', { value: 'Int32Array' });

  it.each<[string, unknown]>([
    ['an object of a class of its name', new Float32Like()],
    ['an object with its constructor', { constructor: Int32Array, length: 1, 0: 1 }],
    ['an object with its prototype', Object.create(Int32Array.prototype)],
    [
      'a view with its mark',
      Object.defineProperty(new DataView(new ArrayBuffer(4)), Symbol.toStringTag, { value: 'Int32Array' }),
    ],
    ['a list', [1]],
  ])('is refused: %s', (_name, value) => {
    expect(typedArrayKind(value)).toBeUndefined();
    expect(() => countRows({ batchSizes: value as Int32Array })).toThrow(code('rank_mismatch'));
  });

  it('tells memory that was moved away from an empty array', () => {
    const moved = new Float32Array(2);
    structuredClone(moved, { transfer: [moved.buffer] });
    expect([isDetached(moved), isDetached(new Float32Array(0)), isDetached(new Float32Array(1))]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
