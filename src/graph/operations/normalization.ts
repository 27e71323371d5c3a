/** Layer normalization of rows. Kernels: native/kernels/generic/rows/normalization.cc. */
import type { OperationDefinition } from '../operation.js';
import { only, type Value } from '../value.js';

export const normalizationOperations: Readonly<Record<string, OperationDefinition>> = {
  layerNormalization: {
    signature: 'x:R,C gain:1,C shift:1,C? > y:R,C',
    attributes: 'epsilon:0..1',
    inPlace: { y: 'x' },
    gradient: (context) => {
      const { graph } = context;
      const [dy, x] = [context.gradient('y'), context.value('x')];
      const epsilon = context.attribute('epsilon');
      const gradients: Record<string, Value | undefined> = {};
      if (context.wants('x')) {
        const operands = { dy, x, gain: context.value('gain') };
        gradients['x'] = only(graph.apply('layerNormalizationBackward', operands, { epsilon }), 'dx');
      }
      if (context.wants('gain')) {
        gradients['gain'] = only(graph.apply('normalizationGainGradient', { dy, x }, { epsilon }), 'dgain');
      }
      if (context.wants('shift')) gradients['shift'] = only(graph.apply('biasGradient', { dy }), 'db');
      return gradients;
    },
  },
  layerNormalizationBackward: {
    signature: 'dy:R,C x:R,C gain:1,C > dx:R,C',
    attributes: 'epsilon:0..1',
    role: 'backward',
    inPlace: { dx: 'dy' },
  },
  normalizationGainGradient: {
    signature: 'dy:R,C x:R,C > dgain:1,C',
    attributes: 'epsilon:0..1',
    role: 'backward',
  },
};
