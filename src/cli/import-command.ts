import { Command } from 'commander';
import type { JsonObject } from '../core/json.js';
import { importRun } from '../interchange/import-run.js';
import type { ImportOptions } from '../interchange/shared/imported-network.js';
import { networkFromJSON } from '../model/network.js';
import { formatCount } from '../training/progress-text.js';
import type { CommandContext } from './command-context.js';
import { readJsonObject } from './configuration-file.js';
import { parseJsonObject } from './parse-argument.js';

interface ImportFlags {
  readonly out: string;
  readonly format?: string;
  readonly config?: string;
  readonly map?: string;
  readonly axes?: JsonObject;
  readonly constants?: JsonObject;
  readonly stateDict?: string;
  readonly json?: boolean;
}

/** `bptt import`: a model of another library as a run. */
export function importCommand(context: CommandContext): Command {
  return new Command('import')
    .description('a model of PyTorch, Keras, TensorFlow.js, ONNX or NumPy as a run')
    .argument('<file>', 'file of the model, or a folder in the layout of Hugging Face')
    .requiredOption('--out <run>', 'folder of the run; it must be new or empty')
    .option('--format <name>', 'format of the file, where it does not say it itself')
    .option(
      '--config <file>',
      'the network as JSON, for files that have tensors alone: of this library, or of to_json() of Keras',
    )
    .option('--map <file>', 'JSON: beginnings of names in the file, and the nodes of the network that they belong to')
    .option(
      '--axes <json>',
      `what axes of inputs are: '{"x": ["batch", "time", 80]}', or "step" for a row of each call`,
      parseJsonObject,
    )
    .option('--constants <json>', `numbers of inputs that are the same in every call: '{"sr": 16000}'`, parseJsonObject)
    .option('--state-dict <keys>', 'which part of a PyTorch checkpoint has the tensors: keys joined by dots')
    .option('--json', 'the result as one JSON value on standard output')
    .action((file: string, flags: ImportFlags) => runImport(context, file, flags));
}

async function runImport(context: CommandContext, file: string, flags: ImportFlags): Promise<void> {
  const { out, format, config, map, axes, constants, stateDict, json } = flags;
  const described = config === undefined ? undefined : await readJsonObject(config);
  // A network of this library, or what Keras writes.
  const isNetwork = described !== undefined && Object.hasOwn(described, 'nodes');
  const network = isNetwork ? networkFromJSON(described) : undefined;
  const names = map === undefined ? undefined : await readJsonObject(map);
  const given = { network, map: names, axes, constants, stateDict, ...(!isNetwork && { config }) } as ImportOptions;
  const result = await importRun(file, out, { ...given, ...(format !== undefined && { format }) });
  if (json === true) return context.output.json(result);
  for (const note of result.notes) context.note(`note: ${note}`);
  return context.output.write(
    `${result.summary}\n${result.run}: ${formatCount(result.parameters)} parameters of a file of the format ${result.format}\n`,
  );
}
