/** Writes a program in the flat form that the native side reads (native/program/format.h). */
import { NativeError } from '../core/errors.js';
import { operations } from '../graph/registry.js';
import type { Node, SymbolicExtent, Value, ValueType } from '../graph/value.js';
import { native } from '../native/addon.js';
import { ALIGNMENT } from '../native/memory.js';
import type { Location } from './layout.js';
import type { Instructions } from './schedule.js';

/** Largest sizes of a time axis that a program has room for. */
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

const MAGIC = 0x54505042;
const VERSION = 2;
const TYPES: Readonly<Record<ValueType, number>> = { real: 0, int32: 1, float64: 2, packed: 3 };

let opcodes: ReadonlyMap<string, number> | undefined;

/**
 * Opcodes by name, after a comparison of both registries.
 *
 * @throws {NativeError} `native_failed` when the addon was built from other sources
 */
export function opcodeOf(name: string): number {
  if (opcodes === undefined) {
    const table = native().operations();
    for (const row of table) {
      const mine = operations.get(row.name);
      if (mine?.signatureText !== row.signature || mine.attributesText !== row.attributes) {
        const message = `operation ${row.name} of the native addon differs from the library's; build the addon again`;
        throw new NativeError('native_failed', message, { operation: row.name });
      }
    }
    opcodes = new Map(table.map((row, index) => [row.name, index]));
  }
  const opcode = opcodes.get(name);
  if (opcode !== undefined) return opcode;
  throw new NativeError('native_failed', `the native addon has no operation ${name}; build it again`, {
    operation: name,
  });
}

/** Operands of a node in native order. */
function operandsOf(node: Node): (Value | undefined)[] {
  const { inputs, outputs } = node.operation.signature;
  return [...inputs.map((spec) => node.inputs.get(spec.name)), ...outputs.map((spec) => node.outputs.get(spec.name))];
}

/**
 * Writes the instructions.
 *
 * @param axes capacity of every time axis by name
 * @param locationOf where each value stands
 */
export function emitProgram(
  instructions: Instructions,
  isDouble: boolean,
  axes: ReadonlyMap<string, AxisCapacity>,
  locationOf: (value: Value) => Location,
): ProgramText {
  const axisNames = [...axes.keys()];
  const numbers = new Map<number, number>();
  const values: Value[] = [];
  const attributes: number[] = [];
  const body: number[] = [];
  for (const node of instructions.nodes) {
    body.push(opcodeOf(node.operation.name));
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
  const words = [MAGIC, VERSION, isDouble ? 1 : 0, axisNames.length, values.length, instructions.nodes.length];
  words.push(instructions.prepare, instructions.commit);
  for (const { steps, batch, rows } of axes.values()) words.push(steps, batch, rows);
  for (const value of values) {
    const { block, offset, stride, first } = locationOf(value);
    const kind = typeof value.rows === 'number' ? 0 : value.rows.kind === 'steps' ? 1 : 2;
    const rows = kind === 0 ? (value.rows as number) : axisNames.indexOf((value.rows as SymbolicExtent).axis);
    words.push(block, offset / ALIGNMENT, TYPES[value.type], kind, rows, value.columns, value.low, value.high);
    words.push(stride, first);
  }
  return {
    words: Int32Array.from(words.concat(body)),
    attributes: Float64Array.from(attributes),
    values,
  };
}
