import type { Batch } from '../batch/batch.js';
import { requireSignal } from '../core/arguments.js';
import { OptionError } from '../core/errors.js';
import type { JsonObject } from '../core/json.js';
import { describeValue, rejectUnknownKeys, requireNumber, requireOneOf } from '../core/options.js';
import { type Metric, requireMetrics } from '../model/use/metric.js';
import { constant } from '../network/schedules/constant.js';
import { checkSchedule, needsValidation, requireRateFunction } from '../network/schedules/create-schedule.js';
import { type AnyScheduleMaker, scheduleDefinitions } from '../network/schedules/definition.js';
import type { RateFunction } from '../network/schedules/schedule.js';
import type { ScheduleDescription } from '../network/schedules/schedule-description.js';
import { checkCallbacks, type TrainingCallbacks } from './callbacks.js';
import type { EarlyStoppingOptions } from './early-stopping.js';
import { Monitor } from './monitor.js';
import type { ProgressReporter } from './progress.js';

/** The position of a batch in a run. */
export interface BatchPosition {
  /** Optimizer steps before it. */
  readonly step: number;
  /** Epochs before it. */
  readonly epoch: number;
}

/**
 * How a model is trained. `epochs` or `steps` sets the length; with both, the run ends at the first limit that it
 * reaches.
 */
export interface TrainerOptions {
  /** Passes over the data, integer >= 1. */
  readonly epochs?: number;
  /** Optimizer steps, integer >= 1. */
  readonly steps?: number;
  /** Replaces the learning rate of the optimizer, > 0. */
  readonly learningRate?: number;
  /** How the learning rate changes; default constant. A function gets the epoch, from 0. */
  readonly schedule?: ScheduleDescription | RateFunction;
  /** What `defineSchedule` returned, for a schedule of one's own that is given as JSON, as a run directory holds it. */
  readonly schedules?: readonly AnyScheduleMaker[];
  /** Largest global norm of the gradient, > 0; default no limit. */
  readonly clipNorm?: number;
  /** Largest absolute value of an element of the gradient, > 0; default no limit. */
  readonly clipValue?: number;
  /** Run directory with configuration, metrics and checkpoints; without it nothing is written. */
  readonly directory?: string;
  /** Resumes the run in the directory; starts it if it has not begun. Default false. */
  readonly resume?: boolean;
  /** Steps between two checkpoints, integer >= 1; default 200. There is one at the end of every epoch in any case. */
  readonly checkpointEvery?: number;
  /** Number of newest checkpoints to keep; the best one is kept, too. Integer >= 1; default 3. */
  readonly keepCheckpoints?: number;
  /**
   * Whether training waits while a checkpoint is written (`waiting`, the default), or goes on (`training`). The latter takes a copy of
   * weights, optimizer state and carried state, and memory for it. `onCheckpoint` is then called when the next checkpoint begins, or at
   * the end of the run; so is an error of writing thrown.
   */
  readonly saveWhile?: 'waiting' | 'training';
  /**
   * Weights that the model has when `fit` has returned: those of the best validation (`best`, the default), or of the
   * last step. Without validation they are those of the last step. The best weights are read from the best checkpoint
   * of the run directory. Without a directory a copy of them is kept in memory. Optimizer and `step` are always those
   * of the last step. So is the newest checkpoint, from which a resumed run continues.
   */
  readonly keep?: 'best' | 'last';
  /**
   * Whether the model is validated before its first step, too: then its initial weights are the best ones if no step makes it better.
   * Default false.
   */
  readonly validateFirst?: boolean;
  /** Steps between two validations, integer >= 1. There is one at the end of every epoch in any case. */
  readonly validateEvery?: number;
  /**
   * The score that chooses the best weights. It is called after every validation. Lower is better; of equal scores the
   * lower loss wins, and then the earlier validation. Early stopping follows it, too. Default: the validation loss.
   * Schedules always follow the validation loss.
   */
  readonly score?: () => number | Promise<number>;
  /**
   * The user's own metrics, computed at every validation besides the loss. They appear under `metrics` in callbacks,
   * lines of metrics and the result.
   */
  readonly metrics?: readonly Metric[];
  /**
   * Name of the metric that chooses the best weights and that early stopping follows, in place of the validation loss.
   * Schedules still follow the validation loss. Of equal values the lower loss wins, and then the earlier validation. The
   * metric must have `better`. Not together with `score`. Default `loss`.
   */
  readonly monitor?: string;
  /** Ends the run when the validation loss, or the score or monitored metric in its place, has stopped improving. */
  readonly earlyStopping?: EarlyStoppingOptions;
  /** Steps between two lines of training metrics, integer >= 1; default 10. */
  readonly metricsEvery?: number;
  /**
   * Changes a batch right before its training step. Random choices in it must depend on the position alone, because a
   * resumed run repeats them.
   */
  readonly prepare?: (batch: Batch, position: BatchPosition) => Batch | Promise<Batch>;
  /** Functions to call between steps. */
  readonly callbacks?: TrainingCallbacks | readonly TrainingCallbacks[];
  /** Progress on standard error (true, the default), none (false), or shown by the user's own reporter. */
  readonly progress?: boolean | ProgressReporter;
  /** Aborts the run: a checkpoint is written, then `fit` rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * What the run directory stores about the task besides model and training. It must be the same in a resumed run,
   * except under `place`.
   */
  readonly configuration?: JsonObject;
}

