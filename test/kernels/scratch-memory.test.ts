/** The scratch memory of a program, which its maker may allocate. */
import { describe, expect, it } from 'vitest';
import { native } from '../../src/native/addon.js';
import { type CapturedProgram, capture, codeOf, GuardedBlocks, load } from './captured-program.js';
import { trainingStep } from './training-graph.js';

const sizes = { symbols: 7, units: 17, steps: 4, batch: 3 };
const captured = capture(() => trainingStep(sizes, 2));
const batchSizes = [new Int32Array(sizes.steps).fill(sizes.batch)];

function loadWith(program: CapturedProgram, guarded: GuardedBlocks, allocate: (bytes: number) => Uint8Array) {
  return new (native().Program)(program.words, program.attributes, guarded.blocks, 2, 0, undefined, allocate);
}

const bytesOf = ({ blocks }: GuardedBlocks) => blocks.map((block) => Buffer.from(block).toString('hex'));

describe('scratch memory', () => {
  it('is asked for once, holds everything, and gives the bits of native memory', () => {
    const [own, given] = [new GuardedBlocks(captured.blockBytes), new GuardedBlocks(captured.blockBytes)];
    const native = load(captured, own.blocks, 2);
    const asked: number[] = [];
    let scratch: GuardedBlocks | undefined;
    const program = loadWith(captured, given, (bytes) => {
      asked.push(bytes);
      scratch = new GuardedBlocks([bytes]);
      scratch.fill(0);
      return scratch.blocks[0] as Uint8Array;
    });
    expect(asked).toEqual([native.scratchBytes()]);
    expect(asked[0]).toBeGreaterThan(0);
    for (let run = 0; run < 3; run++) {
      for (const guarded of [own, given]) {
        guarded.fill(0); // inputs share memory with what is computed later
        const { buffer, byteOffset, byteLength } = guarded.blocks[0] as Uint8Array;
        new Float32Array(buffer, byteOffset, byteLength / 4).fill(0.1); // parameters
      }
      for (const each of [native, program]) each.execute(batchSizes, 0);
    }
    expect(bytesOf(given)).toEqual(bytesOf(own));
    expect(scratch?.areMarginsIntact()).toBe(true);
    expect(
      scratch?.blocks[0]?.some((byte) => byte !== 0),
      'it is used',
    ).toBe(true);
  });

  it.each<[string, (bytes: number) => unknown]>([
    ['nothing', () => undefined],
    ['memory that is not shared', (bytes) => new Uint8Array(bytes + 64)],
    ['too little', (bytes) => new GuardedBlocks([bytes - 1]).blocks[0]],
    ['memory off the boundary', (bytes) => new GuardedBlocks([bytes + 1]).blocks[0]?.subarray(1)],
  ])('is refused when it is %s', (_, allocate) => {
    const guarded = new GuardedBlocks(captured.blockBytes);
    expect(codeOf(() => loadWith(captured, guarded, allocate as (bytes: number) => Uint8Array))).toBe(
      'invalid_program',
    );
  });

  it('that cannot be had fails with the error of its maker', () => {
    const guarded = new GuardedBlocks(captured.blockBytes);
    const reason = new RangeError('none is left');
    const allocate = () => {
      throw reason;
    };
    expect(() => loadWith(captured, guarded, allocate)).toThrow(reason);
  });
});

describe('the memory of a program', () => {
  it('cannot be taken from it', () => {
    const program = load(captured, new GuardedBlocks(captured.blockBytes).blocks) as object;
    const [key] = Object.getOwnPropertySymbols(program) as [symbol];
    expect(Reflect.deleteProperty(program, key)).toBe(false);
    expect(Reflect.set(program, key, [])).toBe(false);
    expect(Object.isFrozen(Reflect.get(program, key))).toBe(true);
  });
});
