/** Trains any task: one runner for all of them. */
import { requireSignal } from '../../core/arguments.js';
import { OptionError } from '../../core/errors.js';
import type { JsonObject } from '../../core/json.js';
import type { Model } from '../../model/model.js';
import { requireFunctions } from '../../network/layers/define-layer.js';
import { optimizerNamed } from '../../network/optimizers/named-optimizer.js';
import type { ModelLoss } from '../../network/output-losses.js';
import { parseSchedule } from '../../network/schedules/parse-schedule.js';
import { checkCallbacks, type TrainingCallbacks } from '../../training/callbacks.js';
import type { ProgressReporter } from '../../training/progress.js';
import { Trainer } from '../../training/trainer.js';
import type { TrainingResult } from '../../training/training-result.js';
import { batchesOf } from '../building-blocks/task-batches.js';
import type { RunTable } from '../definition/common-options.js';
import { type AnyPart, sizeOf } from '../definition/parts.js';
import type { AnyTask, AnyTaskData, TaskContext } from '../definition/task.js';
import type { Checked } from '../definition/task-options.js';
import { finishTraining } from './finished.js';
import { measureMemory, type TrainingMemory } from './measured-memory.js';
import {
  compareWithRules,
  describeAnswer,
  describeComparison,
  type NaiveComparison,
  naiveRulesOf,
  recordComparison,
} from './naive-results.js';
import { type SettledOption, settleOptions } from './settle-options.js';
import { checkTrainingOptions, describeTask } from './task-configuration.js';

/** How a training is observed and stopped. */
export interface TaskWatch {
  /** Functions to call between steps. */
  readonly callbacks?: TrainingCallbacks | readonly TrainingCallbacks[];
  /** As for `Trainer`; default progress on standard error. */
  readonly progress?: boolean | ProgressReporter;
  /** Aborts the run: a checkpoint is written, then the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called once before the first step, when everything has been checked. */
  readonly onStart?: (start: TaskStart) => void;
}

/** Numbers of examples, or of symbols in a text. */
export interface PartSizes {
  readonly training: number;
  readonly validation: number;
  readonly test: number;
}

/** Facts that are known before the first step. */
export interface TaskStart {
  readonly task: string;
  readonly options: Checked<RunTable>;
  readonly parameters: number;
  readonly examples: PartSizes;
  /** The unit of the counts: `examples`, `symbols`. */
  readonly of: string;
  readonly threads: number;
  /** What people should know of the data. */
  readonly notes: readonly string[];
  /** Options that nobody gave and the data have decided; empty in a resumed run, which has them. */
  readonly settled: readonly SettledOption[];
}

/** The result of training a task. */
export interface TaskResult<M extends JsonObject = JsonObject> extends TrainingResult {
  readonly task: string;
  /** The run directory. */
  readonly run: string;
  /** The loss, including its weights. */
  readonly loss: ModelLoss;
  /** Number of trained values. */
  readonly parameters: number;
  readonly examples: PartSizes;
  /** The unit of the counts: `examples`, `symbols`. */
  readonly of: string;
  /** Metrics of the best model by the part that they were measured on. */
  readonly metrics: { readonly validation?: M; readonly test?: M };
  /** The naive rule that answers in place of a network that was never ahead of it on the validation part. */
  readonly answeredBy?: string;
  /** The naive rules beside it: on the test part, else on the validation part; missing where there are none. */
  readonly naive?: NaiveComparison;
  /** Metrics and rules as text for people. */
  readonly summary: string;
  readonly memory: TrainingMemory;
}

/**
 * Trains a task in a run directory that can be resumed, keeps the best model by the task's metric, and evaluates it on
 * the test part.
 *
 * @param module path of the file that the task was read from; the run keeps it for messages
 * @throws {OptionError | DataError | VocabularyError | ConfigurationError | CheckpointError} when something does not fit, before
 *   anything is written
 * @throws {NumericError} `non_finite_loss`, `non_finite_gradient`
 * @throws the signal's reason after an abort, when the checkpoint has been written
 */
