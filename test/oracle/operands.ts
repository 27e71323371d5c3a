/** How a registry row of the reference reads what it was given: by name, and nothing unread is let through. */

import { OptionError, ShapeError } from '../../src/core/errors.js';
import type { Matrix } from './matrix.js';

/** Operands by name: numbers as matrices, ids and keys as integers, absent optional ones undefined or left out. */
export type OperandValues = Readonly<Record<string, Matrix | Int32Array | undefined>>;

/** Attributes by name. */
export type AttributeValues = Readonly<Record<string, number>>;

/** Reads the operands and attributes of one operation and remembers which, so that a misspelt name is an error. */
export class Operands {
  readonly #operation: string;
  readonly #values: OperandValues;
  readonly #attributes: AttributeValues;
  readonly #read = new Set<string>();

  constructor(operation: string, values: OperandValues, attributes: AttributeValues) {
    this.#operation = operation;
    this.#values = values;
    this.#attributes = attributes;
  }

  /** A required operand of numbers. */
  matrix(name: string): Matrix {
    const value = this.optional(name);
    if (value === undefined) {
      throw new ShapeError('shape_mismatch', `${this.#operation}: the operand ${name} is missing`);
    }
    return value;
  }

  /** An optional operand of numbers. */
  optional(name: string): Matrix | undefined {
    this.#read.add(name);
    const value = this.#values[name];
    if (value instanceof Int32Array) {
      throw new ShapeError('shape_mismatch', `${this.#operation}: the operand ${name} is int32, expected a matrix`);
    }
    return value;
  }

  /** A required operand of integers. */
  integers(name: string): Int32Array {
    this.#read.add(name);
    const value = this.#values[name];
    if (!(value instanceof Int32Array)) {
      throw new ShapeError('shape_mismatch', `${this.#operation}: the operand ${name} is missing or not int32`);
    }
    return value;
  }

  /** A required attribute. */
  attribute(name: string): number {
    this.#read.add(name);
    const value = this.#attributes[name];
    if (value === undefined) {
      throw new OptionError('invalid_option', `${this.#operation}: the attribute ${name} is missing`);
    }
    return value;
  }

  /** An attribute that is 0 when absent. */
  setting(name: string): number {
    this.#read.add(name);
    return this.#attributes[name] ?? 0;
  }

  /** An attribute that is 0 or 1 and has no default. */
  requiredFlag(name: string): boolean {
    this.attribute(name);
    return this.flag(name);
  }

  /** An attribute that is 0 or 1; false when absent. */
  flag(name: string): boolean {
    this.#read.add(name);
    const value = this.#attributes[name] ?? 0;
    if (value !== 0 && value !== 1) {
      throw new OptionError('invalid_option', `${this.#operation}: the attribute ${name} is ${value}, expected 0 or 1`);
    }
    return value === 1;
  }

  /**
   * To be called when everything was read.
   *
   * @throws {OptionError} `unknown_option` when an operand or attribute was given that the operation does not have
   */
  rejectUnread(): void {
    const given = Object.entries({ ...this.#attributes, ...this.#values });
    const unread = given.filter(([name, value]) => value !== undefined && !this.#read.has(name));
    if (unread.length > 0) {
      const names = unread.map(([name]) => name).join(', ');
      throw new OptionError('unknown_option', `${this.#operation} has no operand or attribute ${names}`);
    }
  }
}
