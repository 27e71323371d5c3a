import { Command } from 'commander';
import { taskKind } from '../tasks/find-checkpoint.js';
import { evaluateLanguageModel } from '../tasks/language-model.js';
import { evaluateTask, TASKS } from '../tasks/tasks.js';
import { formatLoss } from '../training/progress-text.js';
import type { CommandContext } from './command-context.js';
import { parseNumber } from './parse-argument.js';

interface EvalFlags {
  readonly data?: string;
  readonly threads?: number;
  readonly json?: boolean;
}

/** `bptt eval`: the metrics of a saved model, or its loss on a text. */
export function evalCommand(context: CommandContext): Command {
  const command = new Command('eval')
    .description('the metrics of a trained task; the loss of a language model on a text file, read as one stream')
    .argument('<run>', 'run directory (its best checkpoint is used) or checkpoint file')
    .option('--data <file>', 'a file with targets, or a text (default: the test part; a language model needs a text)')
    .option('--threads <n>', 'threads (default: BPTT_THREADS, else all processors)', parseNumber)
    .option('--json', 'the result as one JSON value on standard output');
  return command.action(async (run: string, flags: EvalFlags) => {
    if (Object.hasOwn(TASKS, (await taskKind(run)) ?? '')) return evaluate(context, run, flags);
    const { data, threads, json } = flags;
    if (data === undefined) {
      return command.error("error: required option '--data <file>' not specified", { exitCode: 2 });
    }
    const { signal, output } = context;
    const result = await evaluateLanguageModel(run, { data, signal, ...(threads !== undefined && { threads }) });
    const { loss, perplexity = Number.NaN, bitsPerToken = Number.NaN, tokens } = result;
    if (json === true) return output.json({ loss, perplexity, bitsPerToken, tokens });
    const text = `loss ${formatLoss(loss)}  perplexity ${perplexity.toFixed(3)}  bits per token ${bitsPerToken.toFixed(4)}`;
    return output.write(`${text}  tokens ${tokens}\n`);
  });
}

async function evaluate({ signal, output }: CommandContext, run: string, flags: EvalFlags): Promise<void> {
  const { data, threads, json } = flags;
  const { task, part, examples, metrics, summary } = await evaluateTask(run, { data, threads, signal });
  if (json === true) return output.json({ task, part, examples, metrics });
  return output.write(`${part}: ${examples} examples\n${summary}\n`);
}
