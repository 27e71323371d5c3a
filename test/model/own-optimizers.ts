/** Optimizers of one's own for tests: AdamW and AMSGrad as the library has them, and Lion. */
import { defineOptimizer, option } from '../../src/index.js';
import { add, divide, maximum, multiply, power, scale, sign, sqrt, subtract } from '../../src/network/operations.js';

const share = (value: number) => option.number({ min: 0, max: 1, default: value });
const learningRate = option.number({ exclusiveMin: 0, default: 1e-3 });

/** AdamW. Source: Loshchilov & Hutter 2019. */
export const ownAdamW = defineOptimizer({
  name: 'ownAdamW',
  options: {
    learningRate,
    beta1: share(0.9),
    beta2: share(0.999),
    epsilon: option.number({ exclusiveMin: 0, default: 1e-8 }),
    weightDecay: option.number({ min: 0, default: 0.01 }),
    amsgrad: option.flag({ default: false }),
  },
  slots: ({ amsgrad }): Readonly<Record<string, number>> => ({
    mean: 0,
    meanSquare: 0,
    ...(amsgrad && { largestMeanSquare: 0 }),
  }),
  numbers: ({ beta1, beta2, weightDecay }, { step, learningRate: rate }) => ({
    shrink: 1 - rate * weightDecay,
    rate: rate / (1 - beta1 ** step),
    correction: 1 / Math.sqrt(1 - beta2 ** step),
  }),
  update({ options: { beta1, beta2, epsilon, amsgrad }, parameter, gradient, slots, numbers }) {
    const [before, beforeSquare] = [slots['mean'], slots['meanSquare']];
    if (before === undefined || beforeSquare === undefined) throw new Error('a slot is missing');
    const mean = add(scale(before, beta1), scale(gradient, 1 - beta1));
    const meanSquare = add(scale(beforeSquare, beta2), scale(power(gradient, 2), 1 - beta2));
    const kept = slots['largestMeanSquare'];
    const bound = amsgrad && kept !== undefined ? maximum(kept, meanSquare) : meanSquare;
    const size = add(multiply(sqrt(bound), numbers.correction), epsilon);
    const step = divide(multiply(mean, numbers.rate), size);
    const fresh = { mean, meanSquare, ...(amsgrad && { largestMeanSquare: bound }) };
    return { parameter: subtract(multiply(parameter, numbers.shrink), step), slots: fresh };
  },
});

/** Lion. Source: Chen et al. 2023, "Symbolic discovery of optimization algorithms". */
export const lion = defineOptimizer({
  name: 'lion',
  options: { learningRate, beta1: share(0.9), beta2: share(0.99), weightDecay: option.number({ min: 0, default: 0 }) },
  slots: { mean: 0 },
  update({ options: { beta1, beta2, weightDecay }, parameter, gradient, slots: { mean }, learningRate: rate }) {
    const mixed = (beta: number) => add(scale(mean, beta), scale(gradient, 1 - beta));
    const change = add(sign(mixed(beta1)), scale(parameter, weightDecay));
    return { parameter: subtract(parameter, multiply(change, rate)), slots: { mean: mixed(beta2) } };
  },
});
