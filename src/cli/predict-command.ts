import { Command } from 'commander';
import { predictTask } from '../tasks/tasks.js';
import type { CommandContext } from './command-context.js';
import { parseNumber } from './parse-argument.js';

interface PredictFlags {
  readonly data?: string;
  readonly threads?: number;
}

/** `bptt predict`: what a trained model makes of inputs, a line of JSON for each. */
export function predictCommand(context: CommandContext): Command {
  const command = new Command('predict')
    .description('predictions of a trained task, one JSON value a line')
    .argument('<run>', 'run directory (its best checkpoint is used) or checkpoint file')
    .argument('[inputs...]', 'texts, or numbers as JSON')
    .option('--data <file>', 'instead: a file with the inputs')
    .option('--threads <n>', 'threads (default: BPTT_THREADS, else all processors)', parseNumber);
  return command.action(async (run: string, values: readonly string[], { data, threads }: PredictFlags) => {
    if ((data === undefined) === (values.length === 0)) {
      command.error('error: either inputs or --data <file> must be given', { exitCode: 2 });
    }
    const { signal, output } = context;
    const source = data === undefined ? { values } : { file: data };
    for await (const prediction of predictTask(run, { ...source, threads, signal })) {
      await output.json(prediction);
      signal.throwIfAborted();
    }
  });
}
