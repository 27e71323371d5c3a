import { Command } from 'commander';
import { TASKS } from '../tasks/tasks.js';
import type { CommandContext } from './command-context.js';
import { taskCommand } from './task-command.js';

/** `bptt train`: one command for each task. */
export function trainCommand(context: CommandContext): Command {
  const command = new Command('train').description('train a model');
  for (const task of Object.values(TASKS)) command.addCommand(taskCommand(task, context));
  return command;
}
