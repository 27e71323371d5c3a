/** Elementwise maps, dropout, and moving columns. Kernels: native/kernels/generic/rows/{elementwise,dropout,columns}.cc, losses/softmax.cc. */
import { type Emits, gradientRule, type NamedRule, type Reached, type Reads } from '../gradient-rule.js';

type Activation = 'sigmoid' | 'tanh' | 'relu' | 'softmax' | 'logSoftmax';

/** The rule of y = f(x) whose backward operation needs the value y alone. */
function activation(backward: `${Activation}Backward`) {
  return (context: Emits & Reached<'y'> & Reads<'y'>) => ({
    x: context.graph.apply(backward, { dy: context.gradient('y'), y: context.value('y') }).dx,
  });
}

export const elementwiseRules: readonly NamedRule[] = [
  // The same mask again: it is a function of the key and the operation.
  gradientRule('dropout', (context) => {
    const attributes = { rate: context.attribute('rate'), operationId: context.attribute('operationId') };
    const operands = { x: context.gradient('y'), key: context.value('key') };
    return { x: context.graph.apply('dropout', operands, attributes).y };
  }),
  gradientRule('add', (context) => ({ a: context.gradient('y'), b: context.gradient('y') })),
  gradientRule('subtract', (context) => {
    const dy = context.gradient('y');
    return { a: dy, b: context.wants('b') ? context.graph.apply('scale', { x: dy }, { factor: -1 }).y : undefined };
  }),
  gradientRule('multiply', (context) => {
    const { graph } = context;
    const dy = context.gradient('y');
    return {
      a: context.wants('a') ? graph.apply('multiply', { a: dy, b: context.value('b') }).y : undefined,
      b: context.wants('b') ? graph.apply('multiply', { a: dy, b: context.value('a') }).y : undefined,
    };
  }),
  gradientRule('scale', (context) => {
    const attributes = { factor: context.attribute('factor') };
    return { x: context.graph.apply('scale', { x: context.gradient('y') }, attributes).y };
  }),
  gradientRule('sigmoid', activation('sigmoidBackward')),
  gradientRule('tanh', activation('tanhBackward')),
  gradientRule('relu', activation('reluBackward')),
  gradientRule('softmax', activation('softmaxBackward')),
  gradientRule('logSoftmax', activation('logSoftmaxBackward')),
  gradientRule('maxOverColumns', (context) => {
    const operands = { dy: context.gradient('y'), x: context.value('x'), y: context.value('y') };
    return { x: context.graph.apply('maxOverColumnsBackward', operands).dx };
  }),
  gradientRule('gatherColumns', (context) => {
    const operands = { dy: context.gradient('y'), columns: context.value('columns') };
    return { x: context.graph.apply('gatherColumnsBackward', operands, {}, { C: context.value('x').columns }).dx };
  }),
  gradientRule('concatenate', (context) => {
    const part = (name: 'a' | 'b', begin: number) => {
      if (!context.wants(name)) return undefined;
      const extents = { D: context.value(name).columns };
      return context.graph.apply('slice', { x: context.gradient('y') }, { begin }, extents).y;
    };
    return { a: part('a', 0), b: part('b', context.value('a').columns) };
  }),
  gradientRule('slice', (context) => {
    const attributes = { begin: context.attribute('begin') };
    const extents = { C: context.value('x').columns };
    return { x: context.graph.apply('sliceBackward', { dy: context.gradient('y') }, attributes, extents).dx };
  }),
];
