/** Elementwise maps, dropout, and moving columns. Kernels: native/kernels/generic/rows/{elementwise,dropout}.cc. */
import type { GradientContext, OperationDefinition } from '../operation.js';
import { only, type Value } from '../value.js';

function apply(
  context: GradientContext,
  name: string,
  operands: Readonly<Record<string, Value | undefined>>,
  attributes: Readonly<Record<string, number>> = {},
): Value {
  const outputs = context.graph.apply(name, operands, attributes);
  return only(outputs, 'dx' in outputs ? 'dx' : 'y');
}

/** y = f(x) with a backward operation that needs the value y alone. */
function activation(name: string): Readonly<Record<string, OperationDefinition>> {
  return {
    [name]: {
      signature: 'x:R,C > y:R,C',
      inPlace: { y: 'x' },
      gradient: (context) => ({
        x: apply(context, `${name}Backward`, { dy: context.gradient('y'), y: context.value('y') }),
      }),
    },
    [`${name}Backward`]: { signature: 'dy:R,C y:R,C > dx:R,C', role: 'backward', inPlace: { dx: 'dy' } },
  };
}

const binary = { signature: 'a:R,C b:R,C > y:R,C', inPlace: { y: 'a' } } as const;

export const elementwiseOperations: Readonly<Record<string, OperationDefinition>> = {
  dropout: {
    signature: 'x:R,C key:1,4:i > y:R,C',
    attributes: 'rate:0..0.999999 operationId:0..2147483647i',
    inPlace: { y: 'x' },
    // The same mask again: it is a function of the key and the operation.
    gradient: (context) => ({
      x: apply(
        context,
        'dropout',
        { x: context.gradient('y'), key: context.value('key') },
        { rate: context.attribute('rate'), operationId: context.attribute('operationId') },
      ),
    }),
  },
  add: {
    ...binary,
    gradient: (context) => ({ a: context.gradient('y'), b: context.gradient('y') }),
  },
  subtract: {
    ...binary,
    gradient: (context) => ({
      a: context.gradient('y'),
      b: context.wants('b') ? apply(context, 'scale', { x: context.gradient('y') }, { factor: -1 }) : undefined,
    }),
  },
  multiply: {
    ...binary,
    gradient: (context) => {
      const dy = context.gradient('y');
      return {
        a: context.wants('a') ? apply(context, 'multiply', { a: dy, b: context.value('b') }) : undefined,
        b: context.wants('b') ? apply(context, 'multiply', { a: dy, b: context.value('a') }) : undefined,
      };
    },
  },
  scale: {
    signature: 'x:R,C > y:R,C',
    attributes: 'factor:-1e30..1e30',
    inPlace: { y: 'x' },
    gradient: (context) => ({
      x: apply(context, 'scale', { x: context.gradient('y') }, { factor: context.attribute('factor') }),
    }),
  },
  ...activation('sigmoid'),
  ...activation('tanh'),
  ...activation('relu'),
  concatenate: {
    signature: 'a:R,A b:R,D > y:R,A+D',
    gradient: (context) => {
      const part = (name: string, begin: number) =>
        context.wants(name)
          ? only(
              context.graph.apply('slice', { x: context.gradient('y') }, { begin }, { D: context.value(name).columns }),
              'y',
            )
          : undefined;
      return { a: part('a', 0), b: part('b', context.value('a').columns) };
    },
  },
  slice: {
    signature: 'x:R,C > y:R,D',
    attributes: 'begin:0..2147483647i',
    gradient: (context) => ({
      x: only(
        context.graph.apply(
          'sliceBackward',
          { dy: context.gradient('y') },
          { begin: context.attribute('begin') },
          { C: context.value('x').columns },
        ),
        'dx',
      ),
    }),
  },
  sliceBackward: { signature: 'dy:R,D > dx:R,C', attributes: 'begin:0..2147483647i', role: 'backward' },
  ...activation('softmax'),
};
