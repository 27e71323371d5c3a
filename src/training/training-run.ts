import type { Batch } from '../batch/batch.js';
import { NumericError } from '../core/errors.js';
import { createSchedule } from '../network/schedules/create-schedule.js';
import { BestWeights } from './best-weights.js';
import { notify, type RunPosition } from './callbacks.js';
import { firstCarriedState } from './carried-state.js';
import { EarlyStopping } from './early-stopping.js';
import { markLast } from './mark-last.js';
import { requireScore } from './monitor.js';
import { progressOn, silentProgress } from './progress.js';
import { formatEnd, formatLoss, formatStart, formatValidation } from './progress-text.js';
import { RunCheckpoints, type RunParts, type SavedCheckpoint, withLastCheckpoint } from './run-checkpoints.js';
import { runConfiguration } from './run-configuration.js';
import { RunLog } from './run-log.js';
import { RunState } from './run-state.js';
import type { StepCounts, TrainableModel } from './trainable-model.js';
import { type CheckedTrainerOptions, requireValidationFor } from './trainer-options.js';
import { type BatchReader, noBatches, readForTraining, readForValidation, type TrainingSet } from './training-data.js';
import { type StopReason, type TrainingResult, trainingResult } from './training-result.js';
import { evaluateOn, type LossSummary, lossParts, summarizeLoss } from './validation.js';

/**
 * One call of `Trainer.fit`: everything except the optimizer steps. What the loop does next depends on `RunState`
 * alone. So a state from a checkpoint continues exactly like the run's own.
 */
export class TrainingRun {
  readonly #options: CheckedTrainerOptions;
  readonly #parts: RunParts;
  readonly #training: BatchReader;
  readonly #validation: BatchReader | undefined;
  readonly #checkpoints: RunCheckpoints | undefined;
  readonly #log: RunLog;
  readonly #bestWeights: BestWeights;
  #state = new RunState();
  #unsaved = true;
  #bestUnsaved = false;
  #stopRequested = false;
  #trained = { steps: 0, seconds: 0 };

