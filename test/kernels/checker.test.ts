import { describe, expect, it } from 'vitest';
import { format } from '../../src/graph/generated/operations.js';
import { native } from '../../src/native/addon.js';
import { RandomOperands } from '../oracle/random-matrix.js';
import { type Base, bases, training } from './base-programs.js';
import { type CapturedProgram, codeOf, GuardedBlocks, load } from './captured-program.js';

const { headerWords: HEADER_WORDS, axisWords: AXIS_WORDS, valueWords: VALUE_WORDS, int32: INT32 } = format;
const [BLOCK, OFFSET, TYPE] = [0, 1, 2];
const extremes = [-0x80000000, -2, -1, 0, 1, 2, 3, 4, 7, 64, 0xffff, 1 << 20, 1 << 24, 0x7fffffff];

/** A seeded source of mutations. */
class Mutations {
  readonly #random = new RandomOperands(20_240);

  below(count: number): number {
    return this.#random.integers(1, 0, count)[0] as number;
  }

  /** Another number for `word`: an extreme, a neighbour, or a number that stands elsewhere in the program. */
  replacement(words: Int32Array, index: number): number {
    const kind = this.below(4);
    if (kind === 0) return (words[index] as number) + (this.below(2) === 0 ? 1 : -1);
    if (kind === 1) return words[this.below(words.length)] as number;
    return extremes[this.below(extremes.length)] as number;
  }
}

/** Ones everywhere but for whole numbers, which are 0: valid indices, and results that are none. */
function fill({ blocks }: GuardedBlocks, words: Int32Array): void {
  for (const { buffer, byteOffset, byteLength } of blocks) new Float32Array(buffer, byteOffset, byteLength / 4).fill(1);
  const [axes, values] = [words[3] as number, words[4] as number];
  for (let value = 0; value < values; value++) {
    const begin = HEADER_WORDS + AXIS_WORDS * axes + VALUE_WORDS * value;
    const [block, offset, type, , kind, extent, columns] = words.subarray(begin, begin + 7) as unknown as number[];
    if (type !== INT32) continue;
    // Steps, sequences, rows of an axis: fixed rows are given, those of steps or sequences belong to an axis.
    const capacity = kind === 1 ? 2 : 1;
    const rows = kind === 0 ? extent : words[HEADER_WORDS + AXIS_WORDS * (extent as number) + capacity];
    const start = ((offset as number) >>> 0) * 64;
    blocks[block as number]?.fill(0, start, start + (rows as number) * (columns as number) * 4);
  }
}

/** Loads and runs a program that may be malformed: says how it ended, after a look at the margins of its memory. */
function outcome(base: Base, mutated: Partial<CapturedProgram>, guarded: GuardedBlocks, threads: number): string {
  let ended = 'loaded';
  const code = codeOf(() => {
    const program = load({ ...base, ...mutated }, guarded.blocks, threads);
    fill(guarded, mutated.words ?? base.words);
    ended = codeOf(() => program.execute(base.batchSizes, 0, base.samples)) ?? 'ran';
    program.dispose();
  });
  return guarded.areMarginsIntact() ? (code ?? ended) : 'wrote outside its memory';
}

const allowed = ['invalid_program', 'ran', 'shape_mismatch', 'index_out_of_range'];

