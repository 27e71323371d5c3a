/**
 * `bptt/operations`: functions of symbolic values, of which the layers, losses and optimizers of one's own are made. Nothing is
 * computed when they are called: they add to the network that is being built, and gradients follow by themselves. `operation`
 * makes a layer of one of them.
 */

export { columnConvolution } from '../network/layers/column-convolution.js';
export { operation } from '../network/layers/operation.js';
export * from '../network/operations.js';
