import { setImmediate } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { sampleLanguageModel } from '../tasks/recipes/lm/saved-language-model.js';
import type { CommandContext } from './command-context.js';
import { parseNumber } from './parse-argument.js';

interface SampleFlags {
  readonly prompt?: string;
  readonly length: number;
  readonly temperature: number;
  readonly topK?: number;
  readonly unknown: 'avoid' | 'write';
  readonly seed: number;
}

/** Number of symbols between two turns of the event loop, in which a signal or a closed pipe is noticed. */
const SYMBOLS_AT_ONCE = 16;

/** `bptt sample`: text of a saved model, as it is drawn. */
export function sampleCommand(context: CommandContext): Command {
  return new Command('sample')
    .description('text from a language model, on standard output')
    .argument('<run>', 'run directory (its best checkpoint is used) or checkpoint file')
    .option('--prompt <text>', 'text to begin with (default: the model begins a line)')
    .option('--length <n>', 'symbols to draw', parseNumber, 500)
    .option(
      '--temperature <x>',
      'below 1 likely symbols become more likely; 0 takes the most likely symbol',
      parseNumber,
      1,
    )
    .option('--top-k <n>', 'draw only from the n most likely symbols (default: all)', parseNumber)
    .addOption(
      new Option('--unknown <avoid|write>', 'whether the mark of unknown words is drawn')
        .choices(['avoid', 'write'])
        .default('avoid'),
    )
    .option('--seed <n>', 'seed of the random numbers', parseNumber, 1)
    .action((run: string, flags: SampleFlags) => sample(context, run, flags));
}

async function sample(
  { output, signal }: CommandContext,
  run: string,
  { prompt, topK, ...flags }: SampleFlags,
): Promise<void> {
  const options = { ...flags, ...(prompt !== undefined && { prompt }), ...(topK !== undefined && { topK }) };
  let last = '\n';
  let drawn = 0;
  for await (const piece of sampleLanguageModel(run, options)) {
    if (drawn === 0 && prompt !== undefined) await output.write(prompt);
    await output.write(piece);
    last = piece;
    drawn += 1;
    if (drawn % SYMBOLS_AT_ONCE === 0) await setImmediate();
    signal.throwIfAborted();
  }
  if (output.isTerminal && !last.endsWith('\n')) await output.write('\n');
}
