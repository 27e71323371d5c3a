/** Operators about shapes, and those that make tensors of a shape. */
import { refuseAttribute } from '../../ir.js';
import { type ConstantTensor, numberTensor, rearranged, reshaped, sizeOf } from '../constant-tensor.js';
import type { Fold, Operator } from '../fold.js';
import { isWhole } from '../rounding.js';
import { constantOf, numberTypeOf } from '../tensor-proto.js';

const shapeOf: Operator = (fold) => {
  const { shape } = fold.source(0);
  const start = fold.opset < 15 ? 0 : fold.int('start', 0);
  const end = fold.opset < 15 ? shape.length : fold.int('end', shape.length);
  const part = shape.slice(start, end);
  return [numberTensor('int64', part, [part.length])];
};

/** 0 keeps a size, unless `allowzero`; -1 is what is left. */
const reshape: Operator = (fold) => {
  const input = fold.source(0);
  const keepsZero = fold.opset >= 14 && fold.flag('allowzero');
  const wanted = fold
    .wholes(1)
    .map((length, axis) => (length === 0 && !keepsZero ? (input.shape[axis] ?? -2) : length));
  const size = sizeOf(input.shape);
  const known = sizeOf(wanted.filter((length) => length !== -1));
  const shape = wanted.map((length) => (length === -1 && known > 0 ? size / known : length));
  const isUnique = wanted.filter((length) => length === -1).length <= 1;
  if (isUnique && shape.every((length) => length >= 0) && sizeOf(shape) === size) {
    return [reshaped(input, fold.shape(shape))];
  }
  throw fold.mismatch(`[${input.shape.join(', ')}] cannot become [${wanted.slice(0, 20).join(', ')}]`);
};

const flatten: Operator = (fold) => {
  const input = fold.source(0);
  const rank = input.shape.length;
  const given = fold.int('axis', 1);
  const axis = given === rank ? rank : fold.axis(given, rank);
  return [reshaped(input, fold.shape([sizeOf(input.shape.slice(0, axis)), sizeOf(input.shape.slice(axis))]))];
};

/** Axes: an attribute before operator set 13, an input from then on. */
function givenAxes(fold: Fold): readonly number[] | undefined {
  return fold.opset < 13 ? fold.attribute('axes', 'ints') : fold.optionalWholes(1);
}

const squeeze: Operator = (fold) => {
  const input = fold.source(0);
  const given = givenAxes(fold);
  const axes = given && fold.axes(given, input.shape.length);
  const wrong = axes?.find((axis) => input.shape[axis] !== 1);
  if (wrong !== undefined) throw fold.mismatch(`axis ${wrong} has ${input.shape[wrong]} elements, expected 1`);
  return [
    reshaped(
      input,
      input.shape.filter((length, axis) => (axes === undefined ? length !== 1 : !axes.includes(axis))),
    ),
  ];
};

const unsqueeze: Operator = (fold) => {
  const input = fold.source(0);
  const given = givenAxes(fold);
  if (given === undefined) throw fold.mismatch('axes are missing');
  const rank = input.shape.length + given.length;
  const axes = new Set(fold.axes(given, rank));
  const rest = input.shape.values();
  return [
    reshaped(
      input,
      Array.from({ length: rank }, (_, axis) => (axes.has(axis) ? 1 : (rest.next().value as number))),
    ),
  ];
};

/** The value of a constant, in the one of its forms that it has. */
const constant: Operator = (fold) => {
  const tensor = fold.attribute('value', 'tensor');
  const number = fold.attribute('value_float', 'float');
  const numbers = fold.attribute('value_floats', 'floats');
  const whole = fold.attribute('value_int', 'int');
  const wholes = fold.attribute('value_ints', 'ints');
  const text = fold.attribute('value_string', 'string');
  const texts = fold.attribute('value_strings', 'strings');
  const found: (ConstantTensor | undefined)[] = [
    tensor && constantOf(tensor, fold.path),
    number === undefined ? undefined : numberTensor('float32', [number]),
    numbers && numberTensor('float32', numbers, [numbers.length]),
    whole === undefined ? undefined : numberTensor('int64', [whole]),
    wholes && numberTensor('int64', wholes, [wholes.length]),
    text === undefined ? undefined : { type: 'string', shape: [], data: [text] },
    texts && { type: 'string', shape: [texts.length], data: texts },
  ];
  const values = found.filter((value) => value !== undefined);
  if (values.length === 1) return values;
  const names = [...fold.node.attributes.keys()];
  return refuseAttribute(
    fold.node,
    'its value',
    names,
    'exactly one of value, value_float, value_int, value_string ...',
  );
};

