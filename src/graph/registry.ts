/** The registry of operations: one row each, in src/graph/operations, equal to native/kernels/operations.def. */
import { ShapeError } from '../core/errors.js';
import type { Operation, OperationDefinition } from './operation.js';
import { attentionOperations } from './operations/attention.js';
import { ctcOperations } from './operations/ctc.js';
import { elementwiseOperations } from './operations/elementwise.js';
import { gruOperations } from './operations/gru.js';
import { linearOperations } from './operations/linear.js';
import { lossOperations } from './operations/losses.js';
import { lstmOperations } from './operations/lstm.js';
import { normalizationOperations } from './operations/normalization.js';
import { penaltyOperations } from './operations/penalties.js';
import { randomOperations } from './operations/random.js';
import { recurrentOperations } from './operations/recurrent.js';
import { rnnOperations } from './operations/rnn.js';
import { timeOperations } from './operations/time.js';
import { twoAxesOperations } from './operations/two-axes.js';
import { updateOperations } from './operations/updates.js';
import { parseSignature } from './signature.js';

function complete(name: string, definition: OperationDefinition): Operation {
  const attributesText = definition.attributes ?? '';
  return {
    name,
    signature: parseSignature(definition.signature),
    signatureText: definition.signature,
    attributes: attributesText
      .split(' ')
      .filter(Boolean)
      .map((attribute) => attribute.slice(0, attribute.indexOf(':'))),
    attributesText,
    inPlace: definition.inPlace ?? {},
    constants: definition.constants ?? [],
    kept: definition.kept ?? [],
    role: definition.role ?? 'forward',
    ...(definition.gradient === undefined ? {} : { gradient: definition.gradient }),
  };
}

/** All operations by name. */
export const operations: ReadonlyMap<string, Operation> = new Map(
  Object.entries({
    ...linearOperations,
    ...recurrentOperations,
    ...rnnOperations,
    ...lstmOperations,
    ...gruOperations,
    ...normalizationOperations,
    ...timeOperations,
    ...twoAxesOperations,
    ...attentionOperations,
    ...randomOperations,
    ...penaltyOperations,
    ...elementwiseOperations,
    ...lossOperations,
    ...ctcOperations,
    ...updateOperations,
  }).map(([name, definition]) => [name, complete(name, definition)]),
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
