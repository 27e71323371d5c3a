/** The nodes and edges of a graph: symbolic values, and the operations between them. */
import type { storageBytes } from './generated/operations.js';
import type { Operation } from './operation.js';

/** A number of rows that is known only when a batch arrives: all packed rows of a time axis, or its sequences. */
export interface SymbolicExtent {
  readonly kind: 'steps' | 'batch';
  readonly axis: string;
}

/** A number of rows: fixed, or of a time axis. */
export type Extent = number | SymbolicExtent;

/** Entries of a value: the program's real type, 32-bit whole numbers, 64-bit run-time numbers, or packed weights. */
export type ValueType = 'real' | 'int32' | 'float64' | 'packed';

/** How the numbers of a value lie in memory (native/kernels/storage.h). */
export type Storage = keyof typeof storageBytes;

/** Where a value that no operation makes comes from. */
export type Source = 'input' | 'parameter' | 'gradient' | 'optimizer' | 'buffer';

/** A matrix [rows, columns] that a program computes or is given. */
export interface Value {
  readonly id: number;
  readonly rows: Extent;
  readonly columns: number;
  readonly type: ValueType;
  /** How packed weights are stored; default as the program computes. */
  readonly storage?: Storage;
  /** int32: the smallest valid entry; packed: the number of gates. */
  readonly low: number;
  /** int32: one more than the largest valid entry; equal to `low` where anything is valid. */
  readonly high: number;
  /** Name of a value that comes from outside; undefined for a computed one. */
  readonly name?: string;
  readonly source?: Source;
  /** Byte offset in its block, for parameters, gradients, optimizer state and buffers. */
  readonly offset?: number;
  /** Row-major entries of an input that is the same in every execution: the program writes it by itself. */
  readonly constant?: readonly number[];
  /** The node that computes it. */
  readonly node?: Node;
}

/** One operation applied to values. Absent optional operands are undefined. */
export interface Node {
  readonly operation: Operation;
  readonly inputs: ReadonlyMap<string, Value>;
  readonly attributes: readonly number[];
  readonly outputs: ReadonlyMap<string, Value>;
}

/** How a value is stored in a program that computes in `compute`. */
export function storageOf({ type, storage }: Value, compute: Storage): Storage {
  if (storage !== undefined) return storage;
  return type === 'int32' || type === 'float64' ? type : compute;
}

/** An attribute of a node by its name. */
export function attributeOf({ operation, attributes }: Node, name: string): number {
  return attributes[operation.attributes.indexOf(name)] as number;
}

/** Whether two extents are the same. */
export function sameExtent(a: Extent, b: Extent): boolean {
  if (typeof a === 'number' || typeof b === 'number') return a === b;
  return a.kind === b.kind && a.axis === b.axis;
}

/** An extent for people: `12`, `steps(time)`. */
export function describeExtent(extent: Extent): string {
  return typeof extent === 'number' ? String(extent) : `${extent.kind}(${extent.axis})`;
}

/** The output of that name; it exists because the row of the operation says so. */
export function only<T extends Readonly<Record<string, Value | undefined>>, K extends keyof T>(
  outputs: T,
  name: K,
): T[K] {
  return outputs[name];
}
