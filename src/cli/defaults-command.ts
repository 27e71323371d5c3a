import { Command } from 'commander';
import { OptionError } from '../core/errors.js';
import type { JsonObject, JsonValue } from '../core/json.js';
import { kebabCase } from '../core/kebab-case.js';
import type { ReasonedDefaults } from '../tasks/definition/reasoned.js';
import { DEFAULTS } from '../tasks/recipes/defaults/defaults.js';
import type { CommandContext } from './command-context.js';

/** `bptt defaults [TASK]`: the defaults of the built-in tasks, and the reason for each. */
export function defaultsCommand(context: CommandContext): Command {
  return new Command('defaults')
    .description('defaults of the tasks, with the reason for each')
    .argument('[task]', 'a built-in task; all of them without it')
    .option('--json', 'one JSON value on standard output')
    .action((task: string | undefined, { json }: { json?: boolean }) => {
      const tables = task === undefined ? DEFAULTS : { [task]: tableOf(task) };
      if (json === true) return context.output.json(tables);
      return context.output.write(`${Object.entries(tables).map(describeDefaults).join('\n\n')}\n`);
    });
}

/** @throws {OptionError} `invalid_option` for another name than that of a built-in task */
function tableOf(task: string): ReasonedDefaults {
  const table = Object.hasOwn(DEFAULTS, task) ? DEFAULTS[task] : undefined;
  if (table !== undefined) return table;
  const message = `there is no built-in task '${task}': there are ${Object.keys(DEFAULTS).join(', ')}`;
  throw new OptionError('invalid_option', message, { name: 'task', value: task });
}

/** Signs of a line, and of the values in it. */
const WIDTHS = { line: 140, value: 50 } as const;

function describeDefaults([task, defaults]: readonly [string, ReasonedDefaults]): string {
  const rows = Object.entries(defaults).map(([name, { value, reason }]) => ({
    ...{ name: kebabCase(name), reason },
    values: describeValue(value).flatMap((line) => wrap(line, WIDTHS.value)),
  }));
  const names = Math.max(...rows.map(({ name }) => name.length));
  const widest = Math.max(...rows.flatMap(({ values }) => values.map((line) => line.length)));
  const lines = rows.flatMap(({ name, values, reason }) => {
    const reasons = wrap(reason, WIDTHS.line - names - widest - 6);
    return Array.from({ length: Math.max(values.length, reasons.length) }, (_, at) =>
      `  ${(at === 0 ? name : '').padEnd(names)}  ${(values[at] ?? '').padEnd(widest)}  ${reasons[at] ?? ''}`.trimEnd(),
    );
  });
  return [task, ...lines].join('\n');
}

/** The lines of a text, of at most so many signs. */
function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(/ (?!%)/)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

const isPlain = (value: JsonValue) => typeof value !== 'object' || value === null;

/** A value in a few words; the rows of a rule, and what differs by the kind of the data, in lines of their own. */
function describeValue(value: JsonValue): readonly string[] {
  if (Array.isArray(value)) return value.map((row) => describeRow(row, isRule(value)));
  if (isPlain(value) || !Object.values(value as JsonObject).some(isNested)) return [describe(value)];
  return Object.entries(value as JsonObject).flatMap(([kind, one]) =>
    describeValue(one).map((line) => (isRule(one) ? `${kind} ${line}` : `${kind}: ${line}`)),
  );
}

/** Whether a value has parts of its own that are more than limits. */
function isNested(value: JsonValue): boolean {
  return !isPlain(value) && !(Array.isArray(value) && value.every(isPlain));
}

/** Whether a value has several rows by size. */
const isRule = (value: JsonValue) => Array.isArray(value) && value.length > 1;

/** A row of a rule by size: `below 100: part 0`. The last one of several has the rest. */
function describeRow(row: JsonValue, isOneOfSeveral: boolean): string {
  const { below, ...rest } = row as JsonObject;
  if (below !== undefined) return `below ${below}: ${describe(rest)}`;
  return isOneOfSeveral ? `else: ${describe(rest)}` : describe(rest);
}

/** A value in a few words: `steps 600, epochs 12 to 60, batch 4`. */
function describe(value: JsonValue): string {
  if (Array.isArray(value)) return value.map(describe).join(' to ');
  if (typeof value === 'number' && !Number.isInteger(value)) return `${Number(value.toPrecision(3))}`;
  if (isPlain(value)) return String(value);
  return Object.entries(value as JsonObject)
    .map(([name, one]) => `${kebabCase(name).replaceAll('-', ' ')} ${describe(one)}`)
    .join(', ');
}
