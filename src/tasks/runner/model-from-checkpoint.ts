/** A model for use, with the weights of a checkpoint. */
import type { LoadedCheckpoint } from '../../checkpoint/checkpoint.js';
import type { Model } from '../../model/model.js';
import type { Network } from '../../model/network.js';
import type { LossDescription } from '../../network/losses/losses.js';
import { sgd } from '../../network/optimizers/optimizer.js';
import { modelTensors, restoreTensors } from '../../training/model-tensors.js';

/**
 * Compiles a network and takes its weights from a checkpoint. Nothing is trained: an optimizer without state of its own needs no
 * memory, and the initial values are written over, so they may be the cheapest ones.
 *
 * @param path of the checkpoint, for errors
 * @throws {CheckpointError} `checkpoint_mismatch` when its tensors do not fit
 */
export async function modelFrom(
  path: string,
  checkpoint: LoadedCheckpoint,
  {
    network,
    loss,
    threads,
  }: { readonly network: Network; readonly loss: LossDescription; readonly threads?: number | undefined },
): Promise<Model> {
  const model = await network.compile({
    loss,
    optimizer: sgd({ learningRate: 1 }),
    initializer: 'uniform:0',
    ...(threads !== undefined && { threads }),
  });
  try {
    takeWeights(path, checkpoint, model);
    return model;
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** Puts the weights of a checkpoint into a model. @throws {CheckpointError} `checkpoint_mismatch` when they do not fit */
export function takeWeights(path: string, checkpoint: LoadedCheckpoint, model: Model): void {
  restoreTensors(path, checkpoint, modelTensors({ parameters: model.parameters, optimizerState: new Map() }));
  model.parametersChanged();
}
