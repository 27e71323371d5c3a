/** Compares structures of a network on the data of a run, and chooses the best of them. */
import { OptionError } from '../../core/errors.js';
import type { JsonValue } from '../../core/json.js';
import { meanOf } from '../../core/statistics.js';
import type { RunTable } from '../definition/common-options.js';
import type { Structure } from '../definition/structure.js';
import type { AnyTask, AnyTaskData, TaskContext } from '../definition/task.js';
import type { Checked, OptionTable, TaskOption } from '../definition/task-options.js';
import { foldsOf } from './folds.js';
import { type BlockScores, type Gain, gainOf } from './paired-gain.js';
import { blocksOf } from './part-blocks.js';
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
  /** By how much its score is lower than that of the default, and the standard error of that difference; missing for the default, and where one of them has no score. */
  readonly gain?: Gain;
  /** Epochs that were trained, of the longest trial. */
  readonly epochs?: number;
  readonly seconds: number;
  /** Why the structure is not possible with the other options. */
  readonly refused?: string;
};

/** The comparison. */
export type StructureComparison = {
  readonly results: readonly StructureResult[];
  /** The one with the lowest score of those that are ahead of the default by more than the standard error of the difference, or the default. */
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
 * Trains each structure for its part of the time and chooses the one with the lowest score of those that are ahead of the default one by more than the
 * standard error of the difference; the default one where there is none.
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
  let standard: Found | undefined;
  let best: { readonly result: StructureResult; readonly reading: AnyTaskData } | undefined;
  for (const structure of structures) {
    const { name, options: own } = structure;
    const begin = performance.now();
    const tried = await tryOut(task, data, context, structure, options.auto / structures.length);
    const { reading = data, blocks, ...found } = tried;
    const gain = standard && gainOf(standard, tried);
    standard ??= tried;
    const seconds = (performance.now() - begin) / SECOND_MS;
    const result = { name, options: own, ...found, ...(gain && { gain }), seconds };
    results.push(result);
    onStructure(result);
    // The first of the lowest scores; the default where there are none.
    if (best === undefined || (isAhead(result) && lowOf(result) < lowOf(best.result))) best = { result, reading };
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

/** Whether a structure is ahead of the default by more than chance. One with a score is ahead of a default that had no time for one. */
function isAhead({ gain }: StructureResult): boolean {
  if (gain === undefined) return true;
  return gain.standardError !== undefined && gain.mean > gain.standardError;
}

/** What was found of a structure, and the data as they were read for it. */
type Found = Pick<StructureResult, 'score' | 'epochs' | 'refused'> & {
  readonly blocks?: BlockScores;
  readonly reading?: AnyTaskData;
};

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
): Promise<Pick<Found, 'score' | 'epochs' | 'blocks'>> {
  const { validation, training } = data;
  const parts =
    validation === undefined
      ? foldsOf(training, { count: FOLDS, seed: context.options.seed, option: 'auto' })
      : [{ training, judged: validation }];
  const scores: number[] = [];
  const blocks: (readonly number[])[] = [];
  let longest = 0;
  for (const { training: part, judged } of parts) {
    const own = { ...data, training: part, test: undefined };
    const trial = await runTrial(task, own, context, {
      judged,
      blocks: blocksOf(judged),
      seconds: seconds / parts.length,
    });
    if (trial === undefined) return {};
    scores.push(scoreOf(task, trial.metrics, context));
    blocks.push(trial.blockScores);
    longest = Math.max(longest, trial.epochs);
  }
  return { score: meanOf(scores), blocks, epochs: longest };
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
export function describeStructure({ name, score, gain, epochs, refused, seconds }: StructureResult): string {
  const scored = score === undefined ? 'no time for an epoch' : `score ${score.toPrecision(4)} after ${epochs} epochs`;
  const beside = gain === undefined ? '' : `, ${describeGain(gain)}`;
  return `structure '${name}': ${refused === undefined ? scored : `not possible, ${refused}`}${beside}, ${seconds.toFixed(1)} s`;
}

function describeGain({ mean, standardError }: Gain): string {
  if (mean === 0) return 'as good as the default';
  const spread = standardError === undefined ? 'of unknown standard error' : `± ${standardError.toPrecision(2)}`;
  return `${Math.abs(mean).toPrecision(2)} ${spread} ${mean < 0 ? 'behind' : 'ahead of'} the default`;
}

/** The choice for people. */
export function describeChoice({ results, chosen, judgedBy }: StructureComparison): string {
  const begin = `chosen: '${chosen}', of ${results.length} structures`;
  if (chosen !== DEFAULT && results[0]?.score === undefined) {
    return `${begin} the one with the lowest score on ${judgedBy}; there was no time for an epoch of the default`;
  }
  if (chosen !== DEFAULT) {
    return `${begin} the one with the lowest score on ${judgedBy} of those that are ahead of the default by more than a standard error`;
  }
  const lowest = results.reduce((best, result) => (lowOf(result) < lowOf(best) ? result : best));
  if (lowest.name === DEFAULT) return `${begin} the one with the lowest score on ${judgedBy}`;
  return `${begin}: '${lowest.name}' has the lowest score on ${judgedBy}, but is not ahead of the default by more than a standard error`;
}
