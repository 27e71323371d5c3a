import type { JsonObject } from '../core/json.js';
import { describeModel } from '../saved/model-metadata.js';
import type { TrainableModel } from './trainable-model.js';
import type { CheckedTrainerOptions } from './trainer-options.js';
import type { BatchReader } from './training-data.js';

/**
 * What a run directory says of the run, and a resumed run must say again: everything that decides about the weights.
 * Where checkpoints and metrics are written, and how often, may change.
 */
export function runConfiguration(
  model: TrainableModel,
  options: CheckedTrainerOptions,
  learningRate: number,
  readers: { training: BatchReader; validation: BatchReader | undefined },
): JsonObject {
  const { schedule } = options;
  const configuration = {
    ...options.configuration,
    model: describeModel(model),
    training: {
      epochs: options.epochs,
      steps: options.steps,
      learningRate,
      schedule: typeof schedule === 'function' ? { kind: 'function' } : schedule,
      clipNorm: options.clipNorm,
      clipValue: options.clipValue,
      validateEvery: options.validateEvery,
      earlyStopping: options.earlyStopping,
      monitor: options.monitor,
    },
    data: { training: readers.training.description, validation: readers.validation?.description },
  };
  // Through its text: what is undefined goes away, as it will from the file.
  return JSON.parse(JSON.stringify(configuration)) as JsonObject;
}
