import type { LoadedCheckpoint } from '../checkpoint/checkpoint.js';
import type { StoredTensor } from '../checkpoint/tensor-types.js';
import { CheckpointError } from '../core/errors.js';
import type { CarriedState } from '../model/execute/carried-state.js';
import type { TrainableModel } from './trainable-model.js';

/**
 * All tensors of a model in training, by the names that they have in a checkpoint: `parameters/NAME`, `optimizer/NAME`,
 * `state/NAME`. The arrays are the model's own, not copies.
 */
export function modelTensors(
  model: Pick<TrainableModel, 'parameters' | 'optimizerState'>,
  state?: CarriedState,
): Map<string, StoredTensor & { readonly data: Float32Array }> {
  const tensors = new Map<string, StoredTensor & { readonly data: Float32Array }>();
  for (const [name, { shape, data }] of model.parameters) tensors.set(`parameters/${name}`, { shape, data });
  for (const [name, data] of model.optimizerState) tensors.set(`optimizer/${name}`, { shape: [data.length], data });
  for (const [name, data] of state?.values ?? []) {
    tensors.set(`state/${name}`, { shape: [state?.batch ?? 0, data.length / (state?.batch ?? 1)], data });
  }
  return tensors;
}

/**
 * Copies the tensors of a checkpoint into a model's own. Those of the checkpoint that the model does not ask for are left
 * alone; nothing is copied unless everything fits.
 *
 * @param wanted as `modelTensors` gives them
 * @throws {CheckpointError} `checkpoint_mismatch`, naming the first tensor that is missing or of another shape or type
 */
export function restoreTensors(
  path: string,
  checkpoint: LoadedCheckpoint,
  wanted: ReadonlyMap<string, StoredTensor & { readonly data: Float32Array }>,
): void {
  const copies: (() => void)[] = [];
  for (const [name, { shape, data }] of wanted) {
    const stored = checkpoint.tensors.get(name);
    const there = stored === undefined ? 'absent' : `${stored.dtype} [${stored.shape.join(', ')}]`;
    const here = `F32 [${shape.join(', ')}]`;
    if (!(stored?.data instanceof Float32Array) || there !== here) {
      throw new CheckpointError(
        'checkpoint_mismatch',
        `'${path}' does not fit the model: tensor '${name}' is ${there} there and ${here} here`,
        { path, tensor: name, there, here },
      );
    }
    const values = stored.data;
    copies.push(() => data.set(values));
  }
  for (const copy of copies) copy();
}
