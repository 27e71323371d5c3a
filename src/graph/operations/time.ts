/**
 * Operations that join the steps of each sequence, or give something to each step. A sum over time and a repetition are
 * each other's gradient. Kernels: native/kernels/generic/rows/time.cc.
 */
import { gradientRule, type NamedRule } from '../gradient-rule.js';

export const timeRules: readonly NamedRule[] = [
  gradientRule('firstStep', (context) => ({
    x: context.graph.apply('firstStepBackward', { dy: context.gradient('y') }).dx,
  })),
  gradientRule('lastStep', (context) => ({
    x: context.graph.apply('lastStepBackward', { dy: context.gradient('y') }).dx,
  })),
  gradientRule('maxOverTime', (context) => {
    const operands = { dy: context.gradient('y'), x: context.value('x'), y: context.value('y') };
    return { x: context.graph.apply('maxOverTimeBackward', operands).dx };
  }),
  gradientRule('sumOverTime', (context) => {
    const attributes = { mean: context.attribute('mean') };
    return { x: context.graph.apply('repeatOverTime', { x: context.gradient('y') }, attributes).y };
  }),
  gradientRule('repeatOverTime', (context) => {
    const attributes = { mean: context.attribute('mean') };
    return { x: context.graph.apply('sumOverTime', { x: context.gradient('y') }, attributes).y };
  }),
  gradientRule('multiplySequence', (context) => {
    const { graph } = context;
    const dy = context.gradient('y');
    const product = () => graph.apply('multiply', { a: dy, b: context.value('x') }).y;
    return {
      x: context.wants('x') ? graph.apply('multiplySequence', { x: dy, mask: context.value('mask') }).y : undefined,
      mask: context.wants('mask') ? graph.apply('sumOverTime', { x: product() }, { mean: 0 }).y : undefined,
    };
  }),
];
