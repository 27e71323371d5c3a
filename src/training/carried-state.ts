/** The state that is carried from one batch of a reader to the next. */
import { UsageError } from '../core/errors.js';
import type { CarriedState } from '../model/execute/carried-state.js';
import type { TrainableModel } from './trainable-model.js';
import type { BatchReader } from './training-data.js';

/**
 * The state before the first batch of a reader, zero; undefined when every batch starts from zero.
 *
 * @throws {UsageError} `not_streamable` when states would be carried through a network with a layer that reads later
 * steps: the data that it needs are in later windows
 */
export function firstCarriedState(
  model: Pick<TrainableModel, 'newState' | 'lookAheadLayer'>,
  { carriedSequences }: BatchReader,
): CarriedState | undefined {
  if (carriedSequences === undefined) return undefined;
  const state = model.newState(carriedSequences);
  const layer = model.lookAheadLayer;
  if (layer === undefined || state.values.size === 0) return state;
  const message = `layer '${layer}' looks at later steps of a sequence, or has no output for each step: states cannot be carried from window to window of a long one; give whole sequences as batches`;
  throw new UsageError('not_streamable', message, { layer });
}
