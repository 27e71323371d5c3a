/** Convolution along each sequence. Kernels: native/kernels/generic/products/convolution.cc, rows/time.cc (lastSteps). */
import { gradientRule, type NamedRule } from '../gradient-rule.js';
import { unpacked } from './linear.js';

/** Codes of the padding (native/kernels/generic/products/convolution.h). */
export const PADDINGS = { causal: 0, same: 1, valid: 2 } as const;

/** The code of a convolution with a given number of zeros in front, the attribute `front`. */
export const EXPLICIT = 3;

/** The code of a convolution that looks at no later steps. */
export const CAUSAL = PADDINGS.causal;

export const convolutionRules: readonly NamedRule[] = [
  gradientRule('convolution', (context) => {
    const { graph } = context;
    const [dy, x, h0] = [context.gradient('y'), context.value('x'), context.optional('h0')];
    const [groups, stride] = [context.attribute('groups'), context.attribute('stride')];
    const attributes = {
      groups,
      stride,
      dilation: context.attribute('dilation'),
      padding: context.attribute('padding'),
      front: context.attribute('front'),
    };
    const w = unpacked(context.value('p'));
    const inputs = () => {
      const sizes = { N: x.rows, I: x.columns, ...(context.wants('h0') && h0 && { S: h0.columns }) };
      return graph.apply('convolutionInputGradient', { dy, w }, attributes, sizes);
    };
    const weights = () => graph.apply('convolutionWeightGradient', { dy, x, h0 }, attributes, { J: w.columns });
    return {
      x: context.wants('x') ? inputs().dx : undefined,
      h0: context.wants('h0') ? inputs().dh0 : undefined,
      p: context.wants('p') ? weights().dW : undefined,
      b: context.wants('b') ? graph.apply('biasGradient', { dy }).db : undefined,
    };
  }),
  // What it leaves goes to the next run: nothing differentiates through it.
  gradientRule('lastSteps', () => ({})),
];
