/** The registry of operations: the rows of native/kernels/operations.def with the gradient rules of src/graph/operations. */
import { ShapeError } from '../core/errors.js';
import { operationRows } from './generated/operations.js';
import type { NamedRule, Operation, OperationRow } from './operation.js';
import { attentionRules } from './operations/attention.js';
import { batchNormalizationRules } from './operations/batch-normalization.js';
import { convolutionRules } from './operations/convolution.js';
import { ctcRules } from './operations/ctc.js';
import { elementwiseRules } from './operations/elementwise.js';
import { gruRules } from './operations/gru.js';
import { linearRules } from './operations/linear.js';
import { lossRules } from './operations/losses.js';
import { lstmRules } from './operations/lstm.js';
import { normalizationRules } from './operations/normalization.js';
import { penaltyRules } from './operations/penalties.js';
import { rnnRules } from './operations/rnn.js';
import { timeRules } from './operations/time.js';
import { twoAxesRules } from './operations/two-axes.js';
import { parseAttributes, parseSignature } from './signature.js';

const rules = new Map<string, NamedRule[1]>([
  ...linearRules,
  ...convolutionRules,
  ...rnnRules,
  ...lstmRules,
  ...gruRules,
  ...normalizationRules,
  ...batchNormalizationRules,
  ...timeRules,
  ...twoAxesRules,
  ...attentionRules,
  ...penaltyRules,
  ...elementwiseRules,
  ...lossRules,
  ...ctcRules,
]);

function complete(name: string, row: OperationRow, opcode: number): Operation {
  const { operands, attributes, ...rest } = row;
  const gradient = rules.get(name);
  return {
    name,
    opcode,
    signature: parseSignature(operands),
    attributes: parseAttributes(attributes),
    ...rest,
    ...(gradient === undefined ? {} : { gradient }),
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
