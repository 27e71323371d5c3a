/** Sizes of what nodes cut out of values, as far as they are clear. */
import { broadcastShape } from '../constants/constant-tensor.js';
import type { OnnxNode } from '../ir.js';

/** Sizes of a value; undefined for those that are not known. */
export type Sizes = readonly (number | undefined)[];

/** Constant lists of numbers in a graph. */
export interface KnownLists {
  readonly opset: number;
  /** The numbers of a constant value; undefined for others. */
  numbers(name: string | undefined): number[] | undefined;
  /** A list that is an attribute before an operator set, and an input from then on. */
  listed(node: OnnxNode, attribute: string, input: number): number[] | undefined;
}

/** A whole number of a node. */
export function int(node: OnnxNode, name: string, otherwise: number): number {
  const found = node.attributes.get(name);
  return found?.kind === 'int' ? found.value : otherwise;
}

/** Yes or no of a node. */
export function flag(node: OnnxNode, name: string): boolean {
  return int(node, name, 0) !== 0;
}

/** Sizes with axes of 1 added. */
export function withOnes(sizes: Sizes, axes: readonly number[]): Sizes {
  const rank = sizes.length + axes.length;
  const added = new Set(axes.map((axis) => (axis < 0 ? axis + rank : axis)));
  const rest = sizes.values();
  return Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : rest.next().value));
}

/** Sizes of two values that are spread to one shape. What is not known stays so, unless the other one is larger than 1. */
export function spread(a: Sizes, b: Sizes): Sizes | undefined {
  const rank = Math.max(a.length, b.length);
  const at = (sizes: Sizes, axis: number) => (axis < rank - sizes.length ? 1 : sizes[axis - rank + sizes.length]);
  return Array.from({ length: rank }, (_, axis) => {
    const [left, right] = [at(a, axis), at(b, axis)];
    if (left !== undefined && right !== undefined) return broadcastShape([[left], [right]])?.[0];
    return [left, right].find((size) => size !== undefined && size > 1);
  });
}

/** A part of an axis; `to` is undefined for the end of an axis whose length is not known. */
export interface Range {
  readonly from: number;
  readonly to: number | undefined;
}

/** Where the parts of a `Split` begin and end; undefined where that is not clear. */
export function splitParts(
  facts: KnownLists,
  node: OnnxNode,
  sizes: Sizes,
): { from: number; to: number }[] | undefined {
  const axis = int(node, 'axis', 0);
  const length = sizes[axis < 0 ? axis + sizes.length : axis];
  const count = node.outputs.length;
  const given = facts.listed(node, 'split', 1);
  if (given === undefined && (length === undefined || node.inputs.length > 1)) return undefined;
  const equal = Math.ceil((length ?? 0) / count);
  const parts =
    given ?? Array.from({ length: count }, (_, at) => Math.min(equal, Math.max((length ?? 0) - at * equal, 0)));
  let from = 0;
  return parts.map((size) => {
    from += size;
    return { from: from - size, to: from };
  });
}

/** The part of each axis that a `Slice` takes; undefined where that is not clear, or steps are not 1. */
export function sliceRanges(facts: KnownLists, node: OnnxNode, sizes: Sizes): Range[] | undefined {
  const isOld = facts.opset < 10;
  const starts = facts.listed(node, 'starts', 1);
  const ends = facts.listed(node, 'ends', 2);
  const hasInput = (at: number) => !isOld && (node.inputs[at] ?? '') !== '';
  const axes = facts.listed(node, 'axes', 3) ?? (hasInput(3) ? undefined : starts?.map((_, at) => at));
  const steps = hasInput(4) ? facts.numbers(node.inputs[4]) : starts?.map(() => 1);
  if (starts === undefined || ends === undefined || axes === undefined || steps?.some((step) => step !== 1) !== false)
    return undefined;
  const ranges: Range[] = sizes.map(() => ({ from: 0, to: undefined }));
  for (const [at, given] of axes.entries()) {
    const axis = given < 0 ? given + sizes.length : given;
    const range = rangeWithin(starts[at] as number, ends[at] as number, sizes[axis]);
    if (range === undefined) return undefined;
    ranges[axis] = range;
  }
  return ranges;
}

function rangeWithin(start: number, end: number, length: number | undefined): Range | undefined {
  if (length === undefined) return start === 0 && end >= 2 ** 31 - 1 ? { from: 0, to: undefined } : undefined;
  const place = (index: number) => Math.min(Math.max(index < 0 ? index + length : index, 0), length);
  return place(start) < place(end) ? { from: place(start), to: place(end) } : undefined;
}
