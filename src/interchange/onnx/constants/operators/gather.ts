/** Operators whose inputs say which elements are taken or replaced. */
import { refuseAttribute } from '../../ir.js';
import { type NumberTensor, rearranged, sizeOf, stridesOf, strideWalk } from '../constant-tensor.js';
import type { Fold, Operator } from '../fold.js';
import { isWhole } from '../rounding.js';

function indices(fold: Fold, at: number): NumberTensor {
  const found = fold.numbers(at);
  if (isWhole(found.type)) return found;
  throw fold.mismatch(`input ${at} is ${found.type}, expected indices`, { input: at, type: found.type });
}

const gather: Operator = (fold) => {
  const [input, { shape: places, data }] = [fold.input(0), indices(fold, 1)];
  const axis = fold.axis(fold.int('axis', 0), input.shape.length);
  const length = input.shape[axis] as number;
  const behind = input.shape.slice(axis + 1);
  const shape = fold.shape([...input.shape.slice(0, axis), ...places, ...behind]);
  const found = data.map((index) => fold.index(index, length));
  const inner = sizeOf(behind);
  const block = inner * found.length;
  const indexOf = (at: number) => {
    const place = found[Math.floor((at % block) / inner)] as number;
    return (Math.floor(at / block) * length + place) * inner + (at % inner);
  };
  return [rearranged(input, shape, indexOf)];
};

/** Goes over places of a tensor whose index along one axis is given, place by place. */
function elementWalk(fold: Fold, shape: readonly number[], places: NumberTensor): (at: number) => number {
  const axis = fold.axis(fold.int('axis', 0), shape.length);
  const fits = places.shape.length === shape.length;
  if (!fits || places.shape.some((length, at) => at !== axis && length > (shape[at] as number))) {
    const lists = `[${places.shape.join(', ')}] do not fit to [${shape.join(', ')}]`;
    throw fold.mismatch(`indices ${lists}`, { shape, indices: places.shape });
  }
  const strides = stridesOf(shape);
  const stride = strides[axis] as number;
  const walk = strideWalk(
    places.shape,
    strides.map((each, at) => (at === axis ? 0 : each)),
  );
  return (at) => walk() + fold.index(places.data[at] as number, shape[axis] as number) * stride;
}

const gatherElements: Operator = (fold) => {
  const [input, places] = [fold.input(0), indices(fold, 1)];
  const walk = elementWalk(fold, input.shape, places);
  return [rearranged(input, fold.shape(places.shape), walk)];
};

/** Where the blocks that a list of index tuples names begin, and the shape of one. */
function blocksOf(fold: Fold, shape: readonly number[], places: NumberTensor, batch: number) {
  const outer = places.shape.slice(0, -1);
  const depth = places.shape.at(-1) ?? Number.NaN;
  const isBatched = outer.length >= batch && shape.slice(0, batch).every((length, at) => length === outer[at]);
  if (!(batch >= 0 && depth >= 1 && depth + batch <= shape.length && isBatched)) {
    const lists = `indices [${places.shape.join(', ')}] do not fit to [${shape.join(', ')}]`;
    throw fold.mismatch(`${lists} with ${batch} batch axes`, { shape, indices: places.shape, batch });
  }
  const strides = stridesOf(shape);
  const inner = shape.slice(batch + depth);
  const perBatch = sizeOf(outer.slice(batch)) || 1;
  const batchStride = sizeOf(shape.slice(batch));
  const begins = Float64Array.from({ length: sizeOf(fold.shape(outer)) }, (_, row) => {
    let offset = Math.floor(row / perBatch) * batchStride;
    for (let at = 0; at < depth; at++) {
      const axis = batch + at;
      offset += fold.index(places.data[row * depth + at] as number, shape[axis] as number) * (strides[axis] as number);
    }
    return offset;
  });
  return { begins, outer, inner };
}

const gatherNd: Operator = (fold) => {
  const input = fold.input(0);
  const batch = fold.opset < 12 ? 0 : fold.int('batch_dims', 0);
  const { begins, outer, inner } = blocksOf(fold, input.shape, indices(fold, 1), batch);
  const block = sizeOf(inner);
  const indexOf = (at: number) => (begins[Math.floor(at / block)] as number) + (at % block);
  return [rearranged(input, fold.shape([...outer, ...inner]), indexOf)];
};

