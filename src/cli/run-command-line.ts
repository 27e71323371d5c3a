import { CommanderError } from 'commander';
import type { CommandContext } from './command-context.js';
import { EXIT, errorLine, exitStatus } from './exit-status.js';
import { OutputClosed } from './output.js';
import { bpttProgram } from './program.js';
import { StopRequest } from './stop-request.js';

/**
 * Runs one command and reports its error.
 *
 * @param words of the command line after `bptt`
 * @returns the exit status of the process
 */
export async function runCommandLine(words: readonly string[], context: CommandContext): Promise<number> {
  try {
    await (await bpttProgram(context, words)).parseAsync([...words], { from: 'user' });
    await context.output.flush();
    return EXIT.success;
  } catch (error) {
    if (error instanceof OutputClosed) return EXIT.success;
    // Commander has already reported its own errors, and a stop was requested by the user.
    if (!(error instanceof CommanderError || error instanceof StopRequest)) context.note(errorLine(error));
    return exitStatus(error);
  }
}
