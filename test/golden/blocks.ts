/** Model memory for programs that have none, or one vector of parameters. */

import { allocateBlock } from '../../src/native/memory.js';
import type { ModelBlocks } from '../../src/program/program.js';

/** Blocks of `bytes` bytes each; the optimizer's holds `slots` of them. */
export function emptyBlocks(bytes = 64, slots = 1): ModelBlocks {
  const optimizer = allocateBlock(bytes * slots);
  return { parameter: allocateBlock(bytes), gradient: allocateBlock(bytes), optimizer };
}
