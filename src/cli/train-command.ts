import { Command } from 'commander';
import { TASKS } from '../tasks/tasks.js';
import type { CommandContext } from './command-context.js';
import { taskCommand } from './task-command.js';
import { isModulePath, loadTaskModule } from './task-module.js';

/**
 * `bptt train`: one command for each built-in task, and one for the task of a module on the command line.
 *
 * @param words of the command line after `bptt`
 * @throws as `loadTaskModule`
 */
export async function trainCommand(context: CommandContext, words: readonly string[]): Promise<Command> {
  const command = new Command('train')
    .description('train a model')
    .addHelpText(
      'after',
      '\nA task of your own: bptt train ./my-task.mjs, a module that exports a result of defineTask.',
    );
  for (const task of Object.values(TASKS)) command.addCommand(taskCommand(task, context));
  const [name, module] = words;
  if (name === command.name() && module !== undefined && isModulePath(module)) {
    command.addCommand(taskCommand(await loadTaskModule(module), context, module));
  }
  return command;
}
