/** Sizes and types of values. */

/** A number of rows that is known only when a batch arrives: all packed rows of a time axis, or its sequences. */
export interface SymbolicExtent {
  readonly kind: 'steps' | 'batch';
  readonly axis: string;
}

/** A number of rows: fixed, or of a time axis. */
export type Extent = number | SymbolicExtent;

/** Entries of a value: the program's real type, 32-bit whole numbers, 64-bit run-time numbers, or packed weights. */
export type ValueType = 'real' | 'int32' | 'float64' | 'packed';

/** Whether two extents are the same. */
export function sameExtent(a: Extent, b: Extent): boolean {
  if (typeof a === 'number' || typeof b === 'number') return a === b;
  return a.kind === b.kind && a.axis === b.axis;
}

/** Name of the time axis of everything that names none. */
export const TIME = 'time';

/** Rows and columns for people, with the letters of the documentation: `[3, 5]`, `[N, 4]`, `[B, 4]`; `[N(source), 4]` on another axis. */
export function describeSize({ rows, columns }: { readonly rows: Extent; readonly columns: number }): string {
  if (typeof rows === 'number') return `[${rows}, ${columns}]`;
  const letter = rows.kind === 'steps' ? 'N' : 'B';
  return `[${letter}${rows.axis === TIME ? '' : `(${rows.axis})`}, ${columns}]`;
}

/** An extent for people: `12`, `steps(time)`. */
export function describeExtent(extent: Extent): string {
  return typeof extent === 'number' ? String(extent) : `${extent.kind}(${extent.axis})`;
}
