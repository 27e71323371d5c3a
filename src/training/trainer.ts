import { OptionError, UsageError } from '../core/errors.js';
import { describeValue } from '../core/options.js';
import { asTrainingSet, type TrainingData } from './plain-data.js';
import type { TrainableModel } from './trainable-model.js';
import { type CheckedTrainerOptions, checkTrainerOptions, type TrainerOptions } from './trainer-options.js';
import type { TrainingResult } from './training-result.js';
import { TrainingRun } from './training-run.js';

/** The models that are being trained. */
const IN_TRAINING = new WeakSet<TrainableModel>();

/**
 * Trains a model: epochs, validation, learning-rate schedule, checkpoints, metrics, progress.
 *
 * @example await new Trainer(model, { epochs: 10, clipNorm: 5, directory: 'runs/new-shakespeare' }).fit(corpus);
 * @example const { best, weights } = await new Trainer(model, { epochs: 20 }).fit({ inputs, targets, validation: 0.1 });
 */
export class Trainer {
  readonly #model: TrainableModel;
  readonly #options: CheckedTrainerOptions;
  #run: TrainingRun | undefined;

  /** @throws {OptionError} `invalid_option`, `unknown_option` */
  constructor(model: TrainableModel, options: TrainerOptions) {
    this.#options = checkTrainerOptions(options);
    this.#model = requireModel(model);
  }

  /** The newest checkpoint of the last `fit`, also when that was aborted or failed. */
  get lastCheckpoint(): { readonly step: number; readonly path: string } | undefined {
    return this.#run?.lastCheckpoint;
  }

  /**
   * Trains until the run has reached its length, stops early, fails or is aborted. With validation the model then has
   * the weights of the best validation, unless `keep` is `last`. After an error or an abort, and during the run, it has
   * the weights of the last step.
   *
   * @param data a corpus; `{ training, validation }`; only batches to train on; or plain sequences `{ inputs, targets }`,
   *   in their place or as `training`
   * @throws {OptionError | DataError | ConfigurationError | CheckpointError} before the first step, when something does not fit
   * @throws {UsageError} `model_busy` while another `fit` trains the model; then nothing has changed
   * @throws {NumericError} `non_finite_loss`, `non_finite_gradient`, with the step, the layer and the last good checkpoint
   * @throws the signal's reason after an abort, when the checkpoint has been written
   */
  async fit(data: TrainingData, ...others: never[]): Promise<TrainingResult> {
    const model = this.#model;
    if (others.length > 0) {
      const message = `fit takes one argument, such as { inputs, targets } or { training, validation }, got ${others.length + 1}`;
      throw new OptionError('invalid_option', message, { name: 'data', arguments: others.length + 1 });
    }
    if (IN_TRAINING.has(model)) {
      const message = 'another call of fit trains this model: wait for its end, or train another model';
      throw new UsageError('model_busy', message);
    }
    IN_TRAINING.add(model);
    try {
      return await this.#train(await TrainingRun.begin(model, asTrainingSet(data, model), this.#options));
    } finally {
      IN_TRAINING.delete(model);
    }
  }

  async #train(run: TrainingRun): Promise<TrainingResult> {
    const model = this.#model;
    this.#run = run;
    try {
      await run.afterStep(); // the part that an interrupted run had not done
      while (!run.finished) {
        for await (const { item, isLast } of run.remainingBatches()) {
          const batch = await run.prepared(item);
          const started = performance.now();
          const learningRate = run.learningRate;
          const result = await model.trainStep(batch, run.stepOptions(learningRate));
          const seconds = (performance.now() - started) / 1000;
          await run.recordStep({ item: batch, isLast }, result, { learningRate, seconds });
          await run.afterStep();
          if (run.finished) break;
        }
        if (run.epochDone) await run.endEpoch();
      }
      return await run.finish();
    } catch (error) {
      throw await run.interrupt(error);
    } finally {
      run.close();
    }
  }
}

/** @throws {OptionError} `invalid_option` for anything but a model, such as a network that is not compiled */
function requireModel(model: TrainableModel): TrainableModel {
  if (typeof model?.trainStep === 'function') return model;
  const isNetwork = typeof (model as { readonly compile?: unknown } | undefined)?.compile === 'function';
  const found = isNetwork
    ? 'a network that is not compiled: give await network.compile({ loss, optimizer })'
    : model instanceof Promise
      ? 'a promise: await the model, as in await network.compile({ loss, optimizer })'
      : describeValue(model);
  throw new OptionError('invalid_option', `Trainer takes a compiled model, got ${found}`, { name: 'model' });
}
