/** Facts about this installation and its processor. */
import { native } from './addon.js';
import { threadCount } from './threads.js';

/** Facts about the native part. */
export interface Info {
  /** Version of the library. */
  readonly version: string;
  /** Instruction set in use: `sse2`, `avx2`, `avx512`, `neon` or `generic`. */
  readonly isa: string;
  /** Instruction sets that this processor has, narrowest first. */
  readonly supported: readonly string[];
  /** Threads that a model uses unless it says otherwise. */
  readonly threads: number;
  /** Version of Eigen that the kernels were compiled with. */
  readonly eigen: string;
  /** Version of Node. */
  readonly node: string;
  /** Why a wider instruction set is not used although the processor has it; otherwise empty. */
  readonly note: string;
}

/**
 * Version, instruction set, threads and Eigen version of this installation.
 *
 * @throws {NativeError} `native_missing`, `isa_unsupported`
 */
export function info(): Info {
  const { version, isa, supported, eigen, note } = native().info();
  return { version, isa, supported, threads: threadCount(), eigen, node: process.versions.node, note };
}