const REDUCTIONS: Readonly<Record<string, { since: number; join: (old: number, update: number) => number }>> = {
  none: { since: 11, join: (_, update) => update },
  add: { since: 16, join: (old, update) => old + update },
  mul: { since: 16, join: (old, update) => old * update },
  min: { since: 18, join: Math.min },
  max: { since: 18, join: Math.max },
};

/** Replaces elements of the first input by those of the third. */
function scattered(fold: Fold, updates: NumberTensor, places: (at: number) => number): NumberTensor {
  const input = fold.numbers(0);
  fold.sameType([input, updates]);
  const name = (fold.opset < 16 ? undefined : fold.attribute('reduction', 'string')) ?? 'none';
  const reduction = Object.hasOwn(REDUCTIONS, name) ? REDUCTIONS[name] : undefined;
  if (reduction === undefined || reduction.since > Math.max(fold.opset, 11)) {
    return refuseAttribute(fold.node, 'reduction', name, `one that operator set ${fold.opset} has`);
  }
  fold.shape(input.shape);
  const data = input.data.slice();
  const round = fold.rounder(input.type);
  for (const [at, update] of updates.data.entries()) {
    const place = places(at);
    data[place] = round(reduction.join(data[place] as number, update));
  }
  return { ...input, data };
}

function requireShape(fold: Fold, { shape }: NumberTensor, expected: readonly number[]): void {
  if (shape.join() === expected.join()) return;
  throw fold.mismatch(`updates are [${shape.join(', ')}], expected [${expected.join(', ')}]`, { shape, expected });
}

const scatterElements: Operator = (fold) => {
  const [input, places, updates] = [fold.numbers(0), indices(fold, 1), fold.numbers(2)];
  requireShape(fold, updates, places.shape);
  return [scattered(fold, updates, elementWalk(fold, input.shape, places))];
};

const scatterNd: Operator = (fold) => {
  const [input, places, updates] = [fold.numbers(0), indices(fold, 1), fold.numbers(2)];
  const { begins, outer, inner } = blocksOf(fold, input.shape, places, 0);
  requireShape(fold, updates, [...outer, ...inner]);
  const block = sizeOf(inner);
  return [scattered(fold, updates, (at) => (begins[Math.floor(at / block)] as number) + (at % block))];
};

/** Where an input is not 0: one row of indices for each axis. */
const nonZero: Operator = (fold) => {
  const { shape, data } = fold.numbers(0);
  if (shape.length === 0) throw fold.mismatch('input 0 has no axes, expected at least one');
  const found: number[] = [];
  for (const [at, number] of data.entries()) if (number !== 0) found.push(at);
  const strides = stridesOf(shape);
  const indexOf = (at: number) => {
    const axis = Math.floor(at / found.length);
    return Math.floor((found[at % found.length] as number) / (strides[axis] as number)) % (shape[axis] as number);
  };
  return [fold.compute('int64', [shape.length, found.length], indexOf)];
};

const oneHot: Operator = (fold) => {
  const [places, depth, values] = [fold.numbers(0), Math.trunc(fold.single(1)), fold.numbers(2)];
  const [off, on] = values.data;
  if (off === undefined || on === undefined || values.data.length !== 2) {
    throw fold.mismatch(`input 2 has the shape [${values.shape.join(', ')}], expected two numbers`);
  }
  const axis = fold.axis(fold.int('axis', -1), places.shape.length + 1);
  const shape = fold.shape([...places.shape.slice(0, axis), depth, ...places.shape.slice(axis)]);
  const inner = sizeOf(places.shape.slice(axis));
  const isHot = (at: number) => {
    const place = places.data[Math.floor(at / (inner * depth)) * inner + (at % inner)] as number;
    return (place < 0 ? place + depth : place) === Math.floor(at / inner) % depth;
  };
  return [fold.compute(values.type, shape, (at) => (isHot(at) ? on : off))];
};

export const GATHER: Readonly<Record<string, Operator>> = {
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherNd,
  Scatter: scatterElements,
  ScatterElements: scatterElements,
  ScatterND: scatterNd,
  NonZero: nonZero,
  OneHot: oneHot,
};
