/** Whether a network can be read step by step. */
import { isCausal } from '../layers/layers.js';
import type { NetworkDescription } from './network.js';

/**
 * Name of the first layer that the output depends on and whose own output at a step depends on later steps: one that reads
 * sequences backwards, or pools over all of their steps. undefined where there is none, and a state carries everything from one
 * part of a sequence to the next.
 */
export function lookAheadLayer({ nodes, output }: NetworkDescription): string | undefined {
  const needed = new Set([output]);
  for (const { name, inputs } of [...nodes].reverse()) {
    if (needed.has(name)) for (const input of inputs) needed.add(input);
  }
  return nodes.find(({ name, layer }) => needed.has(name) && !isCausal(layer))?.name;
}
