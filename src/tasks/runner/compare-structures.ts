/** Compares structures of a network on the data of a run, and chooses the best of them. */
import { OptionError } from '../../core/errors.js';
import type { JsonValue } from '../../core/json.js';
import { meanOf } from '../../core/statistics.js';
import type { RunTable } from '../definition/common-options.js';
import type { Structure } from '../definition/structure.js';
import type { AnyTask, AnyTaskData, TaskContext } from '../definition/task.js';
import type { Checked, OptionTable, TaskOption } from '../definition/task-options.js';
import { foldsOf } from './folds.js';
import { scoreOf } from './task-training.js';
import { runTrial } from './trial.js';

/** Folds where there is no validation part. */
const FOLDS = 3;
const SECOND_MS = 1000;

/** The name of what is trained without a comparison. */
const DEFAULT = 'default';

/** What was found of a structure. */
export type StructureResult = {
  readonly name: string;
  /** What differs from the options of the run, by name. */
  readonly options: Readonly<Record<string, JsonValue>>;
  /** The score that chooses the best model, lower is better; missing when there was no time for an epoch, and when it was refused. */
  readonly score?: number;
  /** Epochs that were trained, of the longest trial. */
  readonly epochs?: number;
  readonly seconds: number;
  /** Why the structure is not possible with the other options. */
  readonly refused?: string;
};

/** The comparison. */
export type StructureComparison = {
  readonly results: readonly StructureResult[];
  /** The best one. */
  readonly chosen: string;
  /** `the validation part`, `3 folds`. */
  readonly judgedBy: string;
};

/** How structures are compared. */
export interface ComparisonOptions {
  /** Names of the options that somebody gave. */
  readonly given: readonly string[];
  /** Called after each of them. */
  readonly onStructure?: ((result: StructureResult) => void) | undefined;
}

/** The best structure. */
export interface BestStructure {
  readonly options: Checked<RunTable>;
  /** What differs from the options of the run, by name. */
  readonly changes: StructureResult['options'];
  /** The data, as they are read with these options. */
  readonly data: AnyTaskData;
  readonly comparison: StructureComparison;
}

/**
 * Trains each structure for its part of the time and chooses the one with the lowest score, the default one where none is better.
 * Structures that change an option that somebody gave are left out.
 *
 * @throws {OptionError} `invalid_option` for a task without structures to compare
 * @throws as `foldsOf`
 */
export async function compareStructures(
  task: AnyTask,
  data: AnyTaskData,
  context: TaskContext,
  { given, onStructure = () => {} }: ComparisonOptions,
): Promise<BestStructure> {
  const { options } = context;
  const structures = structuresOf(task, data, options, given);
  const results: StructureResult[] = [];
  let best: { readonly result: StructureResult; readonly reading: AnyTaskData } | undefined;
  for (const structure of structures) {
    const { name, options: own } = structure;
    const begin = performance.now();
    const { reading = data, ...found } = await tryOut(task, data, context, structure, options.auto / structures.length);
    const result = { name, options: own, ...found, seconds: (performance.now() - begin) / SECOND_MS };
    results.push(result);
    onStructure(result);
    // The first of the lowest scores; the default where there are none.
    if (best === undefined || lowOf(result) < lowOf(best.result)) best = { result, reading };
  }
  const { result: chosen, reading } = best as NonNullable<typeof best>;
  return {
    options: withOptions(task, options, chosen),
    changes: chosen.options,
    data: reading,
    comparison: {
      results,
      chosen: chosen.name,
      judgedBy: data.validation === undefined ? `${FOLDS} folds` : 'the validation part',
    },
  };
}

/** A score; a structure without one is behind all others. */
function lowOf({ score = Number.POSITIVE_INFINITY }: StructureResult): number {
  return score;
}

/** What was found of a structure, and the data as they were read for it. */
type Found = Pick<StructureResult, 'score' | 'epochs' | 'refused'> & { readonly reading?: AnyTaskData };

/** Tries a structure. The options of the run may exclude one that is not the default: this ends no comparison. */
async function tryOut(
  task: AnyTask,
  data: AnyTaskData,
  context: TaskContext,
  structure: Candidate,
  seconds: number,
): Promise<Found> {
  try {
    const options = withOptions(task, context.options, structure);
    const reading = structure.readsAnew === true ? await task.read(options) : data;
    const own = { ...context, options, saved: reading.saved };
    return { ...(await scoreWithin(task, reading, own, seconds)), reading };
  } catch (error) {
    if (structure.name === DEFAULT || !(error instanceof OptionError)) throw error;
    return { refused: error.message };
  }
}

/** Score and epochs on the validation part, or on folds; nothing when there is no time for an epoch. */
async function scoreWithin(
  task: AnyTask,
  data: AnyTaskData,
  context: TaskContext,
  seconds: number,
): Promise<Pick<StructureResult, 'score' | 'epochs'>> {
  const { validation, training } = data;
  const parts =
    validation === undefined
      ? foldsOf(training, { count: FOLDS, seed: context.options.seed, option: 'auto' })
      : [{ training, judged: validation }];
  const scores: number[] = [];
  let longest = 0;
  for (const { training: part, judged } of parts) {
    const own = { ...data, training: part, test: undefined };
    const trial = await runTrial(task, own, context, { judged, seconds: seconds / parts.length });
    if (trial === undefined) return {};
    scores.push(scoreOf(task, trial.metrics));
    longest = Math.max(longest, trial.epochs);
  }
  return { score: meanOf(scores), epochs: longest };
}

interface Candidate extends Structure {
  readonly options: Readonly<Record<string, JsonValue>>;
}

function structuresOf(
  task: AnyTask,
  data: AnyTaskData,
  options: Checked<RunTable>,
  given: readonly string[],
): readonly Candidate[] {
  const others = task.structures?.(options, data);
  if (others === undefined) {
    const message = `option 'auto' compares structures, and the task '${task.name}' names none: leave the option away, or compare runs with other options`;
    throw new OptionError('invalid_option', message, { name: 'auto', task: task.name });
  }
  const free = (others as readonly Candidate[]).filter(({ options: own }) =>
    Object.keys(own).every((name) => !given.includes(name)),
  );
  return [{ name: DEFAULT, options: {} }, ...free];
}

function withOptions(task: AnyTask, options: Checked<RunTable>, { options: own }: Candidate): Checked<RunTable> {
  const table: OptionTable = task.options;
  const values = Object.entries(own).map(([name, value]) => [name, (table[name] as TaskOption).check(name, value)]);
  return { ...options, ...Object.fromEntries(values) };
}

/** A structure for people. */
export function describeStructure({ name, score, epochs, refused, seconds }: StructureResult): string {
  const scored = score === undefined ? 'no time for an epoch' : `score ${score.toPrecision(4)} after ${epochs} epochs`;
  return `structure '${name}': ${refused === undefined ? scored : `not possible, ${refused}`}, ${seconds.toFixed(1)} s`;
}

/** The choice for people. */
export function describeChoice({ results, chosen, judgedBy }: StructureComparison): string {
  return `chosen: '${chosen}', of ${results.length} structures the one with the lowest score on ${judgedBy}`;
}
