/** The nodes and edges of a graph: symbolic values, and the operations between them. */
import { UsageError } from '../core/errors.js';
import { DESCRIBE } from '../core/options.js';
import { describeSize, type Extent, type ValueType } from './extent.js';
import type { storageBytes } from './generated/operations.js';
import type { Operation } from './operation.js';

/** How the numbers of a value lie in memory (native/kernels/storage.h). */
export type Storage = keyof typeof storageBytes;

/** Where a value that no operation makes comes from. */
export type Source = 'input' | 'parameter' | 'gradient' | 'optimizer' | 'buffer';

/**
 * A matrix [rows, columns] that a program computes or is given. Callers of the library see its sizes and its type; the rest is for
 * the graph and for what compiles it.
 */
export interface Value {
  readonly rows: Extent;
  readonly columns: number;
  readonly type: ValueType;
  /** @internal */
  readonly id: number;
  /** @internal How packed weights, or activations that are kept, are stored; default as the program computes. */
  readonly storage?: Storage;
  /** @internal int32: the smallest valid entry; packed: the number of gates. */
  readonly low: number;
  /** @internal int32: one more than the largest valid entry; equal to `low` where anything is valid. */
  readonly high: number;
  /** @internal Name of a value that comes from outside; undefined for a computed one. */
  readonly name?: string;
  /** @internal */
  readonly source?: Source;
  /** @internal Byte offset in its block, for parameters, gradients, optimizer state and buffers. */
  readonly offset?: number;
  /** @internal Whether the entries of an input must be finite and >= 0, which is checked before an execution. */
  readonly nonNegative?: true;
  /** @internal Row-major entries of an input that is the same in every execution: the program writes it by itself. */
  readonly constant?: readonly number[];
  /** @internal The node that computes it. */
  readonly node?: Node;
}

function spoken(value: Value): string {
  return `value ${describeSize(value)}`;
}

/** What a value is in messages, and in arithmetic of JavaScript, which knows nothing of it. */
const SPOKEN = {
  [DESCRIBE](this: Value): string {
    return spoken(this);
  },
  [Symbol.toPrimitive](this: Value, hint: string): string {
    if (hint === 'string') return spoken(this);
    const message = `${spoken(this)} is used as a number, but it stands for what a network will compute: use functions of bptt/operations, multiply(x, 2) in place of x * 2`;
    throw new UsageError('not_a_value', message);
  },
};

/** A value with these fields. */
export function newValue(fields: Value): Value {
  return Object.assign(Object.create(SPOKEN) as object, fields);
}

/** One operation applied to values. Absent optional operands are undefined. */
export interface Node {
  readonly operation: Operation;
  readonly inputs: ReadonlyMap<string, Value>;
  readonly attributes: readonly number[];
  readonly outputs: ReadonlyMap<string, Value>;
}

/** How a value is stored in a program that computes in `compute`. */
export function storageOf(value: Value, compute: Storage): Storage {
  const { type, storage } = value;
  if (storage !== undefined) return storage;
  return type === 'int32' || type === 'float64' ? type : compute;
}

/** An attribute of a node by its name. */
export function attributeOf({ operation, attributes }: Node, name: string): number {
  return attributes[operation.attributes.indexOf(name)] as number;
}
