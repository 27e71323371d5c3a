/** The registry of operations: the rows of native/kernels/operations.def. */
import { ShapeError } from '../core/errors.js';
import { operationRows } from './generated/operations.js';
import type { Operation, OperationRow } from './operation.js';
import { parseAttributes, parseSignature } from './signature.js';

function complete(name: string, row: OperationRow, opcode: number): Operation {
  const { operands, attributes, ...rest } = row;
  return {
    name,
    opcode,
    signature: parseSignature(operands),
    attributes: parseAttributes(attributes),
    ...rest,
  };
}

/** All operations by name, in the order of their opcodes. */
export const operations: ReadonlyMap<string, Operation> = new Map(
  Object.entries(operationRows).map(([name, row], opcode) => [name, complete(name, row, opcode)]),
);

/**
 * The operation of that name.
 *
 * @throws {ShapeError} `shape_mismatch` when there is none
 */
export function operation(name: string): Operation {
  const found = operations.get(name);
  if (found === undefined) throw new ShapeError('shape_mismatch', `there is no operation ${name}`, { name });
  return found;
}
