/** Trains any task: one runner for all of them. */
import { bestPath, Run } from '../checkpoint/run.js';
import type { JsonObject } from '../core/json.js';
import { SequenceBatches } from '../data/sequence-batches.js';
import type { Model } from '../model/model.js';
import { optimizerNamed } from '../optimizers/optimizer.js';
import { parseSchedule } from '../schedules/parse-schedule.js';
import type { TrainingCallbacks } from '../training/callbacks.js';
import { modelTensors, restoreTensors } from '../training/model-tensors.js';
import type { ProgressReporter } from '../training/progress.js';
import { Trainer } from '../training/trainer.js';
import type { TrainingResult } from '../training/training-result.js';
import type { CommonTable } from './common-options.js';
import { type Part, sizeOf, type Task, type TaskContext, type TaskData } from './task.js';
import { checkTrainingOptions, describeTask } from './task-configuration.js';
import type { Checked } from './task-options.js';

/** How a training is watched and stopped. */
export interface TaskWatch {
  /** Functions to call between steps. */
  readonly callbacks?: readonly TrainingCallbacks[];
  /** As for `Trainer`; default progress on standard error. */
  readonly progress?: boolean | ProgressReporter;
  /** Aborts the run: a checkpoint is written, then the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called once before the first step, when everything has been checked. */
  readonly onStart?: (start: TaskStart) => void;
}

/** Numbers of examples. */
export interface PartSizes {
  readonly training: number;
  readonly validation: number;
  readonly test: number;
}

/** What is known before the first step. */
export interface TaskStart {
  readonly task: string;
  readonly options: Checked<CommonTable>;
  readonly parameters: number;
  readonly examples: PartSizes;
  readonly threads: number;
}

/** What training a task came to. */
export interface TaskResult extends TrainingResult {
  readonly task: string;
  /** The run directory. */
  readonly run: string;
  /** Number of trained values. */
  readonly parameters: number;
  readonly examples: PartSizes;
  /** Metrics of the best model by the part that they were measured on. */
  readonly metrics: { readonly validation?: JsonObject; readonly test?: JsonObject };
  /** The same for people. */
  readonly summary: string;
}

/**
 * Trains a task in a run directory that can be resumed, keeps the best model by the task's metric and judges it by the test
 * part.
 *
 * @throws {OptionError | DataError | VocabularyError | ConfigurationError | CheckpointError} when something does not fit, before
 *   anything is written
 * @throws {NumericError} `non_finite_loss`, `non_finite_gradient`
 * @throws the signal's reason after an abort, when the checkpoint has been written
 */
export async function runTraining(
  task: Task,
  { callbacks = [], progress, signal, onStart, ...given }: TaskWatch & Readonly<Record<string, unknown>>,
): Promise<TaskResult> {
  const options = checkTrainingOptions(task, given);
  signal?.throwIfAborted();
  const data = await task.read(options);
  const context = { options, saved: data.saved, ...(signal !== undefined && { signal }) };
  const batches = batchesOf(task, context, data);
  const model = await compile(task, context);
  try {
    const { validation } = data;
    const examples = { training: sizeOf(data.training), validation: sizeOf(validation), test: sizeOf(data.test) };
    const facts = { task: task.name, parameters: model.parameterCount, examples };
    const announce = () => onStart?.({ ...facts, options, threads: model.threads });
    const trainer = new Trainer(model, {
      epochs: options.epochs,
      schedule: parseSchedule(options.schedule),
      ...(options.clipNorm > 0 && { clipNorm: options.clipNorm }),
      directory: options.out,
      resume: options.resume,
      checkpointEvery: options.checkpointEvery,
      ...(validation && { score: async () => task.score(await task.evaluate(model, validation, context)) }),
      configuration: describeTask(task, options, data),
      callbacks: [{ onStart: announce }, ...callbacks],
      ...(progress !== undefined && { progress }),
      ...(signal !== undefined && { signal }),
    });
    const result = await trainer.fit(batches);
    await takeBest(model, options.out);
    const metrics = await judge(task, model, data, context);
    const summary = describe(task, metrics, data.saved);
    return { ...result, ...facts, run: options.out, metrics, summary };
  } finally {
    model.dispose();
  }
}

/** Everything that can be wrong with the examples of any part is found here, before training. */
function batchesOf(task: Task, { options, saved }: TaskContext<CommonTable, JsonObject>, data: TaskData<JsonObject>) {
  const limit = options.tokens === undefined ? { batch: options.batch ?? 1 } : { tokens: options.tokens };
  const source = (part: Part) => new SequenceBatches(part, { ...limit, ...task.packing(options, saved) });
  if (data.test !== undefined) source(data.test);
  const validation = data.validation && source(data.validation);
  return { training: source(data.training), validation };
}

function compile(task: Task, { options, saved }: TaskContext<CommonTable, JsonObject>): Promise<Model> {
  const { optimizer, learningRate, weightDecay, seed, init, threads } = options;
  return task.network(options, saved).compile({
    loss: task.loss(options),
    optimizer: optimizerNamed(optimizer, { learningRate, ...(weightDecay !== undefined && { weightDecay }) }),
    seed,
    initializer: init,
    ...(threads !== undefined && { threads }),
  });
}

/** Puts the weights of the best checkpoint into the model; without one it stays as it is. */
async function takeBest(model: Model, run: string): Promise<void> {
  const best = await Run.read(run).loadBest();
  if (best === undefined) return;
  const { parameters } = model;
  restoreTensors(bestPath(run), best, modelTensors({ parameters, optimizerState: new Map() }));
  model.parametersChanged();
}

async function judge(
  task: Task,
  model: Model,
  { validation, test }: TaskData<JsonObject>,
  context: TaskContext<CommonTable, JsonObject>,
): Promise<TaskResult['metrics']> {
  return {
    ...(validation && { validation: await task.evaluate(model, validation, context) }),
    ...(test && { test: await task.evaluate(model, test, context) }),
  };
}

function describe(task: Task, metrics: TaskResult['metrics'], saved: JsonObject): string {
  const { validation, test } = metrics;
  const parts = [
    validation && `validation\n${task.describe(validation, saved)}`,
    test && `test\n${task.describe(test, saved)}`,
  ];
  return parts.filter((part) => part !== undefined).join('\n');
}
