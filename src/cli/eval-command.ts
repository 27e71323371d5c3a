import { Command } from 'commander';
import type { JsonObject } from '../core/json.js';
import { evaluateTask } from '../tasks/tasks.js';
import type { CommandContext } from './command-context.js';
import { parseJsonObject, parseNumber } from './parse-argument.js';
import { addReadingOptions, usageOf } from './reading-options.js';
import { loadTaskModule, TASK_OPTION } from './task-module.js';

interface EvalFlags {
  readonly task?: string;
  readonly data?: string;
  readonly threads?: number;
  readonly naive?: number;
  readonly options?: JsonObject;
  readonly json?: boolean;
}

/** `bptt eval`: the metrics of a trained model. */
export function evalCommand(context: CommandContext): Command {
  const command = new Command('eval')
    .description('the metrics of a trained task')
    .argument('<run>', 'run directory (its best checkpoint is used) or checkpoint file')
    .option(...TASK_OPTION)
    .option(
      '--data <file>',
      'a file in the form of the training data (default: the test part, else the validation part)',
    )
    .option('--threads <n>', 'threads (default: BPTT_THREADS, else all processors)', parseNumber)
    .option('--naive <seconds>', 'for each naive rule that the result is compared with; 0: no rules', parseNumber)
    .option('--options <json>', 'other values of options that do not influence training', parseJsonObject)
    .option('--json', 'the result as one JSON value on standard output');
  return addReadingOptions(command).action((run: string, flags: EvalFlags) => evaluate(context, run, flags));
}

async function evaluate(context: CommandContext, run: string, flags: EvalFlags): Promise<void> {
  const { signal, output } = context;
  const { data, threads, naive: seconds, json } = flags;
  const options = { ...usageOf({ ...flags }, flags.options), ...(seconds !== undefined && { naive: seconds }) };
  const own = flags.task === undefined ? undefined : await loadTaskModule(flags.task);
  const onNote = (note: string) => context.note(`note: ${note}`);
  const given = { task: own, data, threads, options, signal, onNote };
  const { task, part, examples, of, metrics, answeredBy, naive, summary } = await evaluateTask(run, given);
  if (json === true) return output.json({ task, part, examples, answeredBy, metrics, ...(naive && { naive }) });
  return output.write(`${part}: ${examples} ${of}\n${summary}\n`);
}
