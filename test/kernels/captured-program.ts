/** Programs in the flat form, taken on their way to the native side, with memory that shows writes outside it. */
import { type NativeAddon, type NativeProgram, native } from '../../src/native/addon.js';
import { ALIGNMENT } from '../../src/native/memory.js';

/** What the constructor of a native program was given. */
export interface CapturedProgram {
  readonly words: Int32Array;
  readonly attributes: Float64Array;
  /** Bytes of each block. */
  readonly blockBytes: readonly number[];
}

/** The arguments of the one native program that `compile` makes. */
export function capture(compile: () => unknown): CapturedProgram {
  const addon = native() as { Program: NativeAddon['Program'] };
  const { Program } = addon;
  const captured: CapturedProgram[] = [];
  addon.Program = class {
    constructor(...given: ConstructorParameters<NativeAddon['Program']>) {
      const [words, attributes, blocks] = given;
      captured.push({ words, attributes, blockBytes: blocks.map((block) => block.byteLength) });
      // biome-ignore lint/correctness/noConstructorReturn: the wrapper is the wrapped program
      return new Program(...given);
    }
  } as unknown as NativeAddon['Program'];
  try {
    compile();
  } finally {
    addon.Program = Program;
  }
  if (captured.length !== 1) throw new Error(`${captured.length} programs were compiled, expected 1`);
  return captured[0] as CapturedProgram;
}

const MARGIN = 4096;
const GUARD = 0xa5;

/** Blocks on a 64-byte boundary, each between two margins that nothing may write. */
export class GuardedBlocks {
  readonly blocks: readonly Uint8Array[];
  readonly #expected = new Uint8Array(MARGIN).fill(GUARD);

  constructor(sizes: readonly number[]) {
    this.blocks = sizes.map((size) => {
      const buffer = new SharedArrayBuffer(size + 2 * MARGIN + ALIGNMENT);
      const bytes = new Uint8Array(buffer).fill(GUARD);
      const shift = (ALIGNMENT - native().misalignment(bytes)) % ALIGNMENT;
      return bytes.subarray(MARGIN + shift, MARGIN + shift + size);
    });
  }

  /** Fills the blocks, not the margins. */
  fill(byte: number): void {
    for (const block of this.blocks) block.fill(byte);
  }

  /** Whether nothing was written within 4 KiB before and behind a block. */
  areMarginsIntact(): boolean {
    return this.blocks.every(({ buffer, byteOffset, byteLength }) => {
      const before = new Uint8Array(buffer, byteOffset - MARGIN, MARGIN);
      const behind = new Uint8Array(buffer, byteOffset + byteLength, MARGIN);
      return Buffer.compare(before, this.#expected) === 0 && Buffer.compare(behind, this.#expected) === 0;
    });
  }
}

/** Loads a program whose instructions all threads share. Throws what the native side throws: an Error with a code. */
export function load(program: CapturedProgram, blocks: readonly Uint8Array[], threads = 1): NativeProgram {
  return new (native().Program)(program.words, program.attributes, blocks, threads, 0);
}

/** The code of what `action` throws, or undefined when it throws nothing. */
export function codeOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return String((error as { code?: unknown }).code);
  }
}
