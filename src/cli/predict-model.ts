/** Predictions of a model that belongs to no task: what its network gives for sequences of numbers. */
import { addAbortSignal } from 'node:stream';
import { DataError } from '../core/errors.js';
import { isJsonObject, type JsonValue, parseStrictJson } from '../core/json.js';
import { describeValue } from '../core/options.js';
import { readText } from '../files/text.js';
import type { OutputShape } from '../model/build/build-graph.js';
import type { Model } from '../model/model.js';
import { loadModel } from '../saved/load-model.js';
import type { CommandContext } from './command-context.js';
import { linePieces } from './stream-pieces.js';

/** Where the inputs are. */
export interface ModelInputs {
  readonly values: readonly string[];
  readonly data?: string | undefined;
  readonly stream?: boolean | undefined;
  readonly threads?: number | undefined;
}

/** One input of the command line or of a file, and where it stands. */
interface PlacedInput {
  readonly text: string;
  readonly place: string;
  readonly fields: Readonly<Record<string, number>>;
}

/** The value of a line. @throws {DataError} `invalid_row` */
function parsed({ text, place }: PlacedInput, expected: string): JsonValue {
  try {
    return parseStrictJson(text);
  } catch {
    const message = `${place}: ${describeValue(text)} is not JSON, expected ${expected}`;
    throw new DataError('invalid_row', message, { place, expected });
  }
}

/** Rows of numbers as lists, or one list where a sequence has one row. */
function rowsOf(values: Float32Array, { columns, per }: OutputShape): number[] | number[][] {
  const row = (at: number) => Array.from(values.subarray(at * columns, (at + 1) * columns));
  return per === 'sequence' ? row(0) : Array.from({ length: values.length / columns }, (_, at) => row(at));
}

function outputsAt(model: Model, outputs: Readonly<Record<string, readonly Float32Array[]>>, at: number): object {
  const rows = Object.entries(outputs).map(([name, all]) => {
    return [name, rowsOf(all[at] as Float32Array, model.outputShapes.get(name) as OutputShape)] as const;
  });
  return Object.fromEntries(rows);
}

async function placedInputs({ values, data }: ModelInputs): Promise<PlacedInput[]> {
  if (data === undefined) return values.map((text, at) => ({ text, place: `input ${at + 1}`, fields: {} }));
  const lines = (await readText(data)).split(/\r\n|\n|\r/);
  const placed = lines.map((text, at) => ({ text, place: `'${data}', line ${at + 1}`, line: at + 1 }));
  return placed
    .filter(({ text }) => text.trim() !== '')
    .map(({ line, ...input }, index) => ({ ...input, fields: { index, line } }));
}

const SEQUENCE =
  'a sequence: a list of steps, each a list of numbers, a number or an id; by name where the network has several inputs';

/** An object with exactly the inputs of the network. @throws {DataError} `invalid_row` */
function requireNamed(names: readonly string[], value: JsonValue, { place }: PlacedInput): void {
  const given = isJsonObject(value) ? Object.keys(value) : undefined;
  if (given !== undefined && given.length === names.length && names.every((name) => given.includes(name))) return;
  const found = given === undefined ? describeValue(value) : `an object with ${given.join(', ') || 'nothing'}`;
  const example = `{${names.map((name) => `${JSON.stringify(name)}: [[0.1], [0.2]]`).join(', ')}}`;
  const message = `${place}: the model has ${names.length} inputs, ${names.join(', ')}: expected an object with a sequence for each, such as '${example}', got ${found}`;
  throw new DataError('invalid_row', message, { place, expected: names });
}

/** Sequences by the names of the inputs, as `predict` takes them. */
function byName(model: Model, sequences: readonly JsonValue[], placed: readonly PlacedInput[]): never {
  const names = Object.keys(model.description.inputs);
  if (names.length === 1) return sequences as never;
  for (const [at, sequence] of sequences.entries()) requireNamed(names, sequence, placed[at] as PlacedInput);
  const of = (name: string) =>
    sequences.map((sequence) => (sequence as Readonly<Record<string, JsonValue>> | null)?.[name]);
  return Object.fromEntries(names.map((name) => [name, of(name)])) as never;
}

/**
 * Writes what a model without a task gives: for each sequence a line of JSON with its outputs by their names, or for each step of a
 * stream. All inputs are read and checked before the first result.
 *
 * @throws {DataError} `invalid_row`, and errors of `loadModel` and `predict`
 */
export async function predictModel(context: CommandContext, run: string, inputs: ModelInputs): Promise<void> {
  const { threads, stream } = inputs;
  const { model } = await loadModel(run, { training: false, ...(threads !== undefined && { threads }) });
  try {
    if (stream === true) return await streamModel(context, model);
    const placed = await placedInputs(inputs);
    const sequences = placed.map((input) => parsed(input, SEQUENCE));
    const outputs = await model.predictAll(byName(model, sequences, placed), { signal: context.signal });
    for (const [at, { fields }] of placed.entries()) {
      await context.output.json({ ...fields, ...outputsAt(model, outputs, at) });
      context.signal.throwIfAborted();
    }
  } finally {
    model.dispose();
  }
}

const STEP = 'a step: a list of numbers, or an id';

/** One sequence on standard input, a step a line. */
async function streamModel({ input, output, signal }: CommandContext, model: Model): Promise<void> {
  const stream = model.stream();
  let line = 0;
  try {
    for await (const text of linePieces(addAbortSignal(signal, input()))) {
      line++;
      if (text.trim() === '') continue;
      const step = parsed({ text, place: `line ${line}`, fields: {} }, STEP);
      const outputs = await stream.stepAsync(step as never, { signal });
      await output.json({ output: Array.from(outputs) });
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    stream.close();
  }
}
