/** What a run directory stores about its task, and how a resumed run takes its options from it. */
import { relative, sep } from 'node:path';
import { configurationPath, readConfiguration } from '../../checkpoint/run.js';
import { CheckpointError, ConfigurationError, OptionError } from '../../core/errors.js';
import { isJsonObject, type JsonObject } from '../../core/json.js';
import { existsAt } from '../../core/path-stats.js';
import { optimizerNamed } from '../../network/optimizers/named-optimizer.js';
import type { RunTable, SequenceTable } from '../definition/common-options.js';
import type { AnyTask, AnyTaskData } from '../definition/task.js';
import { type Checked, checkTaskOptions, type OptionTable, type TaskOption } from '../definition/task-options.js';

/** Where and for how long a run trains. A resumed run may change this. */
const PLACE = [
  'data',
  'precision',
  'threads',
  'checkpointEvery',
  'epochs',
  'minutes',
  'patience',
  'naive',
  'auto',
  'folds',
];

/** The key of the module of a task, among the paths of its options. */
const MODULE = 'module';

/** Not part of a configuration: the name of the run, and whether it is resumed. */
const UNSAID = ['out', 'resume'];

/**
 * The options of a training with their defaults, and whether it begins; in a resumed run the values of the run replace the defaults.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @throws {ConfigurationError} `configuration_mismatch` when the run belongs to another task
 */
export function checkTrainingOptions(
  task: AnyTask,
  given: Readonly<Record<string, unknown>>,
): { readonly options: Checked<RunTable>; readonly isNew: boolean } {
  const { out, resume } = given;
  const isThere = resume === true && typeof out === 'string' && existsAt(configurationPath(out));
  const earlier = isThere ? optionsOf(task, readConfiguration(out), out) : {};
  return { options: chooseLimit(checkTaskOptions(task.name, task.options, given, earlier), given), isNew: !isThere };
}

/**
 * What the configuration of a run stores about the task. `place` has the values that a resumed run may change, and the
 * module of the task, if any: its path relative to the run, for messages only. The module is never read from this path;
 * what it determines (options, network, loss and data) is compared. `recurrent` and `weightDecay` are omitted when they
 * have their default values, and options that have the value of runs from before these options were there.
 */
export function describeTask(
  task: AnyTask,
  options: Checked<RunTable>,
  data: AnyTaskData,
  module?: string,
): JsonObject {
  const table: OptionTable = task.options;
  const settings: Record<string, JsonObject[string]> = {};
  const place: Record<string, JsonObject[string]> = {};
  const { optimizer, learningRate } = options;
  const described = optimizerNamed(optimizer, { learningRate }, task.optimizers ?? []);
  const { weightDecay } = described as { readonly weightDecay?: unknown };
  const usual = { recurrent: '{}', weightDecay: `${weightDecay}` };
  const isUsual = (name: string, value: JsonObject[string]) =>
    Object.hasOwn(usual, name) && usual[name as keyof typeof usual] === JSON.stringify(value);
  for (const [name, value] of Object.entries(options) as [string, JsonObject[string] | undefined][]) {
    const { before } = table[name] as TaskOption;
    if (value === undefined || value === before || UNSAID.includes(name) || isUsual(name, value)) continue;
    const isFile = (name === 'valid' || name === 'test') && typeof value === 'string';
    (isFile || PLACE.includes(name) ? place : settings)[name] = value;
  }
  if (module !== undefined) place[MODULE] = relative(options.out, module).replaceAll(sep, '/');
  return {
    task: { kind: task.name, ...settings, saved: data.saved, fingerprint: data.fingerprint },
    place,
  };
}

/** The task of a configuration. */
export interface NamedTask {
  readonly kind: string;
  /**
   * Path of its module, relative to the run; missing for a built-in task, and for a task that was given as an object.
   */
  readonly module?: string;
}

/** The task that the configuration of a run names; undefined when it names none. */
export function namedTask({ task, place }: JsonObject): NamedTask | undefined {
  const { kind } = isJsonObject(task) ? task : {};
  if (typeof kind !== 'string') return undefined;
  const module = isJsonObject(place) ? place[MODULE] : undefined;
  return typeof module === 'string' ? { kind, module } : { kind };
}

/** What a trained model stores about its training. */
export interface SavedTask {
  readonly options: Checked<RunTable>;
  readonly saved: JsonObject;
  readonly fingerprint: JsonObject;
}

/**
 * The options that a model was trained with, checked again, and the data that was saved with it.
 *
 * @param configuration of a run or a checkpoint
 * @param path of the run or the checkpoint
 * @throws {CheckpointError} `checkpoint_mismatch` when it belongs to no task, or to another one
 */
export function readSavedTask(task: AnyTask, configuration: JsonObject, path: string): SavedTask {
  const { task: description } = configuration;
  const { saved, fingerprint } = isJsonObject(description) ? description : {};
  if (!isJsonObject(saved) || !isJsonObject(fingerprint)) {
    throw new CheckpointError('checkpoint_mismatch', `'${path}' holds no model of the task '${task.name}'`, { path });
  }
  const earlier = optionsOf(task, configuration, path);
  const options = checkTaskOptions(task.name, task.options, { out: path }, earlier);
  return { options: chooseLimit(options, earlier), saved, fingerprint };
}

function optionsOf(task: AnyTask, { task: description, place }: JsonObject, run: string): JsonObject {
  if (!isJsonObject(description) || description['kind'] !== task.name || !isJsonObject(place)) {
    throw new ConfigurationError('configuration_mismatch', `the run '${run}' is not one of the task '${task.name}'`, {
      run,
      task: task.name,
    });
  }
  const { kind: _kind, saved: _saved, fingerprint: _fingerprint, ...settings } = description;
  const { [MODULE]: _module, ...places } = place;
  return { ...settings, ...places };
}

/** A batch is limited by its sequences or by its steps. @throws {OptionError} `invalid_option` for both */
function chooseLimit(options: Checked<RunTable>, given: Readonly<Record<string, unknown>>): Checked<RunTable> {
  const { batch, tokens } = options as Partial<Checked<SequenceTable>>;
  if (tokens === undefined) return options;
  if (given['batch'] === undefined) return Object.assign({}, options, { batch: undefined });
  const message = `options 'batch' and 'tokens' exclude each other, got ${batch} and ${tokens}`;
  throw new OptionError('invalid_option', message, { name: 'tokens', batch, tokens });
}
