/** Checks whether the tensors of a checkpoint belong to a network, before memory for the network is allocated. */
import type { LoadedCheckpoint } from '../checkpoint/checkpoint.js';
import { CheckpointError } from '../core/errors.js';
import { checkedLayout } from '../model/build/checked-layout.js';
import type { ParameterLayout } from '../model/build/parameters.js';
import type { NetworkDescription } from '../network/description.js';
import { PREFIX, requireShape } from './model-tensors.js';

/**
 * Each parameter is compared with the tensor of its name. Nothing larger than the file is ever allocated.
 *
 * @param slots names of the optimizer's state for each parameter; undefined when that is not read
 * @throws {CheckpointError} `checkpoint_mismatch`, naming a tensor that is missing, of another shape, or not needed
 * @throws {ShapeError} `shape_mismatch`, `rank_mismatch` when the layers do not fit together
 */
export function requireStoredParameters(
  path: string,
  checkpoint: LoadedCheckpoint,
  description: NetworkDescription,
  slots: readonly string[] | undefined,
): void {
  const layout = checkedLayout(description, (what, name, shape) => {
    requireShape(path, checkpoint, PREFIX[what] + name, shape);
  });
  const known = new Set([...layout.requests.keys()].map((name) => PREFIX.parameter + name));
  for (const name of layout.buffers.keys()) known.add(PREFIX.buffer + name);
  if (slots !== undefined) requireOptimizerState(path, checkpoint, layout, slots, known);
  for (const name of checkpoint.tensors.keys()) {
    const isWeight = name.startsWith(PREFIX.parameter) || name.startsWith(PREFIX.buffer);
    const isRead = isWeight || (slots !== undefined && name.startsWith(PREFIX.optimizer));
    if (isRead && !known.has(name)) requireShape(path, checkpoint, name, undefined);
  }
}

function requireOptimizerState(
  path: string,
  checkpoint: LoadedCheckpoint,
  layout: ParameterLayout,
  slots: readonly string[],
  known: Set<string>,
): void {
  const isLeftOut = ![...checkpoint.tensors.keys()].some((name) => name.startsWith(PREFIX.optimizer));
  if (isLeftOut && slots.length > 0 && layout.requests.size > 0) {
    const message = `'${path}' was saved without the state of the optimizer (${slots.join(', ')}): it can be used but not trained; load it with the option training: false`;
    throw new CheckpointError('checkpoint_mismatch', message, { path, slots });
  }
  for (const slot of slots) {
    for (const [name, { request }] of layout.requests) {
      const tensor = `${PREFIX.optimizer}${slot}/${name}`;
      requireShape(path, checkpoint, tensor, [request.rows * request.columns]);
      known.add(tensor);
    }
  }
}
