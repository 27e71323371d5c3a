/** A small network that trains, and batches for it. */
import type { Batch } from '../../src/batch/batch.js';
import { packSequences } from '../../src/batch/packed-batch.js';
import { type Checkpoint, loadCheckpointSync, saveCheckpointSync } from '../../src/checkpoint/checkpoint.js';
import type { JsonObject } from '../../src/core/json.js';
import { Random } from '../../src/core/random.js';
import type { Model } from '../../src/model/model.js';
import { type Network, sequential } from '../../src/model/network.js';
import { dense } from '../../src/network/layers/dense.js';
import { lstm } from '../../src/network/layers/recurrent.js';
import { adam } from '../../src/network/optimizers/optimizer.js';

/** Two numbers a step in, one out; dropout draws random numbers in every step. */
export function smallNetwork(units = 4): Network {
  return sequential([lstm({ units, layers: 2, dropout: 0.3 }), dense({ units: 1 })], { features: 2 });
}

export const settings = {
  loss: 'meanSquaredError',
  optimizer: adam({ learningRate: 0.02 }),
  seed: 9,
  threads: 1,
  initializer: 'uniform:0.2',
} as const;

/** Batches of three sequences each, the same for the same count. */
export function smallBatches(count: number): Batch[] {
  const random = new Random(3, 'small batches');
  const row = (length: number) => Float32Array.from({ length }, () => random.uniform());
  return Array.from({ length: count }, () => {
    const lengths = [4, 2, 3];
    return packSequences(
      lengths.map((length) => row(2 * length)),
      { features: 2, targets: lengths.map(row) },
    );
  });
}

/** The small network after this number of training steps. */
export function trainedModel(steps = 5): Model {
  const model = smallNetwork().compileSync(settings);
  for (const batch of smallBatches(steps)) model.trainStepSync(batch, { clipNorm: 1 });
  return model;
}

/** Copies of all trained values of a model. */
export function contentOf({ parameters, optimizerState, step }: Model): unknown {
  const values = [...parameters].map(([name, { data }]) => [name, [...data]] as const);
  return { step, parameters: values, optimizer: [...optimizerState].map(([name, data]) => [name, [...data]]) };
}

/** The same checkpoint with other content and a correct checksum, as a hostile or an old file may have it. */
export function rewrite(
  path: string,
  change: (checkpoint: Checkpoint & { readonly metadata: JsonObject }) => Checkpoint,
) {
  saveCheckpointSync(path, change(loadCheckpointSync(path)));
}
