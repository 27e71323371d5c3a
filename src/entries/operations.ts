/**
 * `bptt/operations`: functions of symbolic values, for your own layers and losses. A call computes nothing: it adds an
 * operation to the network that is being built. The library derives the gradients.
 */

export type { Extent, SymbolicExtent, ValueType } from '../graph/extent.js';
export type { CellActivation } from '../network/layers/recurrent-options.js';
export type { CtcOptions, CtcReduction } from '../network/losses/ctc.js';
export * from '../network/operations.js';
