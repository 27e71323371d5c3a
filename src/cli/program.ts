import { Command } from 'commander';
import { oneLine } from '../core/one-line.js';
import { packageRoot } from '../native/package-root.js';
import type { CommandContext } from './command-context.js';
import { defaultsCommand } from './defaults-command.js';
import { evalCommand } from './eval-command.js';
import { exportCommand } from './export-command.js';
import { importCommand } from './import-command.js';
import { infoCommand } from './info-command.js';
import { inspectCommand } from './inspect-command.js';
import { predictCommand } from './predict-command.js';
import { sampleCommand } from './sample-command.js';
import { trainCommand } from './train-command.js';

/**
 * The whole command line. For wrong use it writes one line on standard error and throws a CommanderError.
 *
 * @param words of the command line after `bptt`: one of them may name a module whose task becomes a command
 * @throws as `loadTaskModule`
 */
export async function bpttProgram(context: CommandContext, words: readonly string[]): Promise<Command> {
  const program = new Command('bptt')
    .description('train and use recurrent networks')
    .version(packageRoot().version, '-V, --version')
    .showSuggestionAfterError()
    .addCommand(await trainCommand(context, words))
    .addCommand(evalCommand(context))
    .addCommand(predictCommand(context))
    .addCommand(sampleCommand(context))
    .addCommand(defaultsCommand(context))
    .addCommand(importCommand(context))
    .addCommand(exportCommand(context))
    .addCommand(inspectCommand(context))
    .addCommand(infoCommand(context));
  configure(program, context);
  return program;
}

/** Settings that commander does not pass on to added commands. */
function configure(command: Command, context: CommandContext): void {
  command
    .exitOverride()
    .allowExcessArguments(false)
    .configureOutput({
      outputError: writeUsageError,
      // Nobody misses a help text whose reader has gone.
      writeOut: (text) => void context.output.write(text).catch(() => undefined),
      writeErr: (text) => context.note(text.trimEnd()),
    });
  for (const inner of command.commands) configure(inner, context);
}

/** Commander's `error: MESSAGE` in the form of this command line. */
function writeUsageError(text: string, write: (line: string) => void): void {
  const message = oneLine(text.replace(/^error: /, '').trim());
  write(`bptt: error [bad_use]: ${message}\n`);
}