/** Trainer options after the check, defaults filled in. */
export interface CheckedTrainerOptions extends TrainerOptions {
  readonly schedule: ScheduleDescription | RateFunction;
  readonly checkpointEvery: number;
  readonly keep: 'best' | 'last';
  readonly metricsEvery: number;
  readonly monitoring: Monitor;
  readonly callbacks: readonly TrainingCallbacks[];
}

const NAMES = [
  'epochs',
  'steps',
  'learningRate',
  'schedule',
  'schedules',
  'clipNorm',
  'clipValue',
  'directory',
  'resume',
  'checkpointEvery',
  'keepCheckpoints',
  'saveWhile',
  'keep',
  'validateFirst',
  'validateEvery',
  'score',
  'metrics',
  'monitor',
  'earlyStopping',
  'metricsEvery',
  'prepare',
  'callbacks',
  'progress',
  'signal',
  'configuration',
] as const satisfies readonly (keyof TrainerOptions)[];

/**
 * Checks everything that can be checked without data.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 */
export function checkTrainerOptions(options: TrainerOptions): CheckedTrainerOptions {
  rejectUnknownKeys('trainer', options, NAMES);
  if (options.epochs === undefined && options.steps === undefined) {
    throw new OptionError('invalid_option', "either option 'epochs' or option 'steps' must say how long to train", {
      name: 'epochs',
    });
  }
  for (const name of [
    'epochs',
    'steps',
    'checkpointEvery',
    'keepCheckpoints',
    'validateEvery',
    'metricsEvery',
  ] as const) {
    if (options[name] !== undefined) requireNumber(name, options[name], { min: 1, integer: true });
  }
  for (const name of ['learningRate', 'clipNorm', 'clipValue'] as const) {
    if (options[name] !== undefined) requireNumber(name, options[name], { exclusiveMin: 0 });
  }
  if (options.resume === true && options.directory === undefined) {
    throw new OptionError('invalid_option', "option 'resume' needs option 'directory', the run to go on with", {
      name: 'resume',
    });
  }
  for (const name of ['score', 'prepare'] as const) {
    if (options[name] === undefined || typeof options[name] === 'function') continue;
    const message = `option '${name}' must be a function, got ${describeValue(options[name])}`;
    throw new OptionError('invalid_option', message, { name, value: options[name] });
  }
  if (options.saveWhile !== undefined) requireOneOf('saveWhile', options.saveWhile, ['waiting', 'training']);
  requireSignal(options.signal);
  const { schedule = constant(), callbacks = [], metrics, monitor, score } = options;
  if (monitor !== undefined && score !== undefined) {
    throw new OptionError('invalid_option', "options 'monitor' and 'score' exclude each other", { name: 'monitor' });
  }
  if (options.validateFirst !== undefined) requireOneOf('validateFirst', options.validateFirst, [true, false]);
  const monitoring = new Monitor(monitor, metrics === undefined ? [] : requireMetrics(metrics));
  const definitions = scheduleDefinitions(options.schedules);
  return {
    ...options,
    schedule: typeof schedule === 'function' ? requireRateFunction(schedule) : checkSchedule(schedule, definitions),
    checkpointEvery: options.checkpointEvery ?? 200,
    keep: requireOneOf('keep', options.keep ?? 'best', ['best', 'last']),
    metricsEvery: options.metricsEvery ?? 10,
    monitoring,
    callbacks: checkCallbacks(callbacks),
  };
}

/** @throws {OptionError} `invalid_option` when an option needs the validation loss and there is no validation data */
export function requireValidationFor(options: CheckedTrainerOptions, hasValidation: boolean): void {
  if (hasValidation) return;
  const asked = {
    earlyStopping: options.earlyStopping !== undefined,
    schedule: needsValidation(options.schedule),
    validateEvery: options.validateEvery !== undefined,
    validateFirst: options.validateFirst === true,
    score: options.score !== undefined,
    metrics: options.metrics !== undefined,
    monitor: options.monitor !== undefined,
  };
  for (const [name, isAsked] of Object.entries(asked)) {
    if (!isAsked) continue;
    throw new OptionError('invalid_option', `option '${name}' needs validation data, and there is none`, { name });
  }
}
