/** Options of later files of a run: how they are written, where they are not written as those of the training. */
import { type Command, Option } from 'commander';
import type { JsonObject } from '../core/json.js';
import { kebabCase } from '../core/kebab-case.js';
import { TABLE_USAGE } from '../tasks/definition/table-options.js';
import type { OptionTable } from '../tasks/definition/task-options.js';
import { TASKS } from '../tasks/tasks.js';
import { parseNumber } from './parse-argument.js';

/** Names of the options. Each is one of `usage` of some task; others of `usage` go into `--options`. */
const NAMES = [...TABLE_USAGE, 'form', 'time', 'dateFormat', 'missing', 'missingValues'];

/** Adds the options to a command that uses a run of any task. The task of the run refuses those that it does not have. */
export function addReadingOptions(command: Command): Command {
  const tables = Object.values(TASKS).map(({ options }): OptionTable => options);
  for (const name of NAMES) {
    const option = tables.find((table) => Object.hasOwn(table, name))?.[name];
    if (option === undefined) continue;
    const text = option.description.replace(/ \(default:[^()]*(?:\([^()]*\)[^()]*)*\)$/, '');
    const added = new Option(`--${kebabCase(name)} <${option.placeholder}>`, `${text} (default: as in the training)`);
    command.addOption(option.kind === 'number' ? added.argParser<unknown>(parseNumber) : added);
  }
  return command;
}

/** The options that were given, with those of `--options`. */
export function usageOf(flags: Readonly<Record<string, unknown>>, options: JsonObject | undefined): JsonObject {
  const given = NAMES.filter((name) => flags[name] !== undefined).map((name) => [name, flags[name]]);
  return { ...options, ...(Object.fromEntries(given) as JsonObject) };
}

/**
 * A message without the advice to use options that a command does not have: errors of reading are the same in training, which has
 * more of them. Advice stands in parts of its own, behind semicolons.
 */
export function withoutForeignAdvice(message: string, command: Command): string {
  const known = new Set(['--help', ...command.options.map(({ long }) => long)]);
  const [first = '', ...parts] = message.split('; ');
  const isForeign = (part: string) =>
    (/^--[a-z]/.test(part) ? (part.match(/--[a-z][a-z-]*/g) ?? []) : []).some((name) => !known.has(name));
  return [first, ...parts.filter((part) => !isForeign(part))].join('; ');
}
