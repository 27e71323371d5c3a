/** Checks the definition of a task, as far as this is possible before its first use. */
import { BpttError, ConfigurationError } from '../../core/errors.js';
import { describeValue } from '../../core/options.js';
import { editDistance } from '../../metrics/edit-distance.js';
import { commonOptions, isCommonOption, runOptions } from './common-options.js';
import { OPTION_KINDS, type OptionTable, type TaskOption } from './task-options.js';

/** The fields of a task: the type of each, and whether it is required. */
const FIELDS: Readonly<Record<string, { readonly type: string; readonly isNeeded?: true }>> = {
  name: { type: 'a text', isNeeded: true },
  summary: { type: 'a text', isNeeded: true },
  options: { type: 'an object' },
  countedIn: { type: 'a text' },
  usage: { type: 'a list' },
  read: { type: 'a function', isNeeded: true },
  readExamples: { type: 'a function' },
  packing: { type: 'a function' },
  network: { type: 'a function', isNeeded: true },
  losses: { type: 'a list' },
  optimizers: { type: 'a list' },
  schedules: { type: 'a list' },
  prepare: { type: 'a function' },
  loss: { type: 'a loss or a function', isNeeded: true },
  evaluate: { type: 'a function' },
  evaluateQuickly: { type: 'a function' },
  score: { type: 'a function' },
  perfectScore: { type: 'a number' },
  describe: { type: 'a function' },
  readInputs: { type: 'a function' },
  predict: { type: 'a function' },
  stream: { type: 'a function' },
  settle: { type: 'a function' },
  structures: { type: 'a function' },
  initialize: { type: 'a function' },
  startsAs: { type: 'a function' },
  finish: { type: 'a function' },
  checkFinished: { type: 'a function' },
  naiveRules: { type: 'a function' },
};

/** Names that no option may have, and their meaning. */
const RESERVED: Readonly<Record<string, string>> = {
  ...Object.fromEntries(['config', 'json', 'help', 'version', 'task'].map((name) => [name, 'the command line has it'])),
  ...Object.fromEntries(
    ['callbacks', 'progress', 'signal', 'onStart', 'onStructure'].map((name) => [name, 'trainTask has it']),
  ),
  ...Object.fromEntries(['kind', 'saved', 'fingerprint', 'module'].map((name) => [name, 'the files of a run have it'])),
};

const NAME = /^[A-Za-z][A-Za-z0-9]*([-_][A-Za-z0-9]+)*$/;
const OPTION_NAME = /^(?!no[A-Z])[a-z][A-Za-z0-9]*$/;

/** Refuses a task, naming the field. */
function refuse(task: string, field: string, message: string, cause?: unknown): never {
  throw new ConfigurationError('invalid_task', `the task ${task} ${message}`, { task, field }, cause);
}

/** The name that was probably meant, if there is a similar one. */
function suggestion(name: string, known: readonly string[]): string {
  const distanceTo = (other: string) => editDistance([...name.toLowerCase()], [...other.toLowerCase()]).distance;
  const near = known.find((other) => distanceTo(other) <= 2);
  return near === undefined ? '' : `; did you mean '${near}'?`;
}

function typeOf(value: unknown): string {
  if (typeof value === 'string') return 'a text';
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'a list';
  if (Number.isFinite(value)) return 'a number';
  return typeof value === 'object' && value !== null ? 'an object' : describeValue(value);
}

function isOfType(type: string, value: unknown): boolean {
  const found = typeOf(value);
  if (type === 'a loss or a function') return ['a text', 'an object', 'a function'].includes(found);
  return found === type && value !== '';
}

/**
 * Checks the fields of a task and its options.
 *
 * @param taken names that other tasks have
 * @throws {ConfigurationError} `invalid_task`, naming the field
 */
export function checkTask(definition: unknown, taken: ReadonlySet<string>): void {
  if (typeOf(definition) !== 'an object') {
    refuse('definition', '', `must be an object of fields, got ${describeValue(definition)}`);
  }
  const fields = definition as Readonly<Record<string, unknown>>;
  const { name, options, usage } = fields;
  const task = typeof name === 'string' ? `'${name}'` : 'without a name';
  const names = Object.keys(FIELDS);
  for (const field of Object.keys(fields)) {
    if (names.includes(field)) continue;
    refuse(task, field, `has the unknown field '${field}'${suggestion(field, names)}; fields are ${names.join(', ')}`);
  }
  for (const [field, { type, isNeeded }] of Object.entries(FIELDS)) {
    const value = fields[field];
    if (value === undefined && isNeeded) refuse(task, field, `lacks the field '${field}', ${type}`);
    if (value === undefined || isOfType(type, value)) continue;
    refuse(task, field, `must have ${type} as '${field}', got ${describeValue(value)}`);
  }
  if (!NAME.test(name as string)) refuse(task, 'name', "must have a 'name' of letters, digits and single dashes");
  if (taken.has(name as string)) refuse(task, 'name', 'has the name of a built-in task: give it another one');
  if (options !== undefined) checkOptions(task, options as OptionTable);
  const known = Object.keys(options ?? commonOptions());
  for (const option of (usage ?? []) as readonly unknown[]) {
    if (known.includes(option as string)) continue;
    refuse(
      task,
      'usage',
      `names ${describeValue(option)} in 'usage', which is not an option of the task; options are ${known.join(', ')}`,
    );
  }
}

function checkOptions(task: string, options: OptionTable): void {
  const missing = Object.keys(runOptions()).filter((name) => options[name] === undefined);
  if (missing.length > 0) {
    const message = `lacks ${missing.join(', ')} in 'options': begin them with ...commonOptions()`;
    refuse(task, `options.${missing[0]}`, message);
  }
  const common: OptionTable = commonOptions();
  const needed = Object.keys(runOptions());
  for (const [name, option] of Object.entries(options)) {
    const field = `options.${name}`;
    if (!isOption(option)) {
      refuse(
        task,
        field,
        `must have an option as '${field}', made by numberOption() or a similar function, got ${typeOf(option)}`,
      );
    }
    if (!OPTION_NAME.test(name)) {
      refuse(
        task,
        field,
        `has the option '${name}': names are letters and digits in camel case, and none begins with 'no'`,
      );
    }
    if (Object.hasOwn(RESERVED, name)) refuse(task, field, `has the option '${name}': ${RESERVED[name]} already`);
    const isReplaced = Object.hasOwn(common, name) && !isCommonOption(option);
    if (isReplaced && (needed.includes(name) || common[name]?.kind !== option.kind)) {
      const message = `has an option '${name}' of its own in place of the common one: rename it, or give commonOptions() another default`;
      refuse(task, field, message);
    }
    checkDefault(task, name, option);
  }
}

function isOption(option: unknown): option is TaskOption {
  const { kind, placeholder, description, isOptional, check } = (option ?? {}) as Partial<TaskOption>;
  return (
    OPTION_KINDS.includes(kind as never) &&
    [placeholder, description].every((text) => typeof text === 'string') &&
    typeof isOptional === 'boolean' &&
    typeof check === 'function'
  );
}

function checkDefault(task: string, name: string, option: TaskOption): void {
  if (option.default === undefined) return;
  try {
    option.check(name, option.default);
  } catch (error) {
    if (!(error instanceof BpttError)) throw error;
    refuse(task, `options.${name}`, `has a wrong default: ${error.message}`, error);
  }
}
