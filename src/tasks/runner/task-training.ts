/** What every training of a task needs: the model, its batches, its score. A run and a trial use the same. */
import type { JsonObject } from '../../core/json.js';
import type { Model } from '../../model/model.js';
import { optimizerNamed } from '../../network/optimizers/named-optimizer.js';
import { parseSchedule } from '../../network/schedules/parse-schedule.js';
import type { TrainerOptions } from '../../training/trainer-options.js';
import { batchesOf } from '../building-blocks/task-batches.js';
import type { RunTable } from '../definition/common-options.js';
import type { AnyPart } from '../definition/parts.js';
import type { AnyTask, AnyTaskData, TaskContext } from '../definition/task.js';
import type { Checked } from '../definition/task-options.js';

/** A new model of a task, with the initial values that the data decide. */
export async function newModel(task: AnyTask, { options, saved }: TaskContext): Promise<Model> {
  const { optimizer, learningRate, weightDecay, seed, init, threads, precision } = options;
  return task.network(options, saved).compile({
    loss: task.loss(options, saved),
    optimizer: optimizerNamed(
      optimizer,
      { learningRate, ...(weightDecay !== undefined && { weightDecay }) },
      task.optimizers ?? [],
    ),
    seed,
    initializer: init,
    precision,
    ...(threads !== undefined && { threads }),
  });
}

/** Checks the examples of all parts before training, so that no error comes later. */
export function batchesOfParts(task: AnyTask, context: TaskContext & { readonly model: Model }, data: AnyTaskData) {
  const { training, validation, test } = data;
  if (test !== undefined) batchesOf(task, test, context);
  return {
    training: batchesOf(task, training, context),
    validation: validation && batchesOf(task, validation, context),
  };
}

/** The options of the trainer that decide what is learnt. */
export function learningOptions(
  task: AnyTask,
  model: Model,
  { validation, saved }: AnyTaskData,
  context: TaskContext,
): TrainerOptions {
  const { options, signal } = context;
  const rule = validation && task.startsAs?.(options, saved);
  return {
    epochs: options.epochs,
    schedule: parseSchedule(options.schedule, task.schedules),
    ...(validation &&
      hasPatience(options) && {
        earlyStopping: {
          patience: options.patience,
          ...(task.perfectScore !== undefined && { perfect: task.perfectScore }),
        },
      }),
    ...(options.clipNorm > 0 && { clipNorm: options.clipNorm }),
    ...(rule !== undefined && { validateFirst: true }),
    ...(validation &&
      task.score && {
        score: async () => scoreOf(task, await quickMetrics(task, model, validation, context), context),
      }),
    ...(task.prepare && { prepare: (batch, position) => task.prepare?.(batch, model, options, position) ?? batch }),
    ...(signal !== undefined && { signal }),
  };
}

/** Whether somebody waits for better validations. */
export function hasPatience(options: Checked<RunTable>): options is Checked<RunTable> & { readonly patience: number } {
  return options.patience !== undefined && options.patience > 0;
}

/** The number that chooses the best model, of metrics of `quickMetrics`: lower is better. */
export function scoreOf(task: AnyTask, metrics: JsonObject, { options }: Pick<TaskContext, 'options'>): number {
  return task.score === undefined ? Number(metrics['loss']) : task.score(metrics, options);
}

/** Metrics that suffice to compare models of a task. */
export function quickMetrics(
  task: AnyTask,
  model: Model,
  part: AnyPart<unknown>,
  context: TaskContext,
): Promise<JsonObject> {
  return task.evaluateQuickly?.(model, part, context) ?? task.evaluate(model, part, context);
}
