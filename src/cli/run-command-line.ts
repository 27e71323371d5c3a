import { type Command, CommanderError } from 'commander';
import type { CommandContext } from './command-context.js';
import { EXIT, errorLine, exitStatus } from './exit-status.js';
import { OutputClosed } from './output.js';
import { bpttProgram } from './program.js';
import { withoutForeignAdvice } from './reading-options.js';
import { StopRequest } from './stop-request.js';

/**
 * Runs one command and reports its error.
 *
 * @param words of the command line after `bptt`
 * @returns the exit status of the process
 */
export async function runCommandLine(words: readonly string[], context: CommandContext): Promise<number> {
  let command: Command | undefined;
  try {
    const program = await bpttProgram(context, words);
    command = program.commands.find((each) => each.name() === words[0] && each.commands.length === 0);
    await program.parseAsync([...words], { from: 'user' });
    await context.output.flush();
    return EXIT.success;
  } catch (error) {
    if (error instanceof OutputClosed) return EXIT.success;
    // Commander has already reported its own errors, and a stop was requested by the user.
    if (!(error instanceof CommanderError || error instanceof StopRequest)) {
      const line = errorLine(error);
      context.note(command === undefined ? line : withoutForeignAdvice(line, command));
    }
    return exitStatus(error);
  }
}
