/** What operators that compute nothing share. */
import { columnAxes } from '../emission.js';
import type { OperatorContext } from '../operator-context.js';
import type { Size } from '../sizes.js';
import type { Movable, Repeated } from '../value.js';
import { constantColumns } from './constant-columns.js';

/** What can be moved: anything but constants, which are folded. */
export function movable(context: OperatorContext, at = 0): Movable {
  const value = context.input(at);
  if (value.kind === 'repeated') return repeated(context, value);
  if (value.kind === 'constant' || value.kind === 'shape')
    return context.refuse(`input ${at} is constant and was not folded`);
  return value;
}

function repeated(context: OperatorContext, { sizes, constant }: Repeated): Movable {
  return constantColumns(context, constant.read().data as ArrayLike<number>, { from: constant.name, sizes });
}

/** The same elements under other sizes, in the same order of the axes of columns. */
export function resized(
  value: Movable,
  sizes: readonly Size[],
  order: (old: readonly number[]) => readonly number[],
): Movable {
  return value.kind === 'computed' ? { ...value, sizes, order: order(value.order) } : { ...value, sizes };
}

/** Axes removed or added: `places` says where each remaining axis of before is now. */
export function moved(value: Movable, sizes: readonly Size[], places: ReadonlyMap<number, number>): Movable {
  return resized(value, sizes, (old) => {
    const kept = old.flatMap((axis) => places.get(axis) ?? []);
    const added = columnAxes(sizes).filter((axis) => !kept.includes(axis));
    return [...added, ...kept];
  });
}
