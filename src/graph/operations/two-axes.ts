/**
 * Operations that carry the sequences of one time axis to those of another, such as the final state of an encoder to a
 * decoder. A sequence belongs with that of the other axis which has the same sample; an execution is given the samples.
 * Kernels: native/kernels/generic/rows/two_axes.cc.
 */
import type { OperationDefinition } from '../operation.js';
import { only } from '../value.js';

export const twoAxesOperations: Readonly<Record<string, OperationDefinition>> = {
  /** The axis that it carries to comes from the extent B. */
  gatherSequences: {
    signature: 'x:E,F > y:B,F',
    gradient: (context) => {
      const extents = { E: context.value('x').rows };
      return {
        x: only(context.graph.apply('scatterSequences', { dy: context.gradient('y') }, {}, extents), 'dx'),
      };
    },
  },
  scatterSequences: { signature: 'dy:B,F > dx:E,F', role: 'backward' },
};
