/** Statistics of columns, and normalization by them. Kernels: native/kernels/generic/rows/batch_normalization.cc. */
import { gradientRule, type NamedRule } from '../gradient-rule.js';

export const batchNormalizationRules: readonly NamedRule[] = [
  gradientRule('columnMoments', (context) => {
    const operands = { x: context.value('x'), mean: context.value('mean') };
    const gradients = { dmean: context.gradient('mean'), dvariance: context.gradient('variance') };
    return { x: context.graph.apply('columnMomentsBackward', { ...gradients, ...operands }).dx };
  }),
  gradientRule('batchNormalization', (context) => {
    const { graph } = context;
    const [dy, gain, variance] = [context.gradient('y'), context.optional('gain'), context.value('variance')];
    const attributes = { epsilon: context.attribute('epsilon') };
    const operands = { dy, x: context.value('x'), mean: context.value('mean'), variance, gain };
    const sums = () => graph.apply('batchNormalizationSums', operands, attributes);
    return {
      x: context.wants('x')
        ? graph.apply('batchNormalizationBackward', { dy, variance, gain }, attributes).dx
        : undefined,
      mean: context.wants('mean') ? sums().dmean : undefined,
      variance: context.wants('variance') ? sums().dvariance : undefined,
      gain: context.wants('gain') ? sums().dgain : undefined,
      shift: context.wants('shift') ? graph.apply('biasGradient', { dy }).db : undefined,
    };
  }),
];
