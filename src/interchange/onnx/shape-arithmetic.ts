/** Computations of shapes, in which some numbers are known only when data arrive. */
import type { OperatorContext, OperatorImport, OperatorImports } from './operator-context.js';
import { slicedIndices } from './operators/selecting.js';
import { added, divided, isRows, multiplied, type RowAxis, type ShapeNumber, type Size, shapeNumber } from './sizes.js';
import { type Constant, type Fill, type GraphValue, type ShapeTensor, sizesOf } from './value.js';

const count = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

const shapeTensor = (shape: readonly number[], elements: readonly ShapeNumber[]): ShapeTensor => ({
  kind: 'shape',
  shape,
  elements,
});

/** An input as a tensor of such numbers. */
function tensorAt(context: OperatorContext, at: number): ShapeTensor {
  const value = context.input(at);
  if (value.kind === 'shape') return value;
  if (value.kind !== 'constant') return context.refuse(`input ${at} is a ${value.kind}, expected a shape`);
  return shapeTensor(value.shape, [...context.neededNumbers(at, `input ${at}`)]);
}

/** Element by element; one of both may be a single number. */
function ofTwo(f: (a: ShapeNumber, b: ShapeNumber, context: OperatorContext) => ShapeNumber) {
  return (context: OperatorContext): readonly GraphValue[] => {
    const [a, b] = [tensorAt(context, 0), tensorAt(context, 1)];
    const [larger, smaller] = a.elements.length >= b.elements.length ? [a, b] : [b, a];
    if (smaller.elements.length !== larger.elements.length && smaller.elements.length !== 1) {
      return context.refuse(`shapes of ${a.elements.length} and ${b.elements.length} numbers`);
    }
    const shape = larger.shape.length >= smaller.shape.length ? larger.shape : smaller.shape;
    const pick = ({ elements }: ShapeTensor, at: number) => elements[elements.length === 1 ? 0 : at] as ShapeNumber;
    return [
      shapeTensor(
        shape,
        larger.elements.map((_, at) => f(pick(a, at), pick(b, at), context)),
      ),
    ];
  };
}

/** Whether two are equal: 1 or 0 where that is known. */
function equal(a: ShapeNumber, b: ShapeNumber): ShapeNumber {
  if (a === b) return 1;
  return typeof a === 'number' && typeof b === 'number' ? 0 : `(${a}=${b})`.replaceAll('*', '·');
}

function gathered(context: OperatorContext): readonly GraphValue[] {
  const { elements, shape } = tensorAt(context, 0);
  if (shape.length !== 1) return context.refuse('a shape with more than one axis');
  const indices = context.constant(1, 'the indices');
  const chosen = [...context.neededNumbers(1, 'the indices')].map((index) => {
    const found = elements[index < 0 ? index + elements.length : index];
    return found ?? context.refuse(`there is no element ${index} of ${elements.length}`);
  });
  return [shapeTensor(indices.shape, chosen)];
}

function sliced(context: OperatorContext): readonly GraphValue[] {
  const { elements } = tensorAt(context, 0);
  const at = (name: string, input: number, otherwise: number) =>
    (context.ints(name) ?? [...(context.numbers(input, name) ?? [])])[0] ?? otherwise;
  const indices = slicedIndices(elements.length, at('starts', 1, 0), at('ends', 2, elements.length), at('steps', 4, 1));
  return [
    shapeTensor(
      [indices.length],
      indices.map((index) => elements[index] as ShapeNumber),
    ),
  ];
}

function reshaped(context: OperatorContext): readonly GraphValue[] {
  const { elements } = tensorAt(context, 0);
  const wanted = [...context.neededNumbers(1, 'the shape')];
  const known = count(wanted.filter((size) => size !== -1));
  return [
    shapeTensor(
      wanted.map((size) => (size === -1 ? elements.length / known : size)),
      elements,
    ),
  ];
}

/** Sizes of numbers that a shape tensor has. @returns undefined where a size is not one axis of the library */
function sizesIn(elements: readonly ShapeNumber[]): Size[] | undefined {
  const sizes = elements.map((element): Size | undefined => {
    if (typeof element === 'number') return element;
    const names = element.split('*');
    return names.every((name) => /^(batch|step|time[^*()]*)$/.test(name)) ? (names as RowAxis[]) : undefined;
  });
  return sizes.includes(undefined) ? undefined : (sizes as Size[]);
}

/** One number everywhere, in a size that is known only when data arrive. */
function filled(context: OperatorContext, number: number, at: number): readonly GraphValue[] {
  const { elements } = tensorAt(context, at);
  const sizes = sizesIn(elements) ?? context.refuse(`the shape [${elements.join(', ')}]`);
  return [{ kind: 'fill', sizes, number } satisfies Fill];
}

const same = (context: OperatorContext): readonly GraphValue[] => [tensorAt(context, 0)];

