/** What a task is: a reader of data, a network, a loss and a metric. Everything else is written once for all tasks. */
import type { JsonObject, JsonValue } from '../core/json.js';
import type { Examples } from '../data/examples.js';
import type { SequenceExample, SequencePackingOptions } from '../data/sequence-packing.js';
import type { LossName } from '../losses/losses.js';
import type { Model } from '../model/model.js';
import type { Network } from '../model/network.js';
import type { CommonTable } from './common-options.js';
import type { Checked } from './task-options.js';

/** Examples in memory, or made when a batch of them is. */
export type Part = readonly SequenceExample[] | Examples<SequenceExample>;

/** What a task has read. */
export interface TaskData<S extends JsonObject> {
  readonly training: Part;
  /** Chooses the best model. */
  readonly validation?: Part | undefined;
  /** Judges it in the end. */
  readonly test?: Part | undefined;
  /** What is needed to use the model: vocabulary, names of classes, scaling. Plain JSON, saved with it. */
  readonly saved: S;
  /** What identifies the data: a resumed run must find the same. */
  readonly fingerprint: JsonObject;
}

/** Of what a prediction is asked for: a file, or values as JSON has them (on the command line, the text of each). */
export type PredictionSource = { readonly file: string } | { readonly values: readonly JsonValue[] };

/** What comes with a model that is evaluated or used. */
export interface TaskContext<T extends CommonTable, S extends JsonObject> {
  readonly options: Checked<T>;
  readonly saved: S;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A task. Its data and its JSON are checked by its own functions, which throw the errors of the library before anything is
 * written.
 */
export interface Task<T extends CommonTable = CommonTable, S extends JsonObject = JsonObject> {
  /** Its name on the command line. */
  readonly name: string;
  /** One line for the help. */
  readonly summary: string;
  readonly options: T;
  /** Reads the data, splits it, and learns from the training part what must be saved. */
  read(options: Checked<T>): Promise<TaskData<S>>;
  /** Other examples with their targets, read as the training part was: for an evaluation on another file. */
  readExamples(file: string, options: Checked<T>, saved: S): Promise<Part>;
  /** What the rows of the examples are. */
  packing(options: Checked<T>, saved: S): SequencePackingOptions;
  network(options: Checked<T>, saved: S): Network;
  loss(options: Checked<T>): LossName;
  /** Metrics by name. */
  evaluate(model: Model, part: Part, context: TaskContext<T, S>): Promise<JsonObject>;
  /** The number that the best model is chosen by: lower is better. */
  score(metrics: JsonObject): number;
  /** The metrics as lines for people. */
  describe(metrics: JsonObject, saved: S): string;
  /** Examples without targets. */
  readInputs(source: PredictionSource, options: Checked<T>, saved: S): Promise<readonly SequenceExample[]>;
  /** One prediction for each input, in their order. */
  predict(model: Model, inputs: readonly SequenceExample[], context: TaskContext<T, S>): AsyncIterable<JsonObject>;
}

/** Gives the literal types of a task to the compiler. */
export function defineTask<T extends CommonTable, S extends JsonObject>(task: Task<T, S>): Task<T, S> {
  return task;
}

/** The examples of a part, some at a time, in their order. */
export async function* examplesOf(part: Part, atOnce: number): AsyncGenerator<readonly SequenceExample[], void, void> {
  const count = 'read' in part ? part.count : part.length;
  for (let begin = 0; begin < count; begin += atOnce) {
    const end = Math.min(count, begin + atOnce);
    if ('read' in part) yield await part.read(Int32Array.from({ length: end - begin }, (_, at) => begin + at));
    else yield part.slice(begin, end);
  }
}

/** Number of examples of a part. */
export function sizeOf(part: Part | undefined): number {
  if (part === undefined) return 0;
  return 'read' in part ? part.count : part.length;
}
