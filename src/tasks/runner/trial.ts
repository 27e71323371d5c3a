/** Trains a model without a run directory, to learn how good it would be. */
import { DataError } from '../../core/errors.js';
import type { JsonObject } from '../../core/json.js';
import type { Model } from '../../model/model.js';
import type { TrainingCallbacks } from '../../training/callbacks.js';
import { Trainer } from '../../training/trainer.js';
import { readForTraining } from '../../training/training-data.js';
import type { AnyPart } from '../definition/parts.js';
import type { AnyTask, AnyTaskData, TaskContext } from '../definition/task.js';
import { batchesOfParts, learningOptions, newModel, quickMetrics, scoreOf } from './task-training.js';

const SECOND_MS = 1000;
/** Steps before the time of a step is taken: in the first ones memory is planned and code is compiled. */
const WARM_STEPS = 4;
/** Steps by which the time of a training is estimated. */
const TIMED_STEPS = 8;

/** How a trial is judged. */
export interface TrialOptions {
  /** The part that the metrics are of. */
  readonly judged: AnyPart<unknown>;
  /** Blocks of it, each of which is scored, too; default none. */
  readonly blocks?: readonly AnyPart<unknown>[];
  /** How long the training may take; the number of epochs is lowered so that it ends about then. Default: no limit. */
  readonly seconds?: number;
}

/** The result of a trial. */
export interface Trial {
  readonly metrics: JsonObject;
  /** The score of each block, not a number for one in which there is nothing to predict. */
  readonly blockScores: readonly number[];
  readonly epochs: number;
}

/**
 * Trains as a run with these options would, and judges the result.
 *
 * @returns undefined when there is not the time for one epoch
 * @throws the signal's reason when it is aborted
 */
export async function runTrial(
  task: AnyTask,
  data: AnyTaskData,
  context: TaskContext,
  { judged, blocks = [], seconds }: TrialOptions,
): Promise<Trial | undefined> {
  const epochs = seconds === undefined ? context.options.epochs : await epochsWithin(task, data, context, seconds);
  if (epochs < 1) return undefined;
  const own = { ...context, options: { ...context.options, epochs } };
  return withModel(task, data, own, async (model, batches) => {
    const options = learningOptions(task, model, data, own);
    const { epochs: done } = await new Trainer(model, { ...options, progress: false }).fit(batches);
    // What is fitted on the validation part says nothing of it.
    const finished = judged === data.validation ? undefined : await task.finish?.(model, data, own);
    const judging = finished === undefined ? own : { ...own, finished };
    const metrics = await quickMetrics(task, model, judged, judging);
    const blockScores: number[] = [];
    for (const block of blocks) blockScores.push(await blockScore(task, model, block, judging));
    return { metrics, blockScores, epochs: done };
  });
}

/**
 * The epochs of a training that there is time for, 0 for none: those of the options, if the steps are fast enough.
 *
 * @param seconds with the few steps by which the time is estimated
 */
export async function epochsWithin(
  task: AnyTask,
  data: AnyTaskData,
  context: TaskContext,
  seconds: number,
): Promise<number> {
  const { epochs } = context.options;
  return withModel(task, data, context, async (model, batches) => {
    const begin = performance.now();
    const elapsed = () => (performance.now() - begin) / SECOND_MS;
    const times: number[] = [];
    const clock: TrainingCallbacks = {
      onStep({ stop }) {
        times.push(elapsed());
        if (times.length === WARM_STEPS + TIMED_STEPS || elapsed() > seconds) stop();
      },
    };
    const { clipNorm, prepare, signal } = learningOptions(task, model, data, context);
    const needed = { ...(clipNorm && { clipNorm }), ...(prepare && { prepare }), ...(signal && { signal }) };
    const steps = WARM_STEPS + TIMED_STEPS;
    const timed = new Trainer(model, { ...needed, epochs: steps, steps, callbacks: [clock], progress: false });
    await timed.fit({ training: batches.training });
    if (elapsed() > seconds) return 0;
    const warm = times.slice(Math.min(WARM_STEPS, times.length) - 1);
    const perStep = ((warm.at(-1) as number) - (warm[0] as number)) / Math.max(1, warm.length - 1);
    const trained = elapsed();
    if (data.validation !== undefined) await quickMetrics(task, model, data.validation, context);
    const perEpoch = perStep * (readForTraining(batches.training, model).batchesPerEpoch ?? 1) + elapsed() - trained;
    return Math.min(epochs, Math.floor((seconds - elapsed()) / perEpoch));
  });
}

async function blockScore(task: AnyTask, model: Model, block: AnyPart<unknown>, context: TaskContext): Promise<number> {
  try {
    return scoreOf(task, await quickMetrics(task, model, block, context), context);
  } catch (error) {
    // A block may have none of the rare targets.
    if (error instanceof DataError && error.code === 'empty_data') return Number.NaN;
    throw error;
  }
}

async function withModel<T>(
  task: AnyTask,
  data: AnyTaskData,
  context: TaskContext,
  use: (model: Model, batches: ReturnType<typeof batchesOfParts>) => Promise<T>,
): Promise<T> {
  const model = await newModel(task, context);
  try {
    const batches = batchesOfParts(task, { ...context, model }, data);
    task.initialize?.(model, data, context.options);
    return await use(model, batches);
  } finally {
    model.dispose();
  }
}