  private constructor(model: TrainableModel, set: TrainingSet, options: CheckedTrainerOptions) {
    const { epochs, steps, schedule, directory, progress = true } = options;
    this.#options = options;
    this.#training = readForTraining(set.training, model);
    this.#validation = set.validation === undefined ? undefined : readForValidation(set.validation);
    requireValidationFor(options, this.#validation !== undefined);
    // Refused here, and not after an epoch of training.
    if (this.#validation !== undefined) firstCarriedState(model, this.#validation);
    if (options.metrics !== undefined) model.checkMetrics?.(options.metrics);

    const learningRate = options.learningRate ?? model.optimizer.learningRate;
    const { batchesPerEpoch: stepsPerEpoch } = this.#training;
    const length = Math.min(steps ?? Infinity, (epochs ?? Infinity) * (stepsPerEpoch ?? Infinity));
    const totalSteps = Number.isFinite(length) ? length : undefined;
    const readers = { training: this.#training, validation: this.#validation };
    this.#parts = {
      model,
      carried: firstCarriedState(model, this.#training),
      schedule: createSchedule(schedule, { learningRate, totalSteps, stepsPerEpoch }),
      earlyStopping: options.earlyStopping && new EarlyStopping(options.earlyStopping),
      vocabulary: set.vocabulary,
      configuration: directory === undefined ? {} : runConfiguration(model, options, learningRate, readers),
    };
    if (directory !== undefined) {
      const { resume = false, keepCheckpoints: keepLast = 3, saveWhile } = options;
      this.#checkpoints = RunCheckpoints.open(directory, this.#parts.configuration, { resume, keepLast, saveWhile });
    }
    this.#bestWeights = new BestWeights(model, this.#checkpoints, options.keep);
    const reporter = typeof progress === 'object' ? progress : progress ? progressOn(process.stderr) : silentProgress;
    this.#log = new RunLog(this.#checkpoints?.directory.metrics, reporter, { totalSteps, epochs });
  }

  /** Starts a run, or resumes it from its newest checkpoint. Throws before anything has changed. */
  static async begin(model: TrainableModel, set: TrainingSet, options: CheckedTrainerOptions): Promise<TrainingRun> {
    options.signal?.throwIfAborted();
    const run = new TrainingRun(model, set, options);
    try {
      await run.#start();
      return run;
    } catch (error) {
      run.close();
      throw error;
    }
  }

  async #start(): Promise<void> {
    const { resume, callbacks } = this.#options;
    const restored = resume === true ? await this.#checkpoints?.restore(this.#parts) : undefined;
    if (restored !== undefined) {
      this.#state = restored.state;
      this.#unsaved = false;
      this.#log.resumeAt(restored.state.step);
    }
    await notify(callbacks, 'onStart', { ...this.#position(), resumedFrom: restored?.latest.path });
    this.#log.begin(this.#state.step, this.#state.epoch + 1);
    for (const line of formatStart(this.#options, restored?.latest, this.#state)) this.#log.note(line);
    if (restored !== undefined || this.#options.validateFirst !== true || this.#validation === undefined) return;
    this.#log.note(`before training  ${formatValidation(await this.#validate(this.#validation, true))}`);
    await this.#save();
  }

  /** The newest checkpoint. */
  get lastCheckpoint(): SavedCheckpoint | undefined {
    return this.#checkpoints?.last;
  }

  get finished(): boolean {
    return this.#stopReason !== undefined;
  }

  /** Whether all batches of the epoch have been trained on. */
  get epochDone(): boolean {
    return this.#state.epochDone;
  }

  /** Learning rate of the next step. */
  get learningRate(): number {
    return this.#parts.schedule.rate(this.#state.step, this.#state.epoch);
  }

  /** The batches of the epoch that have not been trained on yet. */
  async *remainingBatches(): AsyncGenerator<{ item: Batch; isLast: boolean }> {
    const { epoch, batch, epochDone } = this.#state;
    if (epochDone) return;
    let isEmpty = true;
    for await (const next of markLast(this.#training.batches(epoch, batch))) {
      isEmpty = false;
      yield next;
    }
    if (!isEmpty) return;
    throw noBatches(epoch, batch);
  }

  /** The batch that the next step trains on. */
  async prepared(batch: Batch): Promise<Batch> {
    const { step, epoch } = this.#state;
    return (await this.#options.prepare?.(batch, { step, epoch })) ?? batch;
  }

  /** The arguments of `trainStep`. */
  stepOptions(learningRate: number): Parameters<TrainableModel['trainStep']>[1] {
    const { clipNorm, clipValue, signal } = this.#options;
    const { carried } = this.#parts;
    return {
      learningRate,
      ...(clipNorm !== undefined && { clipNorm }),
      ...(clipValue !== undefined && { clipValue }),
      ...(carried !== undefined && { state: carried }),
      ...(signal !== undefined && { signal }),
    };
  }

  /** Counts a finished step, and reports it. */
  async recordStep(
    { item: batch, isLast }: { readonly item: Batch; readonly isLast: boolean },
    result: StepCounts & { readonly loss: number; readonly gradientNorm: number },
    { learningRate, seconds }: { readonly learningRate: number; readonly seconds: number },
  ): Promise<void> {
    const state = this.#state;
    const { loss, gradientNorm, steps } = result;
    const losses = lossParts(batch, result, this.#parts.model.loss);
    state.step += 1;
    state.batch += 1;
    state.epochDone = isLast;
    state.tokens += steps;
    state.epochLoss.add(losses);
    state.intervalLoss.add(losses);
    state.intervalNorm.add(gradientNorm, 1);
    this.#unsaved = true;
    this.#trained.steps += steps;
    this.#trained.seconds += seconds;
    this.#log.step(state.step, state.epoch + 1, loss, steps, seconds);
    if (state.step % this.#options.metricsEvery === 0) this.#recordInterval(learningRate);
    await notify(this.#options.callbacks, 'onStep', { ...this.#position(), loss, gradientNorm, learningRate });
  }

  /** Validation and checkpoint within an epoch, when they are due. */
  async afterStep(): Promise<void> {
    const { step, epochDone, lastValidation } = this.#state;
    const { validateEvery, checkpointEvery } = this.#options;
    if (step === 0 || epochDone) return; // the end of the epoch does both
    const isDue = validateEvery !== undefined && step % validateEvery === 0 && lastValidation?.step !== step;
    if (isDue && this.#validation !== undefined) {
      const summary = await this.#validate(this.#validation, true);
      this.#log.note(`step ${step}  ${formatValidation(summary)}`);
    }
    if (this.#bestUnsaved || step % checkpointEvery === 0) await this.#save();
  }

  /** Validation, checkpoint and report at the end of an epoch. */
  async endEpoch(): Promise<void> {
    const state = this.#state;
    const position = this.#position();
    const { step, epoch } = position;
    const validation = this.#validation && (await this.#validate(this.#validation, true));
    const trainingLoss = state.epochLoss.loss;
    this.#log.record('epoch', { step, epoch, loss: trainingLoss, tokens: state.tokens });
    state.nextEpoch();
    this.#parts.carried?.reset();
    this.#unsaved = true;
    const described = validation === undefined ? '' : `  ${formatValidation(validation)}`;
    this.#log.note(`epoch ${epoch}  training loss ${formatLoss(trainingLoss)}${described}`);
    await this.#save();
    await notify(this.#options.callbacks, 'onEpochEnd', { ...position, trainingLoss, validation });
  }

  /** The last validation, if it has not been done yet, and the last checkpoint. */
  async finish(): Promise<TrainingResult> {
    const state = this.#state;
    // This validation steers nothing: a run that is resumed with more steps continues as if it had not stopped here.
    if (state.lastValidation?.step !== state.step && this.#validation) await this.#validate(this.#validation, false);
    await this.#save(true);
    const reason = this.#stopReason ?? 'callback';
    const weights = await this.#bestWeights.choose(state);
    const waited = reason === 'earlyStopping' ? this.#parts.earlyStopping?.validationsWithoutImprovement : undefined;
    for (const line of formatEnd(weights, state, this.#options.monitoring.metric, waited)) this.#log.note(line);
    const { steps, seconds } = this.#trained;
    return trainingResult(this.#parts.model, state, {
      stoppedBy: reason,
      weights,
      tokensPerSecond: seconds > 0 ? steps / seconds : 0,
      seconds: this.#log.seconds,
      checkpoint: this.lastCheckpoint?.path,
      bestCheckpoint: this.#checkpoints?.bestPath,
    });
  }

  /** The error of `fit`. Writes the checkpoint of an aborted run, and names the last good one after a non-finite number. */
  async interrupt(error: unknown): Promise<unknown> {
    const { signal } = this.#options;
    if (signal?.aborted === true && error === signal.reason) {
      await this.#save(true);
      return error;
    }
    await this.#checkpoints?.settled().catch(() => undefined); // it is whole: it was computed before the error
    return error instanceof NumericError ? withLastCheckpoint(error, this.lastCheckpoint?.path) : error;
  }

  /** Ends the display of progress, and lets others train in the run directory. */
  close(): void {
    this.#checkpoints?.close();
    this.#log.end();
  }

  get #stopReason(): StopReason | undefined {
    const { epochs, steps } = this.#options;
    if (epochs !== undefined && this.#state.epoch >= epochs) return 'epochs';
    if (steps !== undefined && this.#state.step >= steps) return 'steps';
    if (this.#parts.earlyStopping?.exhausted === true) return 'earlyStopping';
    return this.#stopRequested ? 'callback' : undefined;
  }

  #position(): RunPosition {
    const stop = () => {
      this.#stopRequested = true;
    };
    return { step: this.#state.step, epoch: this.#state.epoch + 1, stop };
  }

  #recordInterval(learningRate: number): void {
    const { step, epoch, tokens, intervalLoss, intervalNorm } = this.#state;
    const { tokens: _, ...summary } = summarizeLoss(this.#parts.model, intervalLoss.loss, 0);
    const gradientNorm = intervalNorm.value ?? 0;
    const values = { step, epoch: epoch + 1, ...summary, gradientNorm, learningRate, tokens };
    this.#log.record('train', values, { tokensPerSecond: this.#log.throughput.tokensPerSecond });
    intervalLoss.reset();
    intervalNorm.reset();
  }

  async #validate(reader: BatchReader, steers: boolean): Promise<LossSummary> {
    const [state, { signal, metrics, monitoring, score: scored }] = [this.#state, this.#options];
    const summary = await evaluateOn(this.#parts.model, reader, { signal, ...(metrics && { metrics }) });
    const position = this.#position();
    const { step, epoch } = position;
    const { loss, tokens, metrics: values } = summary;
    const score = scored && { score: requireScore(await scored(), step) };
    state.lastValidation = { step, epoch, loss, tokens, ...score, ...(values && { metrics: values }) };
    const isBest = state.best === undefined || monitoring.isBetter(state.lastValidation, state.best);
    if (isBest) {
      state.best = state.lastValidation;
      this.#bestUnsaved = true;
      this.#bestWeights.note();
    }
    if (steers) {
      this.#parts.schedule.observe(loss);
      this.#parts.earlyStopping?.observe(...monitoring.stopping(state.lastValidation));
    }
    this.#unsaved = true;
    this.#log.record('validation', { step, epoch, ...summary, ...score, isBest });
    await notify(this.#options.callbacks, 'onValidation', { ...position, ...summary, ...score, isBest });
    return summary;
  }

  async #save(isLast = false): Promise<void> {
    if (this.#checkpoints === undefined) return;
    const request = this.#unsaved ? { best: this.#bestUnsaved, isLast } : undefined;
    const saved = await this.#checkpoints.save(this.#parts, this.#state, request);
    this.#unsaved = this.#bestUnsaved = false;
    for (const each of saved) await notify(this.#options.callbacks, 'onCheckpoint', each);
  }
}
