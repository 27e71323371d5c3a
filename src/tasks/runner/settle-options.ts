/** Fills in the options that the data decide. */
import { OptionError } from '../../core/errors.js';
import type { JsonValue } from '../../core/json.js';
import type { RunTable } from '../definition/common-options.js';
import type { AnyTask, AnyTaskData, TaskContext } from '../definition/task.js';
import type { Checked, OptionTable, TaskOption } from '../definition/task-options.js';
import { type ComparisonOptions, compareStructures, type StructureComparison } from './compare-structures.js';
import { epochsWithin } from './trial.js';

const MINUTE_S = 60;

/** An option that the data have decided. */
export interface SettledOption {
  readonly name: string;
  readonly value: JsonValue;
  /** Why this value. */
  readonly reason: string;
}

/**
 * The options of a run when its data have been read.
 *
 * @param isNew whether the run begins; a resumed one has its options already
 * @throws {OptionError} `invalid_option` when the task does not settle an option, or to what the option refuses
 */
export function settleOptions(
  task: AnyTask,
  options: Checked<RunTable>,
  data: AnyTaskData,
  isNew: boolean,
): { readonly options: Checked<RunTable>; readonly settled: readonly SettledOption[] } {
  const table: OptionTable = task.options;
  const given: Readonly<Record<string, unknown>> = options;
  const open = isNew ? Object.keys(table).filter((name) => table[name]?.settles && given[name] === undefined) : [];
  if (open.length === 0) return { options, settled: [] };
  const settings = task.settle?.(options, data) ?? {};
  const settled = open.flatMap((name) => {
    const { settles, check } = table[name] as TaskOption;
    const setting = settings[name as keyof typeof settings];
    if (setting !== undefined)
      return [{ name, value: check(name, setting.value) as JsonValue, reason: setting.reason }];
    // A batch is limited by its steps, if somebody says so, in place of its sequences.
    if (settles === 'sometimes' || (name === 'batch' && given['tokens'] !== undefined)) return [];
    const message = `option '${name}' is missing, and the task '${task.name}' does not settle it`;
    throw new OptionError('invalid_option', message, { name });
  });
  const values = Object.fromEntries(settled.map(({ name, value }) => [name, value]));
  return { options: { ...options, ...values }, settled };
}

/** The options of a run that begins. */
export interface ChosenOptions {
  readonly options: Checked<RunTable>;
  readonly settled: readonly SettledOption[];
  /** As they are read with these options. */
  readonly data: AnyTaskData;
  /** What the option `auto` has compared. */
  readonly structures?: StructureComparison;
}

/**
 * The options of the best structure of those that the option `auto` compares; the structure's own options count as settled.
 *
 * @throws as `compareStructures`
 */
export async function chooseStructure(
  task: AnyTask,
  data: AnyTaskData,
  { settled, ...context }: TaskContext & { readonly settled: readonly SettledOption[] },
  comparing: ComparisonOptions,
): Promise<ChosenOptions> {
  const { comparison, changes, ...best } = await compareStructures(task, data, context, comparing);
  const reason = `best of ${comparison.results.length} structures on ${comparison.judgedBy}`;
  return {
    ...best,
    settled: [
      ...settled.filter(({ name }) => !Object.hasOwn(changes, name)),
      ...Object.entries(changes).map(([name, value]) => ({ name, value, reason })),
    ],
    structures: comparison,
  };
}

/**
 * Lowers the epochs to what fits into the minutes of the option `minutes`, at least one.
 *
 * @throws the signal's reason when it is aborted
 */
export async function fitEpochs(
  task: AnyTask,
  { signal }: Pick<TaskContext, 'signal'>,
  chosen: ChosenOptions,
): Promise<ChosenOptions> {
  const { minutes, epochs } = chosen.options;
  if (minutes === undefined) return chosen;
  const own = { options: chosen.options, saved: chosen.data.saved, signal };
  const fitting = Math.max(1, await epochsWithin(task, chosen.data, own, minutes * MINUTE_S));
  if (fitting === epochs) return chosen;
  const reason = `${minutes} minutes at the speed of the first steps, in place of ${epochs}`;
  return {
    ...chosen,
    options: { ...chosen.options, epochs: fitting },
    settled: [...chosen.settled.filter(({ name }) => name !== 'epochs'), { name: 'epochs', value: fitting, reason }],
  };
}
