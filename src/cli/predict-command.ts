import { addAbortSignal } from 'node:stream';
import { Command } from 'commander';
import type { JsonObject } from '../core/json.js';
import { savedConfiguration } from '../saved/find-checkpoint.js';
import type { AnyTask } from '../tasks/definition/task.js';
import type { PlacedPrediction } from '../tasks/runner/loaded-task.js';
import type { LoadTaskOptions } from '../tasks/runner/saved-task.js';
import { namedTask } from '../tasks/runner/task-configuration.js';
import { openTask, type RunTask, streamTask } from '../tasks/tasks.js';
import type { CommandContext } from './command-context.js';
import { parseJsonObject, parseNumber } from './parse-argument.js';
import { predictModel } from './predict-model.js';
import { addReadingOptions, usageOf } from './reading-options.js';
import { linePieces, soundPieces } from './stream-pieces.js';
import { loadTaskModule, TASK_OPTION } from './task-module.js';

interface PredictFlags {
  readonly task?: string;
  readonly data?: string;
  readonly stream?: true;
  readonly threads?: number;
  readonly options?: JsonObject;
}

/** `bptt predict`: the predictions of a trained model, one line of JSON for each input. */
export function predictCommand(context: CommandContext): Command {
  const command = new Command('predict')
    .description('predictions of a trained task, or outputs of any other model, one JSON value a line')
    .argument('<run>', 'run directory (its best checkpoint is used) or checkpoint file')
    .argument(
      '[inputs...]',
      'texts, or numbers as JSON; for a model without a task sequences as JSON, as [[0.1, 0.2], [0.3, 0.4]]',
    )
    .option(...TASK_OPTION)
    .option(
      '--data <file>',
      'in place of inputs: a file with the inputs; each result has the number (from 0) and the line of its input',
    )
    .option(
      '--stream',
      'in place of inputs: one sequence on standard input, read as it arrives; each result is written at once',
    )
    .option('--threads <n>', 'threads (default: BPTT_THREADS, else all processors)', parseNumber)
    .option('--options <json>', 'other values of options that do not influence training', parseJsonObject);
  return addReadingOptions(command).action(async (run: string, values: readonly string[], flags: PredictFlags) => {
    const { data, stream, threads } = flags;
    const options = usageOf({ ...flags }, flags.options);
    if (Number(data !== undefined) + Number(stream === true) + Number(values.length > 0) !== 1) {
      command.error('error: exactly one of inputs, --data <file> and --stream must be given', { exitCode: 2 });
    }
    if (flags.task === undefined && namedTask(await savedConfiguration(run)) === undefined) {
      return predictModel(context, run, { values, data, stream, threads });
    }
    const task = flags.task === undefined ? undefined : await loadTaskModule(flags.task);
    if (stream === true) return predictStream(context, run, { task, threads, options });
    const { signal, output } = context;
    const onNote = (note: string) => context.note(`note: ${note}`);
    const loaded = await openTask(run, { task, threads, options, signal, onNote });
    try {
      const results = data === undefined ? loaded.predictions({ values }) : linesOf(loaded.predictFile(data));
      for await (const result of results) {
        await output.json(result);
        signal.throwIfAborted();
      }
    } finally {
      loaded.dispose();
    }
  });
}

/** Predictions with the number and the line of their inputs first, but for a forecast that has a column of such a name. */
async function* linesOf(placed: AsyncIterable<PlacedPrediction>): AsyncGenerator<object, void, void> {
  for await (const { prediction, ...place } of placed) yield { ...place, ...prediction };
}

/** Passes the data of standard input to a stream and writes its results. */
async function predictStream(
  { input, output, signal, note }: CommandContext,
  run: string,
  use: LoadTaskOptions & RunTask<AnyTask>,
) {
  const stream = await streamTask(run, { ...use, signal, onNote: (line) => note(`note: ${line}`) });
  try {
    // Without this a stop would wait for the next piece.
    const source = addAbortSignal(signal, input());
    for await (const piece of stream.pieces === 'lines' ? linePieces(source) : soundPieces(source)) {
      for (const result of await stream.push(piece)) await output.json(result);
    }
    for (const result of await stream.end()) await output.json(result);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    stream.close();
  }
}