const constantOfShape: Operator = (fold) => {
  const tensor = fold.attribute('value', 'tensor');
  const value = tensor === undefined ? numberTensor('float32', [0]) : constantOf(tensor, fold.path);
  if (sizeOf(value.shape) !== 1) refuseAttribute(fold.node, 'value', value.shape, 'one number');
  return [rearranged(value, fold.shape(fold.wholes(0)), () => 0)];
};

const range: Operator = (fold) => {
  const [{ type }, ...others] = [fold.numbers(0), fold.numbers(1), fold.numbers(2)] as const;
  fold.sameType([fold.numbers(0), ...others]);
  if (fold.opset >= 27) fold.attribute('stash_type', 'int');
  const [start, limit, delta] = [fold.single(0), fold.single(1), fold.single(2)];
  const count = Math.max(Math.ceil((limit - start) / delta), 0);
  if (delta === 0 || Number.isNaN(count))
    throw fold.mismatch(`there is no range from ${start} to ${limit} by ${delta}`);
  return [fold.compute(type, [count], (at) => start + at * delta)];
};

const eyeLike: Operator = (fold) => {
  const { shape, type } = fold.numbers(0);
  const code = fold.attribute('dtype', 'int');
  const diagonal = fold.int('k', 0);
  const result = code === undefined ? type : numberTypeOf(code);
  if (result === undefined) return refuseAttribute(fold.node, 'dtype', code, 'a type of numbers');
  const [, columns] = shape;
  if (columns === undefined || shape.length !== 2) throw fold.mismatch(`input 0 has ${shape.length} axes, expected 2`);
  return [fold.compute(result, shape, (at) => Number((at % columns) - Math.floor(at / columns) === diagonal))];
};

/** Texts as numbers, as ONNX describes it. */
function parsed(fold: Fold, text: string): number {
  const special = /^([+-]?)(inf|nan)$/i.exec(text);
  if (special) return special[2]?.toLowerCase() === 'nan' ? Number.NaN : special[1] === '-' ? -Infinity : Infinity;
  const number = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(number)) throw fold.mismatch(`${JSON.stringify(text.slice(0, 40))} is no number`);
  return number;
}

/** Elements as numbers of another type. What real numbers have no place in whole ones is refused: ONNX leaves it open. */
function cast(fold: Fold, to: ConstantTensor['type'] | undefined): ConstantTensor {
  const input = fold.source(0);
  const isSmall = input.type !== 'string' && input.bits !== undefined;
  if (input.type === to && !isSmall) return input;
  if (to === undefined || to === 'string') throw fold.mismatch(`there is no cast from ${input.type} to this type`);
  if (input.type === 'string') return fold.compute(to, input.shape, (at) => parsed(fold, input.data[at] as string));
  const { type, shape, data } = fold.numbers(0);
  if (isWhole(type) || !isWhole(to)) return fold.compute(to, shape, (at) => data[at] as number);
  const round = fold.rounder(to);
  return fold.compute(to, shape, (at) => {
    const number = data[at] as number;
    if (round(number) === Math.trunc(number)) return number;
    throw fold.mismatch(`${number} has no place in ${to}`, { value: number, type: to });
  });
}

/** What matters for floats of 8 bits alone. */
function readFloat8Attributes(fold: Fold): void {
  if (fold.opset >= 19) fold.attribute('saturate', 'int');
  if (fold.opset >= 24) fold.attribute('round_mode', 'string');
}

export const SHAPES: Readonly<Record<string, Operator>> = {
  Shape: shapeOf,
  Size: (fold) => [numberTensor('int64', [sizeOf(fold.source(0).shape)])],
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Range: range,
  EyeLike: eyeLike,
  Cast: (fold) => {
    readFloat8Attributes(fold);
    const code = fold.attribute('to', 'int');
    return [cast(fold, code === undefined ? undefined : numberTypeOf(code))];
  },
  CastLike: (fold) => {
    readFloat8Attributes(fold);
    const like = fold.source(1);
    const isSmall = like.type !== 'string' && like.bits !== undefined;
    return [cast(fold, isSmall ? undefined : like.type)];
  },
};
