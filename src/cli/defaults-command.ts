import { Command } from 'commander';
import { OptionError } from '../core/errors.js';
import type { JsonValue } from '../core/json.js';
import type { ReasonedDefaults } from '../tasks/definition/reasoned.js';
import { DEFAULTS } from '../tasks/recipes/defaults/defaults.js';
import type { CommandContext } from './command-context.js';
import { kebabCase } from './configuration-file.js';

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

function describeDefaults([task, defaults]: readonly [string, ReasonedDefaults]): string {
  const rows = Object.entries(defaults).map(([name, { value, reason }]) => [kebabCase(name), describe(value), reason]);
  const width = (column: number) => Math.max(...rows.map((row) => (row[column] as string).length));
  const [names, values] = [width(0), width(1)];
  const lines = rows.map(([name, value, reason]) => `  ${name?.padEnd(names)}  ${value?.padEnd(values)}  ${reason}`);
  return [task, ...lines].join('\n');
}

/** A value in a few words: `steps 600, epochs 12 to 60, batch 4`. */
function describe(value: JsonValue): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value))
    return value.map(describe).join(value.every((one) => typeof one === 'number') ? ' to ' : '; ');
  return Object.entries(value)
    .map(([name, one]) => `${name} ${describe(one)}`)
    .join(', ');
}