const OPERATORS: OperatorImports = {
  Identity: same,
  Cast: same,
  Gather: gathered,
  Slice: sliced,
  Reshape: reshaped,
  Unsqueeze: (context) => {
    const { elements, shape } = tensorAt(context, 0);
    return [shapeTensor([1, ...shape], elements)];
  },
  Squeeze: (context) => {
    const { elements, shape } = tensorAt(context, 0);
    return [
      shapeTensor(
        shape.filter((size) => size !== 1),
        elements,
      ),
    ];
  },
  Concat: (context) => {
    const all = context.inputs.map((_, at) => tensorAt(context, at));
    const elements = all.flatMap((each) => each.elements);
    return [shapeTensor([elements.length], elements)];
  },
  Add: ofTwo((a, b) => added(a, b, 1)),
  Sub: ofTwo((a, b) => added(a, b, -1)),
  Mul: ofTwo((a, b) => multiplied(a, b)),
  Div: ofTwo((a, b, context) => divided(a, b) ?? context.refuse(`${a} / ${b}`)),
  Equal: ofTwo(equal),
  Not: (context) => {
    const { elements, shape } = tensorAt(context, 0);
    return [
      shapeTensor(
        shape,
        elements.map((element) => (typeof element === 'number' ? Number(element === 0) : `!${element}`)),
      ),
    ];
  },
  ReduceProd: (context) => {
    const { elements } = tensorAt(context, 0);
    const isKept = context.int('keepdims', 1) === 1;
    return [shapeTensor(isKept ? [1] : [], [elements.reduce(multiplied, 1)])];
  },
  ConstantOfShape: (context) => {
    const value = context.node.attributes.get('value');
    const given = value?.kind === 'tensor' ? [...value.value.floatData, ...rawNumber(value.value)] : [0];
    return filled(context, given[0] ?? 0, 0);
  },
};

/** The number of a tensor of one float32 that is stored as bytes. */
function rawNumber({ rawData, dataType }: { readonly rawData: Uint8Array; readonly dataType: number }): number[] {
  if (rawData.length !== 4 || dataType !== 1)
    return rawData.every((byte) => byte === 0) && rawData.length > 0 ? [0] : [];
  return [new DataView(rawData.buffer, rawData.byteOffset, 4).getFloat32(0, true)];
}

/** The shape of any value, as an operator gives it. */
function shapeOf(context: OperatorContext): readonly GraphValue[] {
  const all = sizesOf(context.input(0)).map(shapeNumber);
  const rank = all.length;
  const from = (at: number) => Math.min(Math.max(at < 0 ? at + rank : at, 0), rank);
  const elements = all.slice(from(context.int('start', 0)), from(context.int('end', rank)));
  return [shapeTensor([elements.length], elements)];
}

function sizeOf(context: OperatorContext): readonly GraphValue[] {
  return [shapeTensor([], [sizesOf(context.input(0)).map(shapeNumber).reduce(multiplied, 1)])];
}

/** A constant in a size that has rows: the same for each of them. */
function repeated(context: OperatorContext, value: Constant): readonly GraphValue[] | undefined {
  const { elements } = tensorAt(context, 1);
  const asked = sizesIn(elements) ?? context.refuse(`the shape [${elements.join(', ')}]`);
  const rank = Math.max(asked.length, value.shape.length);
  const shape = [...new Array<number>(rank - value.shape.length).fill(1), ...value.shape];
  const sizes = shape.map((own, axis): Size => {
    const wanted = asked[axis - (rank - asked.length)] ?? 1;
    return wanted === 1 ? own : wanted;
  });
  const isSpread = sizes.some((size, axis) => size !== shape[axis] && (shape[axis] !== 1 || !isRows(size)));
  if (isSpread)
    return context.refuse(`the constant [${value.shape.join(', ')}] is expanded to [${elements.join(', ')}]`);
  return [{ kind: 'repeated', sizes, constant: { ...value, shape } }];
}

/** A constant of equal numbers in a larger size. */
function expanded(context: OperatorContext): readonly GraphValue[] | undefined {
  const value = context.input(0);
  if (value.kind !== 'constant') return undefined;
  const numbers = value.read().data as ArrayLike<number>;
  const [first] = Array.prototype.slice.call(numbers, 0, 1) as number[];
  const isOneNumber = first !== undefined && Array.prototype.every.call(numbers, (number: number) => number === first);
  return isOneNumber ? filled(context, first, 1) : repeated(context, value);
}

/**
 * What an operator on shapes gives.
 *
 * @returns undefined where it does not work on shapes
 */
export function shapeArithmetic(context: OperatorContext): ReturnType<OperatorImport> | undefined {
  const { op } = context.node;
  if (op === 'Shape') return shapeOf(context);
  if (op === 'Size') return sizeOf(context);
  if (!context.inputs.some((value) => value?.kind === 'shape')) return undefined;
  if (op === 'Expand') return expanded(context);
  const isAllShapes = context.inputs.every(
    (value) => value === undefined || value.kind === 'shape' || value.kind === 'constant',
  );
  return isAllShapes ? OPERATORS[op]?.(context) : undefined;
}
