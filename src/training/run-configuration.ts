import type { JsonObject } from '../core/json.js';
import { describeModel } from '../saved/model-metadata.js';
import type { TrainableModel } from './trainable-model.js';
import type { CheckedTrainerOptions } from './trainer-options.js';
import type { BatchReader } from './training-data.js';

/**
 * The configuration that a run directory stores, and that must be the same in a resumed run: everything that influences
 * the weights. The places and intervals of checkpoints and metrics may change.
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
  // Converted to text and back, so that undefined members are removed, as in the file.
  return JSON.parse(JSON.stringify(configuration)) as JsonObject;
}
