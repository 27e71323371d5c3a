import { Command } from 'commander';
import { OptionError } from '../core/errors.js';
import { fileNamesIn, isSameFile, statsAt } from '../core/path-stats.js';
import { type ExportModelOptions, exportModel } from '../interchange/export-model.js';
import { loadModel } from '../saved/load-model.js';
import type { CommandContext } from './command-context.js';
import { parseNumber } from './parse-argument.js';

interface ExportFlags {
  readonly to: string;
  readonly out: string;
  readonly opset?: number;
  readonly batchFirst?: true;
  readonly lengths?: boolean;
  readonly states?: true;
  readonly stateful?: true;
  readonly externalData?: true;
  readonly module?: true;
  readonly force?: true;
  readonly json?: boolean;
}

/** `bptt export`: the model of a run for other libraries. */
export function exportCommand(context: CommandContext): Command {
  return new Command('export')
    .description('the model of a run for ONNX Runtime, PyTorch, Keras or Hugging Face')
    .argument('<run>', 'run directory (its best checkpoint is used) or checkpoint file')
    .requiredOption('--to <format>', 'onnx, pytorch, keras or huggingface')
    .requiredOption('--out <file>', 'the file; for huggingface a folder')
    .option('--opset <n>', 'onnx: version of the operators, from 17 on', parseNumber)
    .option('--batch-first', 'onnx: tensors are [batch, steps, columns]')
    .option('--no-lengths', 'onnx: no input with the lengths of the sequences')
    .option('--states', 'onnx: initial states are inputs, final ones outputs')
    .option('--stateful', 'onnx: one step, whose states go in and out')
    .option('--external-data', 'onnx: weights in a file of their own')
    .option('--module', 'pytorch: also the program of the module')
    .option('--force', 'write over what is there')
    .option('--json', 'the result as one JSON value on standard output')
    .action((run: string, flags: ExportFlags) => runExport(context, run, flags));
}

/** Whether something is there that an export would write over: a file, or a folder with files. */
async function isTaken(path: string): Promise<boolean> {
  const stats = statsAt(path);
  return stats !== undefined && (!stats.isDirectory() || (await fileNamesIn(path)).length > 0);
}

/** @throws {OptionError} `invalid_option` */
async function requireFree(path: string): Promise<void> {
  if (!(await isTaken(path))) return;
  const message = `option '--out': '${path}' is there already: choose another place, or write over it with --force`;
  throw new OptionError('invalid_option', message, { name: 'out', value: path });
}

/** @param source the file that is exported @throws {OptionError} `invalid_option`, whatever else is allowed */
function requireOther(out: string, source: string): void {
  if (!isSameFile(out, source)) return;
  const message = `option '--out': '${out}' is the model that is exported: choose another place`;
  throw new OptionError('invalid_option', message, { name: 'out', value: out });
}

async function runExport({ output, note }: CommandContext, run: string, flags: ExportFlags): Promise<void> {
  const { out, json, lengths, force, ...given } = flags;
  if (force !== true) await requireFree(out);
  const { model, vocabulary, configuration, path } = await loadModel(run, { training: false });
  try {
    requireOther(out, path);
    const forOnnx = {
      ...(lengths === false && { lengths }),
      ...(vocabulary !== undefined && { vocabulary }),
      ...(configuration !== undefined && { configuration }),
    };
    const options = { ...given, ...(flags.to === 'onnx' && forOnnx) } as ExportModelOptions;
    const result = await exportModel(model, out, options);
    if (json === true) return await output.json(result);
    for (const line of result.notes) note(`note: ${line}`);
    await output.write(result.files.map((file) => `${file}\n`).join(''));
  } finally {
    model.dispose();
  }
}
