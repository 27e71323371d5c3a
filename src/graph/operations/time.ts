/**
 * Operations that join the steps of each sequence, or give something to each step.
 * Kernels: native/kernels/generic/rows/time.cc.
 */
import type { GradientRule, OperationDefinition } from '../operation.js';
import { only } from '../value.js';

/** The gradient of x is `other` of the upstream gradient: a sum over time and a repetition are each other's. */
function gradientBy(other: string): GradientRule {
  return (context) => {
    const attributes = { mean: context.attribute('mean') };
    return { x: only(context.graph.apply(other, { x: context.gradient('y') }, attributes), 'y') };
  };
}

export const timeOperations: Readonly<Record<string, OperationDefinition>> = {
  lastStep: {
    signature: 'x:N,F > y:B,F',
    gradient: (context) => ({
      x: only(context.graph.apply('lastStepBackward', { dy: context.gradient('y') }), 'dx'),
    }),
  },
  lastStepBackward: { signature: 'dy:B,F > dx:N,F', role: 'backward' },
  maxOverTime: {
    signature: 'x:N,F > y:B,F',
    gradient: (context) => {
      const operands = { dy: context.gradient('y'), x: context.value('x'), y: context.value('y') };
      return { x: only(context.graph.apply('maxOverTimeBackward', operands), 'dx') };
    },
  },
  maxOverTimeBackward: { signature: 'dy:B,F x:N,F y:B,F > dx:N,F', role: 'backward', inPlace: { dx: 'x' } },
  sumOverTime: { signature: 'x:N,F > y:B,F', attributes: 'mean:0..1i', gradient: gradientBy('repeatOverTime') },
  repeatOverTime: { signature: 'x:B,F > y:N,F', attributes: 'mean:0..1i', gradient: gradientBy('sumOverTime') },
  multiplySequence: {
    signature: 'x:N,F mask:B,F > y:N,F',
    inPlace: { y: 'x' },
    gradient: (context) => {
      const { graph } = context;
      const dy = context.gradient('y');
      const product = () => only(graph.apply('multiply', { a: dy, b: context.value('x') }), 'y');
      return {
        x: context.wants('x')
          ? only(graph.apply('multiplySequence', { x: dy, mask: context.value('mask') }), 'y')
          : undefined,
        mask: context.wants('mask') ? only(graph.apply('sumOverTime', { x: product() }, { mean: 0 }), 'y') : undefined,
      };
    },
  },
};
