/** The parts of a task as batches. */
import type { JsonObject } from '../../core/json.js';
import { SequenceBatches } from '../../data/sequence-batches.js';
import { TokenStreams } from '../../data/streams.js';
import type { RunTable, SequenceTable } from '../definition/common-options.js';
import type { AnyPart, Part } from '../definition/parts.js';
import type { AnyTask } from '../definition/task.js';
import type { Checked } from '../definition/task-options.js';
import { type PackedModel, packingOf } from './model-packing.js';

/**
 * Makes batches: streams are used as they are, examples are batched by the options `batch` or `tokens`.
 *
 * @throws {DataError | ShapeError} for an example that is wrong, naming it
 * @throws {ConfigurationError} `invalid_task` when neither the task nor the model defines the packing
 */
export function batchesOf(
  task: Pick<AnyTask, 'packing'>,
  part: AnyPart<unknown>,
  { options, saved, model }: { options: Checked<RunTable>; saved: JsonObject; model: PackedModel },
): TokenStreams | SequenceBatches<never> {
  if (part instanceof TokenStreams) return part;
  const { batch = 1, tokens } = options as Partial<Checked<SequenceTable>>;
  return new SequenceBatches(part as Part<never>, {
    ...(tokens === undefined ? { batch } : { tokens }),
    ...(task.packing?.(options, saved) ?? packingOf(model)),
  });
}
