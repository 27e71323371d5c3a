/** What a decoder is given, and the checks of it. */

import { type PackedAxes, TIME } from '../../batch/axes.js';
import type { AxisSizes, Batch } from '../../batch/batch.js';
import { packedAxes, sizesOf } from '../../batch/check-axes.js';
import { OptionError, RangeIndexError } from '../../core/errors.js';
import { inputAxes, type NetworkDescription, outputNodes } from '../../network/description.js';
import type { SplitGraph } from '../build/split-graph.js';
import { checkBatch } from '../execute/check-batch.js';

/** The input and the output of decoding. */
export interface DecoderOptions {
  /** The input that receives the symbols, one at each step: indices. No other input may have steps on its time axis. */
  readonly input: string;
  /** The output with the scores of the next symbol; it may be omitted when there is only one. */
  readonly output?: string;
}

/**
 * The data for decoding: a batch without the decoded input, and without targets. The sizes of the decoded axis may be
 * omitted; then the samples are in their own order there. A batch that was packed for training is also valid.
 */
export type DecoderBatch = Pick<Batch, 'inputs' | 'axes'> & Partial<AxisSizes>;

/** @throws {RangeIndexError} `index_out_of_range` with the name, the row and the index */
export function checkRange(name: string, indices: Int32Array, high: number): void {
  const row = indices.findIndex((index) => index < 0 || index >= high);
  if (row < 0) return;
  const index = indices[row] as number;
  const message = `${name}[${row}] is ${index}, expected 0..${high - 1}`;
  throw new RangeIndexError('index_out_of_range', message, { name, row, index, low: 0, high: high - 1 });
}

/** The axis of the input. @throws {OptionError} `invalid_option` */
export function requireSymbols({ inputs }: NetworkDescription, name: string): string {
  const input = Object.hasOwn(inputs, name) ? inputs[name] : undefined;
  if (input?.kind === 'indices' && input.per === undefined) return input.axis ?? TIME;
  const what = input === undefined ? 'is no input of the network' : 'holds no index for each step';
  throw new OptionError('invalid_option', `option 'input': '${name}' ${what}`, { name: 'input', value: name });
}

/** @throws {OptionError} `invalid_option` */
export function requireOutput(description: NetworkDescription, { output }: DecoderOptions): string {
  const names = [...outputNodes(description).keys()];
  const [first] = names;
  if (output === undefined && names.length === 1) return first as string;
  if (output !== undefined && names.includes(output)) return output;
  const message = `option 'output' must be one of ${names.join(', ')}, got ${output}`;
  throw new OptionError('invalid_option', message, { name: 'output', value: output });
}

/** @throws {OptionError} `invalid_option` when a step reads other inputs of its axis, or does not read the symbols */
export function requireOnlyInput({ inputs }: NetworkDescription, split: SplitGraph, name: string, axis: string): void {
  const others = split.inputs.filter((each) => each !== name && (inputs[each]?.axis ?? TIME) === axis);
  if (others.length === 0 && split.inputs.includes(name)) return;
  const message =
    others.length > 0 ? `the output also reads ${others.join(', ')}` : `the output does not read '${name}'`;
  throw new OptionError('invalid_option', `option 'input': ${message} at each step`, { name: 'input', inputs: others });
}

/**
 * Number of samples of a batch without sizes: the rows of an input that has one row for each sample, 1 when there is
 * none.
 */
function sequenceRows({ inputs }: NetworkDescription, batch: DecoderBatch): number {
  const [name, input] = Object.entries(inputs).find(([, { per }]) => per === 'sequence') ?? [];
  if (name === undefined || input === undefined) return 1;
  const length = batch?.inputs?.[name]?.length ?? 0;
  return Math.max(1, Math.floor(length / (input.kind === 'indices' ? 1 : input.units)));
}

/** The axes of a batch, and those `made` of them, with one step of each sample on the axis that is decoded. Errors as `Model.predictPacked`. */
export function memoryAxes(
  description: NetworkDescription,
  axis: string,
  batch: DecoderBatch,
  made: readonly string[],
): PackedAxes {
  const names = inputAxes(description);
  const others = names.filter((name) => name !== axis);
  const own = sizesOf(batch, axis);
  const model = others[0] === undefined ? own : sizesOf(batch, others[0]);
  const sequences = (own.batchSizes ?? model.batchSizes)?.[0] ?? sequenceRows(description, batch);
  const steps = {
    batchSizes: Int32Array.of(sequences),
    order: own.order ?? Int32Array.from({ length: sequences }, (_, index) => index),
  };
  const rest = Object.fromEntries(
    others.filter((name) => name !== TIME).map((name) => [name, batch.axes?.[name] as AxisSizes]),
  );
  const sized: Batch =
    axis === TIME
      ? { ...batch, ...steps, axes: rest }
      : { ...batch, batchSizes: batch.batchSizes as Int32Array, axes: { ...rest, [axis]: steps } };
  const axes = packedAxes(sized, [...names, ...made]);
  const read = Object.entries(description.inputs).filter(([, input]) => (input.axis ?? TIME) !== axis || input.per);
  checkBatch({ inputs: batch.inputs }, axes, { ...description, inputs: Object.fromEntries(read) });
  return axes;
}