export async function runTraining(
  task: AnyTask,
  { callbacks = [], progress, signal, onStart, ...given }: TaskWatch & Readonly<Record<string, unknown>>,
  module?: string,
): Promise<TaskResult> {
  const listeners = checkCallbacks(callbacks);
  requireSignal(signal);
  if (onStart !== undefined) requireFunctions({ onStart });
  const unsettled = checkTrainingOptions(task, given);
  signal?.throwIfAborted();
  const data = await task.read(unsettled.options);
  const { options, settled } = settleOptions(task, unsettled.options, data, unsettled.isNew);
  requireValidation(options, data);
  const context = { options, saved: data.saved, ...(signal !== undefined && { signal }) };
  const residentBefore = process.memoryUsage.rss();
  const model = await compile(task, context);
  try {
    const batches = batchesOfParts(task, { ...context, model }, data);
    const { validation } = data;
    const examples = {
      training: sizeOf(data.training),
      validation: sizeOf(validation),
      test: sizeOf(data.test),
    };
    const of = task.countedIn ?? 'examples';
    const facts = { task: task.name, parameters: model.parameterCount, examples, of };
    const announce = () => onStart?.({ ...facts, options, threads: model.threads, notes: data.notes ?? [], settled });
    task.initialize?.(model, data, options);
    const rule = validation && task.startsAs?.(options, data.saved);
    const score = (metrics: JsonObject) => task.score?.(metrics) ?? Number.NaN;
    const trainer = new Trainer(model, {
      epochs: options.epochs,
      schedule: parseSchedule(options.schedule, task.schedules),
      ...(hasPatience(options) && { earlyStopping: { patience: options.patience } }),
      ...(options.clipNorm > 0 && { clipNorm: options.clipNorm }),
      ...(rule !== undefined && { validateFirst: true }),
      directory: options.out,
      resume: options.resume,
      checkpointEvery: options.checkpointEvery,
      ...(validation &&
        task.score && { score: async () => score(await quickMetrics(task, model, validation, context)) }),
      ...(task.prepare && { prepare: (batch, position) => task.prepare?.(batch, model, options, position) ?? batch }),
      configuration: describeTask(task, options, data, module),
      callbacks: [{ onStart: announce }, ...listeners],
      ...(progress !== undefined && { progress }),
      ...(signal !== undefined && { signal }),
    });
    const result = await trainer.fit(batches);
    const step = result.weights === 'best' ? (result.bestStep ?? result.steps) : result.steps;
    const metrics = await judge(task, model, data, await finishTraining(task, { model, data, step }, context));
    const naive = await compareNaive(task, data, metrics, context);
    if (naive !== undefined) recordComparison(options.out, result.steps, naive, metrics.test ?? metrics.validation);
    const answeredBy = result.best?.step === 0 ? rule : undefined;
    const answer = answeredBy === undefined ? [] : [describeAnswer(answeredBy)];
    const summary = [...answer, describe(task, metrics, data.saved, naive)].join('\n');
    const memory = measureMemory(model, residentBefore);
    return {
      ...result,
      ...facts,
      loss: model.loss,
      run: options.out,
      metrics,
      ...(answeredBy !== undefined && { answeredBy }),
      ...(naive && { naive }),
      summary,
      memory,
    };
  } finally {
    model.dispose();
  }
}

function hasPatience(options: Checked<RunTable>): options is Checked<RunTable> & { readonly patience: number } {
  return options.patience !== undefined && options.patience > 0;
}

/** @throws {OptionError} `invalid_option` when validations are to be counted and there is none */
function requireValidation(options: Checked<RunTable>, { validation }: AnyTaskData): void {
  if (!hasPatience(options) || validation !== undefined) return;
  const { patience } = options;
  const message = `option 'patience' needs validation data, and there is none: give option 'valid'`;
  throw new OptionError('invalid_option', message, { name: 'patience', value: patience });
}

/** Checks the examples of all parts before training, so that no error comes later. */
function batchesOfParts(task: AnyTask, context: TaskContext & { readonly model: Model }, data: AnyTaskData) {
  const { training, validation, test } = data;
  if (test !== undefined) batchesOf(task, test, context);
  return {
    training: batchesOf(task, training, context),
    validation: validation && batchesOf(task, validation, context),
  };
}

function compile(task: AnyTask, { options, saved }: TaskContext): Promise<Model> {
  const { optimizer, learningRate, weightDecay, seed, init, threads } = options;
  return task.network(options, saved).compile({
    loss: task.loss(options, saved),
    optimizer: optimizerNamed(
      optimizer,
      { learningRate, ...(weightDecay !== undefined && { weightDecay }) },
      task.optimizers ?? [],
    ),
    seed,
    initializer: init,
    ...(threads !== undefined && { threads }),
  });
}

function quickMetrics(task: AnyTask, model: Model, part: AnyPart<unknown>, context: TaskContext) {
  return task.evaluateQuickly?.(model, part, context) ?? task.evaluate(model, part, context);
}

async function judge(
  task: AnyTask,
  model: Model,
  { validation, test }: AnyTaskData,
  context: TaskContext,
): Promise<TaskResult['metrics']> {
  return {
    ...(validation && { validation: await task.evaluate(model, validation, context) }),
    ...(test && { test: await task.evaluate(model, test, context) }),
  };
}

/** The naive rules on the part that tells most: the test part, else the validation part. */
function compareNaive(
  task: AnyTask,
  data: AnyTaskData,
  { validation, test }: TaskResult['metrics'],
  context: TaskContext,
): Promise<NaiveComparison | undefined> {
  const name = test === undefined ? 'validation' : 'test';
  const [part, own] = [data[name], test ?? validation];
  if (part === undefined || own === undefined) return Promise.resolve(undefined);
  return compareWithRules(task, naiveRulesOf(task, data, context), { part, name, own }, context);
}

function describe(
  task: AnyTask,
  { validation, test }: TaskResult['metrics'],
  saved: JsonObject,
  naive: NaiveComparison | undefined,
): string {
  const parts = [
    validation && `validation\n${task.describe(validation, saved)}`,
    test && `test\n${task.describe(test, saved)}`,
    naive && describeComparison(naive),
  ];
  return parts.filter((part) => part !== undefined).join('\n');
}
