/** What the fuzzer of the program loader found (test/native/fuzz_program.cc), and the inputs that it starts from, in the addon. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bases } from './base-programs.js';
import { GuardedBlocks, load } from './captured-program.js';
import { bytesOfInput, type FuzzInput, inputOfBytes, withFittingBlocks, withOwnBlocks } from './fuzz-input.js';

const inputsOf = (folder: string) => {
  const url = new URL(`../native/${folder}/`, import.meta.url);
  return readdirSync(url).map((name) => ({ name, input: inputOfBytes(readFileSync(new URL(name, url))) }));
};

/** What a finding said wrongly, beside what the sanitizer saw. */
const messages: Readonly<Record<string, RegExp>> = {
  'range-that-ends-at-the-smallest-number': /\.\.-2147483649$/,
};

/** As `fill` in test/native/fuzz_run.cc, without what it makes of whole numbers. */
function fill({ options, words }: FuzzInput, blocks: readonly Uint8Array[]): void {
  const way = (options >> 2) & 3;
  for (const block of blocks) {
    const { buffer, byteOffset, byteLength } = block;
    if (way === 3) {
      block.forEach((_, at) => {
        block[at] = (at * 151 + 7) % 256;
      });
    } else if (words[2] === 1) {
      new Float64Array(buffer, byteOffset, Math.floor(byteLength / 8)).fill([0, 1, -0.3][way] as number);
    } else {
      new Float32Array(buffer, byteOffset, Math.floor(byteLength / 4)).fill([0, 1, -0.3][way] as number);
    }
  }
}

/** Loads and executes a program: how it ended, and what it said. */
function outcome(input: FuzzInput): { readonly code: string; readonly message: string } {
  const guarded = new GuardedBlocks(input.blockBytes.map((bytes) => Math.max(bytes, 0)));
  let ended = { code: 'ran', message: '' };
  try {
    const program = load(input, guarded.blocks, ((input.options & 3) % 3) + 1);
    fill(input, guarded.blocks);
    program.execute(input.batchSizes, 0, input.samples);
    if ((input.options & 16) !== 0) program.execute(input.batchSizes, input.words[6] ?? 0, input.samples);
    program.dispose();
  } catch (error) {
    ended = error as typeof ended;
  }
  return guarded.areMarginsIntact() ? ended : { code: 'wrote outside its memory', message: '' };
}

const allowed = ['invalid_program', 'ran', 'shape_mismatch', 'index_out_of_range'];

describe('an input of the fuzzer', () => {
  it('is read as it was written', () => {
    for (const base of bases) {
      const input = { ...base, options: 24 };
      const { words, attributes, blockBytes, batchSizes, samples, options } = inputOfBytes(bytesOfInput(input));
      expect({ words, attributes, blockBytes, batchSizes, options }, base.name).toEqual({
        ...{ words: base.words, attributes: base.attributes, blockBytes: base.blockBytes },
        ...{ batchSizes: base.batchSizes, options: 24 },
      });
      expect(samples, base.name).toEqual(base.batchSizes.map((_, axis) => base.samples?.[axis] ?? undefined));
    }
  });

  it('is a program whose values have blocks of their own, which runs as before', () => {
    for (const base of bases) {
      const own = withOwnBlocks({ ...base, options: 0 });
      expect(outcome(own).code, base.name).toBe('ran');
      own.blockBytes.forEach((bytes, index) => {
        const blockBytes = own.blockBytes.map((other, at) => (at === index ? bytes - 1 : other));
        expect(outcome({ ...own, blockBytes }).code, `${base.name}: block ${index}`).toBe('invalid_program');
      });
    }
  });

  it('of the committed ones is refused or harmless', () => {
    const endings = new Map<string, number>();
    for (const { name, input } of inputsOf('fuzz-corpus')) {
      // The first instruction set of the fuzzer packs weights less wide than others.
      const { code } = outcome(withFittingBlocks(input));
      expect(allowed, name).toContain(code);
      endings.set(code, (endings.get(code) ?? 0) + 1);
    }
    for (const ending of allowed) expect(endings.get(ending), ending).toBeGreaterThan(0);
  });

  it.each(inputsOf('fuzz-findings'))('that was a fault is refused or harmless: $name', ({ name, input }) => {
    for (const each of [input, withFittingBlocks(input)]) {
      const { code, message } = outcome(each);
      expect(allowed).toContain(code);
      expect(message).toMatch(messages[name] ?? /^/);
    }
  });
});
