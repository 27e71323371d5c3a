/** Activations: functions that are made of several others. */
import type { OperationName } from '../../../network/layers/operation.js';
import type { OperatorContext, OperatorImport, OperatorImports } from '../operator-context.js';
import type { Computed } from '../value.js';
import { type Combination, ofNumber, ofTwo, two } from './arithmetic.js';

/** What is made of several functions, one after the other. */
class Formula {
  readonly #context: OperatorContext;

  constructor(context: OperatorContext) {
    this.#context = context;
  }

  of(f: OperationName, x: Computed, options: Parameters<OperatorContext['emission']['elementwise']>[3] = {}): Computed {
    return this.#context.emission.elementwise(this.#context.name, f, x, options);
  }

  two(f: Combination, a: Computed, b: Computed): Computed {
    return ofTwo(this.#context, f, a, b);
  }

  number(f: Combination, x: Computed, number: number, isFirst = false): Computed {
    return ofNumber(this.#context, f, x, number, isFirst);
  }

  clipped(x: Computed, low: number, high: number): Computed {
    const above = low === Number.NEGATIVE_INFINITY ? x : this.number('maximum', x, low);
    return high === Number.POSITIVE_INFINITY ? above : this.number('minimum', above, high);
  }

  /** log(1 + e^x) = max(x, 0) + log(1 + e^-|x|) */
  softplus(x: Computed): Computed {
    const small = this.of('log', this.number('add', this.of('exp', this.of('negate', this.of('abs', x))), 1));
    return this.two('add', this.of('relu', x), small);
  }

  /** alpha * (e^min(x, 0) - 1), 0 where x is positive */
  negativePart(x: Computed, alpha: number): Computed {
    const below = this.number('subtract', this.of('exp', this.number('minimum', x, 0)), 1);
    return this.number('multiply', below, alpha);
  }

  elu(x: Computed, alpha: number): Computed {
    return this.two('add', this.of('relu', x), this.negativePart(x, alpha));
  }

  hardSigmoid(x: Computed, alpha: number, beta: number): Computed {
    return this.clipped(this.number('add', this.number('multiply', x, alpha), beta), 0, 1);
  }
}

const formula =
  (make: (f: Formula, x: Computed, context: OperatorContext) => Computed): OperatorImport =>
  (context) => [make(new Formula(context), context.computed(0), context)];

function clipped(f: Formula, x: Computed, context: OperatorContext): Computed {
  const low = context.numbers(1, 'min')?.[0] ?? context.float('min', Number.NEGATIVE_INFINITY);
  const high = context.numbers(2, 'max')?.[0] ?? context.float('max', Number.POSITIVE_INFINITY);
  const limit = (value: number) => (Math.abs(value) >= 3.4e38 ? Math.sign(value) * Number.POSITIVE_INFINITY : value);
  return f.clipped(x, limit(low), limit(high));
}

export const activationOperators: OperatorImports = {
  Reciprocal: formula((f, x) => f.number('divide', x, 1, true)),
  Clip: formula(clipped),
  LeakyRelu: formula((f, x, context) => {
    const alpha = context.float('alpha', Math.fround(0.01));
    return f.two('add', f.of('relu', x), f.number('multiply', f.number('minimum', x, 0), alpha));
  }),
  PRelu: (context) => {
    const f = new Formula(context);
    const x = context.computed(0);
    const below = two(context, 'multiply', f.number('minimum', x, 0), context.input(1));
    return [f.two('add', f.of('relu', x), below as Computed)];
  },
  Elu: formula((f, x, context) => f.elu(x, context.float('alpha', 1))),
  Selu: formula((f, x, context) => {
    const alpha = context.float('alpha', Math.fround(1.6732632423543772));
    return f.number('multiply', f.elu(x, alpha), context.float('gamma', Math.fround(1.0507009873554805)));
  }),
  Softplus: formula((f, x) => f.softplus(x)),
  Softsign: formula((f, x) => f.two('divide', x, f.number('add', f.of('abs', x), 1))),
  HardSigmoid: formula((f, x, context) =>
    f.hardSigmoid(x, context.float('alpha', Math.fround(0.2)), context.float('beta', 0.5)),
  ),
  HardSwish: formula((f, x) => f.two('multiply', x, f.hardSigmoid(x, Math.fround(1 / 6), 0.5))),
  Swish: formula((f, x, context) =>
    f.two('multiply', x, f.of('sigmoid', f.number('multiply', x, context.float('alpha', 1)))),
  ),
  Mish: formula((f, x) => f.two('multiply', x, f.of('tanh', f.softplus(x)))),
};
