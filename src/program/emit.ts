/** Writes a program in the flat form that the native side reads (native/program/format.h). */
import type { ValueType } from '../graph/extent.js';
import { format, operationsFingerprint, storageBytes } from '../graph/generated/operations.js';
import { type Node, type Storage, storageOf, type Value } from '../graph/value.js';
import { native } from '../native/addon.js';
import { outdatedError } from '../native/loader.js';
import { ALIGNMENT } from '../native/memory.js';
import type { Location } from './layout.js';
import type { Instructions } from './schedule.js';

/** The capacity of a program for a time axis. */
export interface AxisCapacity {
  /** T, steps of the longest sequence. */
  readonly steps: number;
  /** B, sequences. */
  readonly batch: number;
  /** N, valid steps of all sequences together. */
  readonly rows: number;
}

/** The flat form. */
export interface ProgramText {
  readonly words: Int32Array;
  readonly attributes: Float64Array;
  /** Values in the order of their native numbers. */
  readonly values: readonly Value[];
}

const TYPES: Readonly<Record<ValueType, number>> = {
  real: format.real,
  int32: format.int32,
  float64: format.float64,
  packed: format.packed,
};

function codeOf(storage: Storage): number {
  return Object.keys(storageBytes).indexOf(storage);
}

/**
 * Makes sure that the addon knows the same operations.
 *
 * @throws {NativeError} `native_outdated` when the addon was built from other sources
 */
function requireSameOperations(): void {
  const found = native().operationsFingerprint();
  if (found === operationsFingerprint) return;
  const expected = operationsFingerprint;
  throw outdatedError(`the operations ${found}, and this code needs ${expected}`, { expected, found });
}

/** Operands of a node in native order. */
function operandsOf(node: Node): (Value | undefined)[] {
  const { inputs, outputs } = node.operation.signature;
  return [...inputs.map((spec) => node.inputs.get(spec.name)), ...outputs.map((spec) => node.outputs.get(spec.name))];
}

/**
 * Writes the instructions.
 *
 * @param compute type of the arithmetic
 * @param axes capacity of every time axis by name
 * @param locationOf where each value is
 */
export function emitProgram(
  instructions: Instructions,
  compute: Storage,
  axes: ReadonlyMap<string, AxisCapacity>,
  locationOf: (value: Value) => Location,
): ProgramText {
  requireSameOperations();
  const axisNames = [...axes.keys()];
  const numbers = new Map<number, number>();
  const values: Value[] = [];
  const attributes: number[] = [];
  const body: number[] = [];
  for (const node of instructions.nodes) {
    body.push(node.operation.opcode);
    for (const operand of operandsOf(node)) {
      if (operand === undefined) {
        body.push(-1);
        continue;
      }
      let number = numbers.get(operand.id);
      if (number === undefined) {
        number = values.length;
        numbers.set(operand.id, number);
        values.push(operand);
      }
      body.push(number);
    }
    body.push(attributes.length);
    attributes.push(...node.attributes);
  }
  const words: number[] = [
    format.magic,
    format.version,
    codeOf(compute),
    axisNames.length,
    values.length,
    instructions.nodes.length,
  ];
  words.push(instructions.prepare, instructions.commit);
  for (const { steps, batch, rows } of axes.values()) words.push(steps, batch, rows);
  for (const value of values) {
    const { block, offset, stride, first } = locationOf(value);
    const kind = typeof value.rows === 'number' ? format.fixed : format[value.rows.kind];
    const rows = typeof value.rows === 'number' ? value.rows : axisNames.indexOf(value.rows.axis);
    words.push(block, offset / ALIGNMENT, TYPES[value.type], codeOf(storageOf(value, compute)), kind, rows);
    words.push(value.columns, value.low, value.high, stride, first);
  }
  return {
    words: Int32Array.from(words.concat(body)),
    attributes: Float64Array.from(attributes),
    values,
  };
}
