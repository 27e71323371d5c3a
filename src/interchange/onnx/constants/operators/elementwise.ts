/** Operators that act on each number by itself. */
import type { NumberType } from '../../../sources/number-types.js';
import { refuseAttribute } from '../../ir.js';
import { broadcastWalk, type NumberTensor } from '../constant-tensor.js';
import type { Fold, Operator } from '../fold.js';
import { isReal, isWhole, rangeOf, roundHalfToEven } from '../rounding.js';

type Unary = (x: number) => number;
type Binary = (a: number, b: number) => number;

/** Applies a function to each number of an input. */
function unary(compute: Unary): Operator {
  return (fold) => {
    const { type, shape, data } = fold.numbers(0);
    return [fold.compute(type, shape, (at) => compute(data[at] as number))];
  };
}

/** Applies a function to the numbers of two inputs, which are spread to one shape. */
function pairwise(fold: Fold, type: NumberType, a: NumberTensor, b: NumberTensor, compute: Binary): NumberTensor {
  const shape = fold.broadcast([a.shape, b.shape]);
  const [left, right] = [broadcastWalk(a.shape, shape), broadcastWalk(b.shape, shape)];
  return fold.compute(type, shape, () => compute(a.data[left()] as number, b.data[right()] as number));
}

function binary(compute: (type: NumberType, fold: Fold) => Binary): Operator {
  return (fold) => {
    const [a, b] = [fold.numbers(0), fold.numbers(1)];
    fold.sameType([a, b]);
    return [pairwise(fold, a.type, a, b, compute(a.type, fold))];
  };
}

/** Compares two inputs. */
function compared(compute: Binary): Operator {
  return (fold) => {
    const [a, b] = [fold.numbers(0), fold.numbers(1)];
    fold.sameType([a, b]);
    return [pairwise(fold, 'bool', a, b, compute)];
  };
}

function logical(compute: Binary): Operator {
  return (fold) => {
    for (const { type } of fold.allNumbers()) {
      if (type !== 'bool') throw fold.mismatch(`an input is ${type}, expected bool`, { type });
    }
    return compared(compute)(fold);
  };
}

/** Any number of inputs, one after the other. */
function variadic(compute: Binary): (fold: Fold) => NumberTensor {
  return (fold) => {
    const [first, ...others] = fold.allNumbers();
    fold.sameType([first as NumberTensor, ...others]);
    return others.reduce((a, b) => pairwise(fold, a.type, a, b, compute), first as NumberTensor);
  };
}

/** Of real numbers a / b; of whole ones the part before the point. */
function division(type: NumberType, fold: Fold): Binary {
  if (!isWhole(type)) return (a, b) => a / b;
  return (a, b) => {
    if (b === 0) throw fold.mismatch(`${a} is divided by 0`, { value: a });
    return Math.trunc(a / b);
  };
}

/** a - floor(a / b) b, which has the sign of b; with `fmod` a - trunc(a / b) b, which has the sign of a. */
function modulo(type: NumberType, fold: Fold): Binary {
  const isTruncated = fold.flag('fmod');
  if (isReal(type) && !isTruncated && fold.opset < 28) refuseAttribute(fold.node, 'fmod', 0, `1 for ${type}`);
  return (a, b) => {
    if (b === 0 && isWhole(type)) throw fold.mismatch(`${a} is divided by 0`, { value: a });
    const rest = a % b;
    return isTruncated || rest === 0 || rest > 0 === b > 0 ? rest : rest + b;
  };
}

/** A power; the result has the type of the base. */
const power: Operator = (fold) => {
  const [base, exponent] = [fold.numbers(0), fold.numbers(1)];
  return [pairwise(fold, base.type, base, exponent, (a, b) => (a === 1 ? 1 : a ** b))];
};

const equal: Operator = (fold) => {
  const [a, b] = [fold.input(0), fold.input(1)];
  fold.sameType([a, b]);
  if (a.type !== 'string' || b.type !== 'string') return compared((x, y) => Number(x === y))(fold);
  const shape = fold.broadcast([a.shape, b.shape]);
  const [left, right] = [broadcastWalk(a.shape, shape), broadcastWalk(b.shape, shape)];
  return [fold.compute('bool', shape, () => Number(a.data[left()] === b.data[right()]))];
};

