/** The default use of a trained task: the inputs are ids or rows of numbers, and the results are the outputs. */
import type { SequenceExample } from '../../batch/sequence-packing.js';
import type { JsonValue } from '../../core/json.js';
import { JsonRow, readJsonLines } from '../../files/json-lines.js';
import { invalidRow } from '../../files/row-error.js';
import type { Model } from '../../model/model.js';
import type { Network } from '../../model/network.js';
import type { InputDescription } from '../../network/description.js';
import { onlyInput } from '../building-blocks/model-packing.js';
import { outputsOf } from '../building-blocks/outputs.js';
import { inputValue } from '../building-blocks/sequence-inputs.js';
import { stepStream } from '../building-blocks/step-stream.js';
import type { OutputPrediction } from '../definition/default-results.js';
import type { AtLine, PredictionSource, TaskContext, TaskStream } from '../definition/task.js';

/**
 * Inputs of a network: ids or rows of numbers, from JSON lines with the field `input`, or values (on the command line JSON).
 *
 * @throws {ConfigurationError} `invalid_task` for a network of several inputs
 * @throws {DataError} `invalid_row` for an input of another form; `file_unreadable`, `not_utf8`, `empty_data`
 */
export async function readNetworkInputs(
  network: Network,
  source: PredictionSource,
): Promise<(SequenceExample & AtLine)[]> {
  const form = onlyInput(network.description, 'readInputs');
  const read = (row: JsonRow) => ({ input: rowsOf(row, 'input', form), line: row.place.line });
  if ('file' in source) return readJsonLines(source.file, read);
  return source.values.map((value, at) =>
    read(new JsonRow(inputValue(value, 'features'), { file: 'inputs', line: at + 1 })),
  );
}

/** The output of each input: `{ output: row }`, or `{ outputs: rows }` with one row for every step. */
export async function* predictOutputs(
  model: Model,
  inputs: readonly SequenceExample[],
  { signal }: TaskContext,
): AsyncGenerator<OutputPrediction, void, void> {
  const form = onlyInput(model.description, 'predict');
  const features = form.kind === 'features' ? form.units : 1;
  const { outputs: width } = model;
  for await (const { output } of outputsOf(model, inputs, { features }, signal)) {
    if (model.outputPer === 'sequence') yield { output: [...output] };
    else yield { outputs: Array.from({ length: output.length / width }, (_, at) => rowAt(output, at, width)) };
  }
}

/** A stream of the outputs of a model, with one step for each piece. @throws as `stepStream` */
export function streamOutputs(model: Model): TaskStream<OutputPrediction> {
  const form = onlyInput(model.description, 'stream');
  return stepStream(model, {
    read(piece, place) {
      const { input = null } = inputValue(piece, 'features');
      return rowsOf(new JsonRow({ input: [input as JsonValue] }, place), 'input', form);
    },
    write: (output) => ({ output: [...output] }),
  });
}

/** The steps of a field in the form that the input of a network has. @throws {DataError} `invalid_row` */
function rowsOf(row: JsonRow, name: string, form: InputDescription): Int32Array | Float32Array {
  if (form.kind === 'features') return row.rows(name, form.units);
  const ids = row.ids(name);
  const wrong = ids.find((id) => id < 0 || id >= form.size);
  if (wrong === undefined) return ids;
  throw invalidRow(row.place, `field '${name}'`, `ids from 0 to ${form.size - 1}`, `${wrong}`, { field: name });
}

function rowAt(rows: Float32Array, at: number, width: number): number[] {
  return [...rows.subarray(at * width, (at + 1) * width)];
}
