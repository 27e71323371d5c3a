/** Activations. Those without a function of their own are made of several. */
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

  hardSigmoid(x: Computed, alpha: number, beta: number): Computed {
    return this.clipped(this.number('add', this.number('multiply', x, alpha), beta), 0, 1);
  }

  /** 1 where x is above a number, else 0. */
  isAbove(x: Computed, number: number): Computed {
    return this.of('relu', this.of('sign', this.number('subtract', x, number)));
  }

  /** 1 where x is below a number, else 0. */
  isBelow(x: Computed, number: number): Computed {
    return this.of('relu', this.of('sign', this.number('subtract', x, number, true)));
  }

  /** x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) */
  geluOfTanh(x: Computed): Computed {
    const cube = this.number('multiply', this.of('power', x, { number: 3 }), 0.044715);
    const inner = this.number('multiply', this.two('add', x, cube), Math.sqrt(2 / Math.PI));
    return this.number('multiply', this.two('multiply', x, this.number('add', this.of('tanh', inner), 1)), 0.5);
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

function gelu(f: Formula, x: Computed, context: OperatorContext): Computed {
  const approximate = context.text('approximate', 'none');
  if (approximate === 'none') return f.of('gelu', x);
  return approximate === 'tanh' ? f.geluOfTanh(x) : context.refuse(`approximate is '${approximate}'`);
}

/** 0 between -lambd and lambd, beyond it nearer to 0 by the bias. */
function shrunk(f: Formula, x: Computed, context: OperatorContext): Computed {
  const [limit, bias] = [context.float('lambd', 0.5), context.float('bias', 0)];
  const above = f.two('multiply', f.isAbove(x, limit), f.number('subtract', x, bias));
  const below = f.two('multiply', f.isBelow(x, -limit), f.number('add', x, bias));
  return f.two('add', above, below);
}

export const activationOperators: OperatorImports = {
  Reciprocal: formula((f, x) => f.number('divide', x, 1, true)),
  Clip: formula(clipped),
  LeakyRelu: formula((f, x, context) => f.of('leakyRelu', x, { alpha: context.float('alpha', Math.fround(0.01)) })),
  PRelu: (context) => {
    const f = new Formula(context);
    const x = context.computed(0);
    const below = two(context, 'multiply', f.number('minimum', x, 0), context.input(1));
    return [f.two('add', f.of('relu', x), below as Computed)];
  },
  Elu: formula((f, x, context) => f.of('elu', x, { alpha: context.float('alpha', 1) })),
  Celu: formula((f, x, context) => {
    const alpha = context.float('alpha', 1);
    return f.number('multiply', f.of('elu', f.number('divide', x, alpha), { alpha: 1 }), alpha);
  }),
  Selu: formula((f, x, context) => {
    const alpha = context.float('alpha', Math.fround(1.6732632423543772));
    const gamma = context.float('gamma', Math.fround(1.0507009873554805));
    return f.number('multiply', f.of('elu', x, { alpha }), gamma);
  }),
  Softplus: formula((f, x) => f.of('softplus', x)),
  Softsign: formula((f, x) => f.two('divide', x, f.number('add', f.of('abs', x), 1))),
  HardSigmoid: formula((f, x, context) =>
    f.hardSigmoid(x, context.float('alpha', Math.fround(0.2)), context.float('beta', 0.5)),
  ),
  HardSwish: formula((f, x) => f.two('multiply', x, f.hardSigmoid(x, Math.fround(1 / 6), 0.5))),
  Swish: formula((f, x, context) =>
    f.two('multiply', x, f.of('sigmoid', f.number('multiply', x, context.float('alpha', 1)))),
  ),
  Mish: formula((f, x) => f.two('multiply', x, f.of('tanh', f.of('softplus', x)))),
  Gelu: formula(gelu),
  ThresholdedRelu: formula((f, x, context) => f.two('multiply', x, f.isAbove(x, context.float('alpha', 1)))),
  Shrink: formula(shrunk),
};
