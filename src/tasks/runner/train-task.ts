/** Trains any task: one runner for all of them. */
import { isNewRun } from '../../checkpoint/run-directory.js';
import { requireSignal } from '../../core/arguments.js';
import { OptionError } from '../../core/errors.js';
import type { JsonObject } from '../../core/json.js';
import type { Model } from '../../model/model.js';
import { requireFunctions } from '../../network/layers/define-layer.js';
import type { ModelLoss } from '../../network/output-losses.js';
import { checkCallbacks, type TrainingCallbacks } from '../../training/callbacks.js';
import type { ProgressReporter } from '../../training/progress.js';
import { Trainer } from '../../training/trainer.js';
import type { TrainingResult } from '../../training/training-result.js';
import type { RunTable } from '../definition/common-options.js';
import { sizeOf } from '../definition/parts.js';
import type { AnyTask, AnyTaskData, TaskContext } from '../definition/task.js';
import type { Checked } from '../definition/task-options.js';
import type { StructureComparison, StructureResult } from './compare-structures.js';
import { finishTraining } from './finished.js';
import { describeFolds, type FoldResults, judgeByFolds, requireFolds } from './fold-results.js';
import { measureMemory, type TrainingMemory } from './measured-memory.js';
import {
  compareWithRules,
  describeAnswer,
  describeComparison,
  type NaiveComparison,
  naiveRulesOf,
  recordComparison,
} from './naive-results.js';
import { recordOnce } from './run-records.js';
import { type ChosenOptions, chooseStructure, fitEpochs, type SettledOption, settleOptions } from './settle-options.js';
import { checkTrainingOptions, describeTask } from './task-configuration.js';
import { batchesOfParts, hasPatience, learningOptions, newModel } from './task-training.js';

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
  /** Called before it, after each structure that the option `auto` has compared. */
  readonly onStructure?: (result: StructureResult) => void;
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
  /** The structures that the option `auto` has compared. */
  readonly structures?: StructureComparison;
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
  /** How good such models are, by the folds of the option `folds`. */
  readonly folds?: FoldResults;
  /** The structures that the option `auto` has compared. */
  readonly structures?: StructureComparison;
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
  { callbacks = [], progress, signal, onStart, onStructure, ...given }: TaskWatch & Readonly<Record<string, unknown>>,
  module?: string,
): Promise<TaskResult> {
  const listeners = checkCallbacks(callbacks);
  requireSignal(signal);
  if (onStart !== undefined) requireFunctions({ onStart });
  if (onStructure !== undefined) requireFunctions({ onStructure });
  const unsettled = checkTrainingOptions(task, given);
  if (!unsettled.isNew) requireNothingBefore(given);
  signal?.throwIfAborted();
  const read = await task.read(unsettled.options);
  const first = { ...settleOptions(task, unsettled.options, read, unsettled.isNew), data: read };
  requireValidation(first.options, read);
  if (first.options.folds > 0) requireFolds(read, first.options);
  const watched = signal === undefined ? {} : { signal };
  // Nobody waits for a comparison whose run is then refused.
  const isOpen = unsettled.isNew && isNewRun(first.options.out, first.options.resume);
  const chosen: ChosenOptions =
    isOpen && first.options.auto > 0
      ? await chooseStructure(
          task,
          read,
          { saved: read.saved, ...watched, ...first },
          { given: namesGiven(given), onStructure },
        )
      : first;
  const { options, data, settled, structures } = isOpen ? await fitEpochs(task, watched, chosen) : chosen;
  const context = { options, saved: data.saved, ...watched };
  const residentBefore = process.memoryUsage.rss();
  const model = await newModel(task, context);
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
    const announce = () => {
      if (structures !== undefined) recordOnce(options.out, 0, 'structures', structures);
      onStart?.({
        ...{ ...facts, options, threads: model.threads, notes: data.notes ?? [], settled },
        ...(structures && { structures }),
      });
    };
    task.initialize?.(model, data, options);
    const trainer = new Trainer(model, {
      ...learningOptions(task, model, data, context),
      directory: options.out,
      resume: options.resume,
      checkpointEvery: options.checkpointEvery,
      configuration: describeTask(task, options, data, module),
      callbacks: [{ onStart: announce }, ...listeners],
      ...(progress !== undefined && { progress }),
    });
    const result = await trainer.fit(batches);
    const step = result.weights === 'best' ? (result.bestStep ?? result.steps) : result.steps;
    const metrics = await judge(task, model, data, await finishTraining(task, { model, data, step }, context));
    const naive = await compareNaive(task, data, metrics, context);
    if (naive !== undefined) recordComparison(options.out, result.steps, naive, metrics.test ?? metrics.validation);
    const folds = options.folds > 0 ? await judgeByFolds(task, data, context) : undefined;
    if (folds !== undefined) recordOnce(options.out, result.steps, 'folds', folds);
    const answeredBy = result.best?.step === 0 ? task.startsAs?.(options, data.saved) : undefined;
    const answer = answeredBy === undefined ? [] : [describeAnswer(answeredBy)];
    const rules = naive === undefined ? [] : [describeComparison(naive, answeredBy)];
    const byFolds = folds === undefined ? [] : [describeFolds(folds)];
    const summary = [...answer, describe(task, metrics, data.saved), ...rules, ...byFolds].join('\n');
    const memory = measureMemory(model, residentBefore);
    return {
      ...result,
      ...facts,
      loss: model.loss,
      run: options.out,
      metrics,
      ...(answeredBy !== undefined && { answeredBy }),
      ...(naive && { naive }),
      ...(folds && { folds }),
      ...(structures && { structures }),
      summary,
      memory,
    };
  } finally {
    model.dispose();
  }
}

/** The options that somebody gave: undefined is none. */
function namesGiven(given: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(given).filter((name) => given[name] !== undefined);
}

/** Options that decide what is trained, and not for how long. */
const BEFORE_TRAINING = ['auto', 'minutes'];

/** @throws {OptionError} `invalid_option` for an option that a run which has begun cannot follow */
function requireNothingBefore(given: Readonly<Record<string, unknown>>): void {
  const name = BEFORE_TRAINING.find((each) => given[each] !== undefined && given[each] !== 0);
  if (name === undefined) return;
  const message = `option '${name}' decides before a training begins, and this run has begun: leave it away, option 'epochs' changes its length`;
  throw new OptionError('invalid_option', message, { name, value: given[name] });
}

/** @throws {OptionError} `invalid_option` when validations are to be counted and there is none */
function requireValidation(options: Checked<RunTable>, { validation }: AnyTaskData): void {
  if (!hasPatience(options) || validation !== undefined) return;
  const { patience } = options;
  const message = `option 'patience' needs validation data, and there is none: give option 'valid'`;
  throw new OptionError('invalid_option', message, { name: 'patience', value: patience });
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

function describe(task: AnyTask, { validation, test }: TaskResult['metrics'], saved: JsonObject): string {
  const parts = [
    validation && `validation\n${task.describe(validation, saved)}`,
    test && `test\n${task.describe(test, saved)}`,
  ];
  return parts.filter((part) => part !== undefined).join('\n');
}
