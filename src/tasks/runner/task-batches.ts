/** The parts of a task as batches. */
import type { JsonObject } from '../../core/json.js';
import { SequenceBatches } from '../../data/sequence-batches.js';
import { TokenStreams } from '../../data/streams.js';
import type { CommonTable, SequenceTable } from '../definition/common-options.js';
import type { AnyPart, AnyTask, Part, TaskContext } from '../definition/task.js';
import type { Checked } from '../definition/task-options.js';

/**
 * Streams as they are, examples by the options `batch` or `tokens`.
 *
 * @throws {DataError | ShapeError} for an example that is wrong, naming it
 */
export function batchesOf(
  task: AnyTask,
  part: AnyPart<unknown>,
  { options, saved }: TaskContext<CommonTable, JsonObject>,
): TokenStreams | SequenceBatches<never> {
  if (part instanceof TokenStreams) return part;
  const { batch = 1, tokens } = options as Partial<Checked<SequenceTable>>;
  return new SequenceBatches(part as Part<never>, {
    ...(tokens === undefined ? { batch } : { tokens }),
    ...task.packing?.(options, saved),
  });
}
