/**
 * Operations that carry the sequences of one time axis to those of another, such as the final state of an encoder to a
 * decoder. A sequence belongs with that of the other axis which has the same sample; an execution is given the samples.
 * Kernels: native/kernels/generic/rows/two_axes.cc.
 */
import { gradientRule, type NamedRule } from '../operation.js';

export const twoAxesRules: readonly NamedRule[] = [
  gradientRule('gatherSequences', (context) => {
    const extents = { E: context.value('x').rows };
    return { x: context.graph.apply('scatterSequences', { dy: context.gradient('y') }, {}, extents).dx };
  }),
];