describe('a malformed program', () => {
  it('is none as long as nothing has changed', () => {
    for (const base of bases) {
      expect(outcome(base, {}, new GuardedBlocks(base.blockBytes), 2), base.name).toBe('ran');
    }
  });

  it('is refused when it is cut off anywhere or has words behind its end', () => {
    for (const base of bases) {
      const { blocks } = new GuardedBlocks(base.blockBytes);
      const refusal = (words: Int32Array) => codeOf(() => load({ ...base, words }, blocks));
      for (let length = 0; length < base.words.length; length++) {
        expect(refusal(base.words.slice(0, length)), `${base.name} cut to ${length}`).toBe('invalid_program');
      }
      expect(refusal(Int32Array.of(...base.words, 0)), base.name).toBe('invalid_program');
      for (let length = 0; length < base.attributes.length; length++) {
        const attributes = base.attributes.slice(0, length);
        expect(
          codeOf(() => load({ ...base, attributes }, blocks)),
          base.name,
        ).toBe('invalid_program');
      }
    }
  });

  it('is refused or harmless when any word is another number', () => {
    const mutations = new Mutations();
    const endings = new Map<string, number>();
    for (const base of bases) {
      const guarded = new GuardedBlocks(base.blockBytes);
      for (let index = 0; index < base.words.length; index++) {
        for (let attempt = 0; attempt < 6; attempt++) {
          const words = base.words.slice();
          words[index] = mutations.replacement(words, index);
          // Threads that share an instruction wait for each other, which takes longest where programs are small.
          const ending = outcome(base, { words }, guarded, attempt === 0 ? 2 : 1);
          expect(allowed, `${base.name}: word ${index} is ${words[index]}`).toContain(ending);
          endings.set(ending, (endings.get(ending) ?? 0) + 1);
        }
      }
    }
    // The mutations reach the checks of the loader and of a run, and programs that are valid all the same.
    for (const ending of allowed) expect(endings.get(ending), ending).toBeGreaterThan(0);
  });

  it('is refused or harmless when several words are other numbers', () => {
    const mutations = new Mutations();
    for (const base of bases) {
      const guarded = new GuardedBlocks(base.blockBytes);
      for (let attempt = 0; attempt < 150; attempt++) {
        const words = base.words.slice();
        for (let count = 0; count < 2 + (attempt % 4); count++) {
          const index = HEADER_WORDS + mutations.below(words.length - HEADER_WORDS);
          words[index] = mutations.replacement(words, index);
        }
        const ending = outcome(base, { words }, guarded, 1 + (attempt % 3));
        expect(allowed, `${base.name}: ${words.join()}`).toContain(ending);
      }
    }
  });

  it('is refused or harmless when an attribute is any other number', () => {
    const numbers = [Number.NaN, Number.POSITIVE_INFINITY, -1, -0, 0.5, 1, 2, 1e9, 2 ** 31, 2 ** 32, 2 ** 53, 1e300];
    for (const base of bases) {
      const guarded = new GuardedBlocks(base.blockBytes);
      for (const index of base.attributes.keys()) {
        for (const value of numbers) {
          const attributes = base.attributes.slice();
          attributes[index] = value;
          expect(allowed, `${base.name}: ${value}`).toContain(outcome(base, { attributes }, guarded, 1));
          if (!Number.isFinite(value)) expect(outcome(base, { attributes }, guarded, 1)).toBe('invalid_program');
        }
      }
    }
  });

  it('is harmless when its indices lie where it writes', () => {
    let programs = 0;
    for (const base of bases) {
      const guarded = new GuardedBlocks(base.blockBytes);
      const [axes, values] = [base.words[3] as number, base.words[4] as number];
      const wordOf = (value: number, word: number) => HEADER_WORDS + AXIS_WORDS * axes + VALUE_WORDS * value + word;
      for (let indices = 0; indices < values; indices++) {
        if (base.words[wordOf(indices, TYPE)] !== INT32) continue;
        for (let other = 0; other < values; other++) {
          const words = base.words.slice();
          for (const word of [BLOCK, OFFSET]) words[wordOf(indices, word)] = words[wordOf(other, word)] as number;
          expect(allowed, `${base.name}: value ${indices} over ${other}`).toContain(
            outcome(base, { words }, guarded, 2),
          );
          programs++;
        }
      }
    }
    expect(programs).toBeGreaterThan(50);
  });

  it('is harmless with any samples', () => {
    const mutations = new Mutations();
    const endings = new Map<string, number>();
    for (const base of bases.filter(({ batchSizes }) => batchSizes.length > 1)) {
      const guarded = new GuardedBlocks(base.blockBytes);
      for (let attempt = 0; attempt < 300; attempt++) {
        const samples = base.batchSizes.map((sizes, axis) => {
          const entries = (base.samples?.[axis] ?? new Int32Array(sizes[0] as number)).slice();
          const index = mutations.below(entries.length);
          if (mutations.below(2) === 0) entries[index] = mutations.replacement(entries, index);
          return mutations.below(9) === 0 ? undefined : entries.subarray(mutations.below(30) === 0 ? 1 : 0);
        });
        const ending = outcome({ ...base, samples }, {}, guarded, 1 + (attempt % 3));
        expect(['ran', 'shape_mismatch'], `${base.name}: ${samples.join('; ')}`).toContain(ending);
        endings.set(ending, (endings.get(ending) ?? 0) + 1);
      }
    }
    for (const ending of ['ran', 'shape_mismatch']) expect(endings.get(ending), ending).toBeGreaterThan(100);
  });

  it('is refused when a time axis has room for more steps or sequences than any memory', () => {
    const { blocks } = new GuardedBlocks(training.blockBytes);
    const many = 0x7fffffff;
    // Steps, sequences, rows: consistent with each other, and no value stands on the axis.
    const withAxis = (axis: readonly number[]) =>
      codeOf(() =>
        load({ ...training, words: Int32Array.of(...training.words.slice(0, 3), 1, 0, 0, 0, 0, ...axis) }, blocks),
      );
    expect(withAxis([many, 1, many])).toBe('invalid_program');
    expect(withAxis([1, many, many])).toBe('invalid_program');
    expect(withAxis([1000, 1000, 1_000_000])).toBeUndefined();
  });
});

describe('memory blocks', () => {
  const { blocks } = new GuardedBlocks(training.blockBytes);
  const refusal = (given: readonly unknown[]) => codeOf(() => load(training, given as Uint8Array[]));
  const replaced = (index: number, block: unknown) => blocks.map((other, at) => (at === index ? block : other));

  it('are refused when one is too small, missing, or no block', () => {
    // The last block is that of buffers, of which this program has none.
    blocks.slice(0, -1).forEach((block, index) => {
      expect(refusal(replaced(index, block.subarray(0, block.length - 64)))).toBe('invalid_program');
      expect(refusal(replaced(index, undefined))).toBe('invalid_program');
      expect(refusal(replaced(index, new Float32Array(block.buffer)))).toBe('invalid_program');
      expect(refusal(blocks.slice(0, index))).toBe('invalid_program');
    });
  });

  it('are refused when they do not begin on a 64-byte boundary', () => {
    for (const shift of [1, 4, 32]) {
      const misaligned = blocks.map(
        ({ buffer, byteOffset, length }) => new Uint8Array(buffer, byteOffset + shift, length),
      );
      misaligned.forEach((block, index) => {
        expect(refusal(replaced(index, block))).toBe('invalid_program');
      });
    }
  });

  it('are refused when they lie on memory that could be detached', () => {
    blocks.forEach((block, index) => {
      const bytes = new Uint8Array(block.length + 64);
      const shift = (64 - native().misalignment(bytes)) % 64;
      expect(refusal(replaced(index, bytes.subarray(shift, shift + block.length)))).toBe('invalid_program');
    });
  });

  it('are refused with a thread count that is none', () => {
    for (const threads of [0, -1, 257, 2 ** 31, Number.NaN]) {
      expect(
        codeOf(() => load(training, blocks, threads)),
        String(threads),
      ).toBe('invalid_program');
    }
  });
});
