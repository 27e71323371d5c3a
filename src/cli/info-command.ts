import { Command } from 'commander';
import { info } from '../native/info.js';
import type { CommandContext } from './command-context.js';

/** `bptt info`: facts about this installation and its processor. */
export function infoCommand(context: CommandContext): Command {
  return new Command('info')
    .description('version, instruction set, threads and Eigen version of this installation')
    .option('--json', 'one JSON value on standard output')
    .action(({ json }: { json?: boolean }) => {
      const facts = info();
      if (json === true) return context.output.json(facts);
      const lines = Object.entries(facts).filter(([, value]) => value !== '');
      return context.output.write(
        lines.map(([name, value]) => `${name.padEnd(10)} ${[value].flat().join(', ')}\n`).join(''),
      );
    });
}
