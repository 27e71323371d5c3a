/** Layer normalization of rows. Kernels: native/kernels/generic/rows/normalization.cc. */
import { gradientRule, type NamedRule } from '../operation.js';

export const normalizationRules: readonly NamedRule[] = [
  gradientRule('layerNormalization', (context) => {
    const { graph } = context;
    const [dy, x, gain] = [context.gradient('y'), context.value('x'), context.value('gain')];
    const attributes = { epsilon: context.attribute('epsilon') };
    return {
      x: context.wants('x') ? graph.apply('layerNormalizationBackward', { dy, x, gain }, attributes).dx : undefined,
      gain: context.wants('gain') ? graph.apply('normalizationGainGradient', { dy, x }, attributes).dgain : undefined,
      shift: context.wants('shift') ? graph.apply('biasGradient', { dy }).db : undefined,
    };
  }),
];
