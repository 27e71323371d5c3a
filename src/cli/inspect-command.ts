import { Command } from 'commander';
import { printable } from '../core/one-line.js';
import { type FileInspection, inspectFile } from '../interchange/inspect-file.js';
import { bytesOf } from '../interchange/sources/number-types.js';
import { formatCount } from '../training/progress-text.js';
import type { CommandContext } from './command-context.js';

/** Most tensors that are listed for people. */
const MOST_LISTED = 200;

/** Most characters of a fact that people are shown; --json has all. */
const MOST_SHOWN = 100;

interface InspectFlags {
  readonly format?: string;
  readonly json?: boolean;
}

/** `bptt inspect`: what a file of a model holds. */
export function inspectCommand(context: CommandContext): Command {
  return new Command('inspect')
    .description('what a file holds: network, tensors, shapes, operators that are not known')
    .argument('<file>', 'file of a model, checkpoint, run directory, or a folder in the layout of Hugging Face')
    .option('--format <name>', 'format of the file, where it does not say it itself')
    .option('--json', 'one JSON value on standard output')
    .action(async (file: string, { format, json }: InspectFlags) => {
      const inspection = await inspectFile(file, format === undefined ? {} : { format });
      return json === true ? context.output.json(jsonOf(inspection)) : context.output.write(textOf(inspection));
    });
}

const countOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

function jsonOf({ tensors, facts, ...rest }: FileInspection): object {
  const all = [...tensors.values()].map(({ name, shape, type }) => ({
    name,
    shape,
    type,
    bytes: countOf(shape) * bytesOf(type),
  }));
  return { ...rest, facts: Object.fromEntries(facts), tensors: all };
}

/** Columns side by side, each as wide as its widest cell. */
function table(texts: readonly (readonly string[])[]): string {
  const rows = texts.map((row) => row.map((cell) => printable(cell).replaceAll('\n', '\\n')));
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => (row[at] as string).length)));
  return rows
    .map(
      (row) =>
        `  ${row
          .map((cell, at) => cell.padEnd(widths[at] as number))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

function tensorsOf({ tensors }: FileInspection): string {
  const all = [...tensors.values()];
  const numbers = all.reduce((sum, { shape }) => sum + countOf(shape), 0);
  const bytes = all.reduce((sum, { shape, type }) => sum + countOf(shape) * bytesOf(type), 0);
  const rows = all
    .slice(0, MOST_LISTED)
    .map(({ name, shape, type }) => [name, `[${shape.join(', ')}]`, type, formatCount(countOf(shape))]);
  const more = all.length > MOST_LISTED ? `  ... and ${all.length - MOST_LISTED} more (--json has all)\n` : '';
  return `${all.length} tensors, ${formatCount(numbers)} numbers, ${formatCount(bytes)} bytes\n${table(rows)}${more}`;
}

function textOf(inspection: FileInspection): string {
  const { format, facts, operators, network, notes = [], obstacle } = inspection;
  const short = (value: string) => (value.length > MOST_SHOWN ? `${value.slice(0, MOST_SHOWN)}...` : value);
  const shown = [...facts].filter(([, value]) => value !== '').map(([name, value]) => [name, short(value)]);
  const known = [['format', format], ...shown];
  const parts = [table(known as string[][]).replaceAll(/^ {2}/gm, ''), tensorsOf(inspection)];
  if (operators.length > 0) {
    const rows = operators.map(({ name, count, isKnown }) => [String(count), name, isKnown ? '' : 'not known']);
    parts.push(`operators\n${table(rows)}`);
  }
  if (network !== undefined) parts.push(`${network}\n`);
  if (notes.length > 0) parts.push(notes.map((note) => `note: ${note}\n`).join(''));
  if (obstacle !== undefined) parts.push(`cannot be taken over as it is: ${obstacle}\n`);
  return printable(parts.join('\n'));
}
