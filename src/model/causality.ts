/** Whether a network can be read step by step. */
import { isCausal } from '../layers/layers.js';
import type { NetworkDescription } from './network.js';

/**
 * Name of the first layer whose output at a step depends on later steps: one that reads sequences backwards, or pools over all
 * of their steps. undefined where there is none, and a state carries everything from one part of a sequence to the next.
 */
export function lookAheadLayer(description: NetworkDescription): string | undefined {
  return description.nodes.find(({ layer }) => !isCausal(layer))?.name;
}
