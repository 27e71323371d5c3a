import { Command } from 'commander';
import { evaluateLanguageModel } from '../tasks/language-model.js';
import { formatLoss } from '../training/progress-text.js';
import type { CommandContext } from './command-context.js';
import { parseNumber } from './parse-argument.js';

/** `bptt eval`: the loss of a saved model on a text. */
export function evalCommand(context: CommandContext): Command {
  return new Command('eval')
    .description('the loss of a language model on a text file, read as one stream')
    .argument('<run>', 'run directory (its best checkpoint is used) or checkpoint file')
    .requiredOption('--data <file>', 'the text, in UTF-8')
    .option('--threads <n>', 'threads (default: BPTT_THREADS, else all processors)', parseNumber)
    .option('--json', 'the result as one JSON value on standard output')
    .action(async (run: string, { data, threads, json }: { data: string; threads?: number; json?: boolean }) => {
      const { signal, output } = context;
      const result = await evaluateLanguageModel(run, { data, signal, ...(threads !== undefined && { threads }) });
      const { loss, perplexity = Number.NaN, bitsPerToken = Number.NaN, tokens } = result;
      if (json === true) return output.json({ loss, perplexity, bitsPerToken, tokens });
      const text = `loss ${formatLoss(loss)}  perplexity ${perplexity.toFixed(3)}  bits per token ${bitsPerToken.toFixed(4)}`;
      return output.write(`${text}  tokens ${tokens}\n`);
    });
}
