/** Makes a task from a definition. Built-in tasks and users' tasks use the same function. */
import type { SequenceExample } from '../../batch/sequence-packing.js';
import { ConfigurationError } from '../../core/errors.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.js';
import { describeValue } from '../../core/options.js';
import { Network } from '../../model/network.js';
import { onlyInput, requireOneOutput } from '../building-blocks/model-packing.js';
import { readComplete, readOtherFile } from '../defaults/default-data.js';
import { describeMetrics, lossOfPart } from '../defaults/default-metrics.js';
import { predictOutputs, readNetworkInputs, streamOutputs } from '../defaults/default-use.js';
import { checkTask } from './check-task.js';
import { commonOptions, type RunTable, type SequenceTable, withOwnNames } from './common-options.js';
import type { LossMetrics, OutputPrediction } from './default-results.js';
import type { AnyPart, Part } from './parts.js';
import type { AnyTask, Task, TaskDefinition } from './task.js';

/** The tasks that this copy of the package has made. */
const MADE = new WeakSet<object>();

/** Marks a task for other copies of the package. */
const MARK = Symbol.for('bptt.task');

/** Names that no further task may have. */
const taken = new Set<string>();

/** Reserves the names of the built-in tasks, because a run stores only the name of its task. */
export function reserveTaskNames(names: readonly string[]): void {
  for (const name of names) taken.add(name);
}

/** A definition of unknown types. */
type AnyDefinition = TaskDefinition<RunTable, JsonObject, unknown, AnyPart<unknown>, JsonObject, JsonObject>;

/**
 * A user's own task. `trainTask`, `loadTask`, `evaluateTask`, `predictTask` and `streamTask` take it, and a module exports it for
 * `bptt train ./my-task.mjs`. `name`, `summary`, `read`, `network` and `loss` are required; everything else has a
 * default that suits networks of one input and one output. The definition is checked here; the task is frozen.
 *
 * @throws {ConfigurationError} `invalid_task`, naming the field: a field is missing, misspelt or of another type, an
 * option has a reserved name or a wrong default, or a built-in task has the name
 * @example
 * export const parity = defineTask({
 *   name: 'parity',
 *   summary: 'whether the number of ones so far is odd',
 *   options: commonOptions({ units: 16, epochs: 20 }),
 *   async read(options) {
 *     const read = (row: JsonRow) => ({ input: row.rows('input'), target: row.ids('target') });
 *     return splitParts(await readJsonLines(requireData(options), read), options);
 *   },
 *   network: (options) => sequential([...recurrentBody(options, 'none'), dense({ units: 2 })], { features: 1 }),
 *   loss: 'softmaxCrossEntropy',
 * });
 */
export function defineTask<
  T extends RunTable = SequenceTable,
  S extends JsonObject = JsonObject,
  E = SequenceExample,
  P extends AnyPart<unknown> = Part<E>,
  M extends JsonObject = LossMetrics,
  R extends JsonObject = OutputPrediction,
  V extends JsonValue = JsonValue,
  Q extends JsonObject = OutputPrediction,
  const N extends string = string,
>(definition: TaskDefinition<T, S, E, P, M, R, V, Q, N>): Task<T, S, E, P, M, R, V, Q, N> {
  checkTask(definition, taken);
  const task = complete(definition as unknown as AnyDefinition);
  Object.defineProperty(task, MARK, { value: true });
  MADE.add(task);
  return Object.freeze(task) as unknown as Task<T, S, E, P, M, R, V, Q, N>;
}

/** Whether a value is a task that this copy of the package has made. */
export function isTask(value: unknown): value is AnyTask {
  return typeof value === 'object' && value !== null && MADE.has(value);
}

/** Whether a value is a task that another copy of the package has made. */
export function isForeignTask(value: unknown): boolean {
  return typeof value === 'object' && value !== null && MARK in value && !MADE.has(value);
}

/**
 * The network of a task, if the defaults of the task can use it. An error is found here, before training.
 *
 * @throws {ConfigurationError} `invalid_task`
 */
function checkedNetwork({ name, readInputs, predict }: AnyDefinition, network: unknown): Network {
  if (!(network instanceof Network)) {
    const message = `the task '${name}' must return a network from 'network', made by sequential() or network(), got ${describeValue(network)}`;
    throw new ConfigurationError('invalid_task', message, { task: name, field: 'network' });
  }
  if (readInputs === undefined) onlyInput(network.description, 'readInputs');
  if (predict === undefined) requireOneOutput(network.description, 'predict');
  return network;
}

/** @throws {ConfigurationError} `invalid_task` */
function requireMetrics(task: string, metrics: unknown): JsonObject {
  if (isJsonObject(metrics)) return metrics;
  const message = `'evaluate' of the task '${task}' must return an object of metrics, got ${describeValue(metrics)}`;
  throw new ConfigurationError('invalid_task', message, { task, field: 'evaluate' });
}

/** @throws {ConfigurationError} `invalid_task` */
function requireScore(task: string, score: unknown): number {
  if (typeof score === 'number') return score;
  const message = `'score' of the task '${task}' must return a number, got ${describeValue(score)}`;
  throw new ConfigurationError('invalid_task', message, { task, field: 'score' });
}

/** The task with defaults for everything that the definition does not have. */
function complete(own: AnyDefinition): AnyTask {
  const { loss } = own;
  const usesOutputs = own.readInputs === undefined && own.predict === undefined && own.stream === undefined;
  return {
    ...own,
    options: withOwnNames(own.options ?? commonOptions(), own),
    network: (options, saved) => checkedNetwork(own, own.network(options, saved)),
    loss: (options, saved) => (typeof loss === 'function' ? loss(options, saved) : loss),
    read: (options) => readComplete(own, options),
    async readExamples(file, options, saved, note) {
      return own.readExamples?.(file, options, saved, note) ?? readOtherFile(own, file, options, saved, note);
    },
    async evaluate(model, part, context) {
      if (own.evaluate === undefined) return lossOfPart(own, model, part, context);
      return requireMetrics(own.name, await own.evaluate(model, part, context));
    },
    ...(own.score && { score: (metrics, options) => requireScore(own.name, own.score?.(metrics, options)) }),
    describe: (metrics, saved) => own.describe?.(metrics, saved) ?? describeMetrics(metrics),
    async readInputs(source, options, saved, note) {
      return own.readInputs?.(source, options, saved, note) ?? readNetworkInputs(own.network(options, saved), source);
    },
    predict(model, inputs, context) {
      return own.predict?.(model, inputs, context) ?? predictOutputs(model, inputs as SequenceExample[], context);
    },
    ...(usesOutputs && { stream: streamOutputs }),
  };
}
