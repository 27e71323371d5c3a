/** Evaluates the trained model of any task. */
import { BpttError, CheckpointError } from '../../core/errors.js';
import { canonicalJson, type JsonObject } from '../../core/json.js';
import { isSameFile } from '../../core/path-stats.js';
import { batchesOf } from '../building-blocks/task-batches.js';
import type { NaiveRules } from '../definition/naive-rule.js';
import { type AnyPart, sizeOf } from '../definition/parts.js';
import type { AnyTask, AnyTaskData, TakeNote } from '../definition/task.js';
import {
  compareWithRules,
  describeAnswer,
  describeComparison,
  type NaiveComparison,
  naiveRulesOf,
} from './naive-results.js';
import type { SavedTaskModel } from './saved-task.js';

/** The result of an evaluation. */
export interface TaskEvaluation<M extends JsonObject = JsonObject> {
  readonly task: string;
  /** `test`, `validation`, `training`, or the file. */
  readonly part: string;
  readonly examples: number;
  /** The unit of the count: `examples`, `symbols`. */
  readonly of: string;
  readonly metrics: M;
  /** The naive rule that answers in place of a network that was never ahead of it on the validation part. */
  readonly answeredBy?: string;
  /** The naive rules beside it; missing where there are none, and when the data of the training are not there. */
  readonly naive?: NaiveComparison;
  /** Metrics and rules for people. */
  readonly summary: string;
}

/** A trained model, and what takes the notes of files. */
export interface LoadedParts extends SavedTaskModel {
  readonly note: TakeNote;
}

/**
 * Metrics of a trained model.
 *
 * @param data a file; default: the test part of the training, else the validation part, else the training part
 * @throws errors of reading the data
 * @throws {CheckpointError} `checkpoint_mismatch` when the data of the training has changed since
 */
export async function evaluateSaved(task: AnyTask, loaded: LoadedParts, data?: string): Promise<TaskEvaluation> {
  const { part, name, rules } =
    data === undefined ? await partOfTraining(task, loaded) : await partOfFile(task, loaded, data);
  // This checks the examples and reports what is wrong.
  batchesOf(task, part, loaded);
  const metrics = await task.evaluate(loaded.model, part, loaded);
  const naive = await compareWithRules(task, rules, { part, name, own: metrics }, loaded);
  const { answeredBy, saved } = loaded;
  const shown = [
    ...(answeredBy === undefined ? [] : [describeAnswer(answeredBy)]),
    task.describe(metrics, saved),
    ...(naive === undefined ? [] : [describeComparison(naive, answeredBy)]),
  ];
  const facts = { task: task.name, part: name, examples: sizeOf(part), of: task.countedIn ?? 'examples', metrics };
  return {
    ...facts,
    ...(answeredBy !== undefined && { answeredBy }),
    ...(naive && { naive }),
    summary: shown.join('\n'),
  };
}

async function partOfFile(task: AnyTask, loaded: LoadedParts, file: string): Promise<JudgedPart> {
  const { options, saved, note } = loaded;
  const part = await task.readExamples(file, options, saved, note);
  if (isSameFile(file, (options as { readonly data?: unknown }).data)) {
    note(
      `'${file}' is the data of the training: figures of examples that were trained on say nothing of new ones; without --data the held-out part is judged`,
    );
  }
  return { part, name: file, rules: await rulesOfTraining(task, loaded) };
}

/** The rules learn from the data of the training. A model can be judged without them. */
async function rulesOfTraining(task: AnyTask, loaded: LoadedParts): Promise<NaiveRules> {
  const { options, saved, fingerprint, note } = loaded;
  const none: NaiveRules = { rules: [], advice: '' };
  if (options.naive === 0 || task.naiveRules === undefined) return none;
  const data = await task.read(options).catch((error: unknown) => {
    if (error instanceof BpttError) return undefined;
    throw error;
  });
  if (data !== undefined && isSame(data, { saved, fingerprint })) return naiveRulesOf(task, data, loaded);
  note('the naive rules are left out: the data of the training are not there as they were');
  return none;
}

/** A part that is judged, and the rules that it is judged by beside the model. */
interface JudgedPart {
  readonly part: AnyPart<unknown>;
  readonly name: string;
  readonly rules: NaiveRules;
}

function isSame(data: AnyTaskData, { saved, fingerprint }: Pick<LoadedParts, 'saved' | 'fingerprint'>): boolean {
  return canonicalJson({ saved, fingerprint }) === canonicalJson({ saved: data.saved, fingerprint: data.fingerprint });
}

async function partOfTraining(task: AnyTask, loaded: LoadedParts): Promise<JudgedPart> {
  const { options, checkpoint, note } = loaded;
  const data = await task.read(options);
  if (!isSame(data, loaded)) {
    const message = `the data of '${checkpoint}' has changed since its training: give the file to evaluate (--data)`;
    throw new CheckpointError('checkpoint_mismatch', message, { path: checkpoint });
  }
  for (const line of data.notes ?? []) note(line);
  const { test, validation, training } = data;
  const rules = naiveRulesOf(task, data, loaded);
  if (test !== undefined) return { part: test, name: 'test', rules };
  if (validation !== undefined) return { part: validation, name: 'validation', rules };
  return { part: training, name: 'training', rules };
}
