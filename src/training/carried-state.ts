/** The state that is carried from one batch of a reader to the next. */
import { statesNotCarried } from '../model/build/causality.js';
import type { CarriedState } from '../model/execute/carried-state.js';
import type { TrainableModel } from './trainable-model.js';
import type { BatchReader } from './training-data.js';

/**
 * The state before the first batch of a reader, zero; undefined when every batch starts from zero,
 * and when there is nothing to carry through a layer that reads later steps.
 *
 * @throws {UsageError} `not_streamable` when states would be carried through a network with a layer that reads later
 * steps: the data that it needs are in later windows
 */
export function firstCarriedState(
  model: Pick<TrainableModel, 'newState' | 'streamObstacle'>,
  { carriedSequences }: BatchReader,
): CarriedState | undefined {
  if (carriedSequences === undefined) return undefined;
  const state = model.newState(carriedSequences);
  const obstacle = model.streamObstacle;
  if (obstacle === undefined) return state;
  if (state.values.size === 0) return undefined;
  throw statesNotCarried(obstacle);
}