const mean: Operator = (fold) => {
  const sum = variadic((a, b) => a + b)(fold);
  return [fold.compute(sum.type, sum.shape, (at) => (sum.data[at] as number) / fold.inputs.length)];
};

/** Bounds: attributes before operator set 11, inputs from then on. */
const clip: Operator = (fold) => {
  const { type, shape, data } = fold.numbers(0);
  const [least, most] = rangeOf(type);
  const bound = (at: number, name: string, value: number) => {
    if (fold.opset < 11) return fold.attribute(name, 'float') ?? value;
    return fold.optional(at) === undefined ? value : fold.single(at);
  };
  const [low, high] = [bound(1, 'min', least), bound(2, 'max', most)];
  return [fold.compute(type, shape, (at) => Math.min(Math.max(data[at] as number, low), high))];
};

/** What training drops stays. Before operator set 12, nothing says what the mask is then: there is none. */
const dropout: Operator = (fold) => {
  const input = fold.input(0);
  if (fold.opset < 12) {
    fold.attribute('ratio', 'float');
    return [input];
  }
  fold.attribute('seed', 'int');
  const isTraining = fold.optional(2) !== undefined && fold.single(2) !== 0;
  const ratio = fold.optional(1) === undefined ? 0.5 : fold.single(1);
  if (isTraining && ratio !== 0) throw fold.mismatch('input 2 asks for training, expected inference', { input: 2 });
  return fold.node.outputs.length < 2 ? [input] : [input, fold.compute('bool', input.shape, () => 1)];
};

const where: Operator = (fold) => {
  const [condition, a, b] = [fold.numbers(0), fold.input(1), fold.input(2)];
  if (condition.type !== 'bool') throw fold.mismatch(`input 0 is ${condition.type}, expected bool`);
  fold.sameType([a, b]);
  const shape = fold.broadcast([condition.shape, a.shape, b.shape]);
  const [which, left, right] = [condition, a, b].map((each) => broadcastWalk(each.shape, shape)) as [Next, Next, Next];
  const next = () => {
    const [x, y] = [left(), right()];
    return condition.data[which()] === 0 ? b.data[y] : a.data[x];
  };
  if (a.type !== 'string') return [fold.compute(a.type, shape, next as Next)];
  const data = Array.from({ length: shape.reduce((size, length) => size * length, 1) }, next as () => string);
  return [{ type: 'string', shape, data }];
};

type Next = () => number;

export const ELEMENTWISE: Readonly<Record<string, Operator>> = {
  Neg: unary((x) => -x),
  Abs: unary(Math.abs),
  Sqrt: unary(Math.sqrt),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Sin: unary(Math.sin),
  Cos: unary(Math.cos),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Round: unary(roundHalfToEven),
  Sign: unary(Math.sign),
  Reciprocal: unary((x) => 1 / x),
  Relu: unary((x) => Math.max(x, 0)),
  Sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  Tanh: unary(Math.tanh),
  Add: binary(() => (a, b) => a + b),
  Sub: binary(() => (a, b) => a - b),
  Mul: binary(() => (a, b) => a * b),
  Div: binary(division),
  Mod: binary(modulo),
  Pow: power,
  Min: (fold) => [variadic(Math.min)(fold)],
  Max: (fold) => [variadic(Math.max)(fold)],
  Sum: (fold) => [variadic((a, b) => a + b)(fold)],
  Mean: mean,
  Equal: equal,
  Less: compared((a, b) => Number(a < b)),
  LessOrEqual: compared((a, b) => Number(a <= b)),
  Greater: compared((a, b) => Number(a > b)),
  GreaterOrEqual: compared((a, b) => Number(a >= b)),
  And: logical((a, b) => a & b),
  Or: logical((a, b) => a | b),
  Xor: logical((a, b) => a ^ b),
  Not: (fold) => {
    const input = fold.numbers(0);
    if (input.type !== 'bool') throw fold.mismatch(`input 0 is ${input.type}, expected bool`);
    return unary((x) => 1 - x)(fold);
  },
  Where: where,
  Clip: clip,
  Dropout: dropout,
  Identity: (fold) => [fold.input(0)],
};
