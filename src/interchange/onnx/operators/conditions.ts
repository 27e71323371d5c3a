/** Conditions, and what is chosen by them: 1 or 0. */
import type { OperatorContext, OperatorImports } from '../operator-context.js';
import type { Computed, GraphValue } from '../value.js';
import { combination, ofNumber, two } from './arithmetic.js';

/** Types of elements among which a cast changes no number that the network computes. */
const REAL_TYPES: ReadonlySet<number> = new Set([1, 11]);

function cast(context: OperatorContext): readonly GraphValue[] {
  const value = context.input(0);
  const to = context.int('to', 0);
  if (value.kind === 'indices' && [6, 7, 12, 13].includes(to)) return [value];
  if (to === 9 && value.kind !== 'shape') return [isNotZero(context, context.computed(0))];
  if (value.kind === 'shape' || REAL_TYPES.has(to))
    return value.kind === 'indices' ? context.refuse('indices are computed with') : [value];
  return context.refuse(`a cast of what is computed to the type ${to}, expected float or double`);
}

/** A cast to the type of another input. */
function castLike(context: OperatorContext): readonly GraphValue[] {
  const [value, like] = [context.input(0), context.input(1)];
  const type = like.kind === 'constant' ? like.read().type : 'float32';
  if (type === 'float32' || type === 'float64') return [context.asComputed(value) ?? context.computed(0)];
  return type === 'bool'
    ? [isNotZero(context, context.computed(0))]
    : context.refuse(`a cast of what is computed to ${type}, expected float or double`);
}

/** 1 where it is not 0, else 0. */
function isNotZero({ emission, name }: OperatorContext, x: Computed): Computed {
  return emission.elementwise(name, 'abs', emission.elementwise(name, 'sign', x));
}

/** 1 where a is larger than b, else 0. */
function isLarger(context: OperatorContext, a: GraphValue, b: GraphValue): Computed {
  const { emission, name } = context;
  const difference = emission.elementwise(name, 'sign', two(context, 'subtract', a, b) as Computed);
  return emission.elementwise(name, 'relu', difference);
}

const opposite = (context: OperatorContext, x: Computed): Computed => ofNumber(context, 'subtract', x, 1, true);

/** Conditions are 1 or 0: one of both products is the chosen number, and the other one is 0. */
function chosen(context: OperatorContext): readonly GraphValue[] {
  const condition = context.computed(0);
  if ([1, 2].some((at) => context.asComputed(context.input(at)) !== undefined)) {
    context.emission.builder.note(
      `'${context.name}' chooses by products with 0 and 1: where what is not chosen is infinite or no number, the result is no number.`,
    );
  }
  const yes = two(context, 'multiply', condition, context.input(1));
  const no = two(context, 'multiply', opposite(context, condition), context.input(2));
  return [two(context, 'add', yes, no)];
}

/** 1 where two differ, else 0. */
function differs(context: OperatorContext): Computed {
  return isNotZero(context, two(context, 'subtract', context.input(0), context.input(1)) as Computed);
}

export const conditionOperators: OperatorImports = {
  Cast: cast,
  CastLike: castLike,
  Greater: (context) => [isLarger(context, context.input(0), context.input(1))],
  Less: (context) => [isLarger(context, context.input(1), context.input(0))],
  GreaterOrEqual: (context) => [opposite(context, isLarger(context, context.input(1), context.input(0)))],
  LessOrEqual: (context) => [opposite(context, isLarger(context, context.input(0), context.input(1)))],
  Equal: (context) => [opposite(context, differs(context))],
  Xor: (context) => [differs(context)],
  Not: (context) => [opposite(context, context.computed(0))],
  And: combination('multiply'),
  Or: combination('maximum'),
  Where: chosen,
};
