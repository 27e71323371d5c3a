/**
 * Checks the numbers of a batch before anything is written: ids within their range, finite numbers, and labels that fit into their
 * frames. An error names the sequence and the step, where the kernels would know a row at most.
 */
import { countOf, type PackedAxes, type PackedAxis, TIME } from '../../batch/axes.js';
import type { Batch } from '../../batch/batch.js';
import { DataError, RangeIndexError, ShapeError } from '../../core/errors.js';
import { areFinite } from '../../core/finite.js';
import type { SymbolicExtent } from '../../graph/extent.js';
import type { Value } from '../../graph/value.js';
import type { NetworkDescription } from '../../network/description.js';
import { END_OF_TARGET, framesNeeded } from '../../network/losses/ctc.js';
import { isLossKind } from '../../network/losses/losses.js';
import { WEIGHTS } from '../../network/losses/weighting.js';
import { type ModelLoss, outputLosses } from '../../network/output-losses.js';

/** The labels of a loss over all ways through the frames. */
export interface LabelledFrames {
  /** Name of the target. */
  readonly target: string;
  /** The time axes of the labels and of the frames. */
  readonly labels: string;
  readonly frames: string;
  /** The class that is no label. */
  readonly blank: number;
  /** Whether labels that do not fit count for nothing, and are no error. */
  readonly zeroInfinity: boolean;
}

/** Where a row of a packed axis comes from. */
interface RowPlace {
  /** The sequence, by its number among those that were packed. */
  readonly sequence: number;
  /** Undefined for a row per sequence. */
  readonly step?: number;
}

function placeOf(row: number, isPerStep: boolean, { batchSizes, order }: PackedAxis): RowPlace {
  if (!isPerStep) return { sequence: order?.[row] ?? row };
  let [step, position] = [0, row];
  while (position >= (batchSizes[step] as number)) {
    position -= batchSizes[step] as number;
    step += 1;
  }
  return { sequence: order?.[position] ?? position, step };
}

function inWords({ sequence, step }: RowPlace): string {
  return `sequence ${sequence}${step === undefined ? '' : `, step ${step}`}`;
}

/** What is checked, and where its rows lie. */
interface Field {
  /** For messages of ids, which the program also refuses: `input`. */
  readonly name: string;
  /** For other messages: `input 'input'`. */
  readonly title: string;
  readonly extent: SymbolicExtent;
  readonly axes: PackedAxes;
}

function placeIn({ extent, axes }: Field, row: number): RowPlace {
  return placeOf(row, extent.kind === 'steps', axes.get(extent.axis) as PackedAxis);
}

/** @throws {RangeIndexError} `index_out_of_range` */
function requireIds(field: Field, ids: Int32Array, low: number, high: number): void {
  for (let row = 0; row < ids.length; row++) {
    const index = ids[row] as number;
    if (index >= low && index < high) continue;
    const place = placeIn(field, row);
    const message = `${field.name} has index ${index} at row ${row}, expected ${low}..${high - 1} (${inWords(place)})`;
    throw new RangeIndexError('index_out_of_range', message, {
      name: field.name,
      row,
      index,
      low,
      high: high - 1,
      ...place,
    });
  }
}

/** @throws {DataError} `non_finite_data`, except in rows of weight 0 */
function requireNumbers(field: Field, values: Float32Array, width: number, weights?: Float32Array): void {
  if (areFinite(values)) return;
  for (let at = 0; at < values.length; at++) {
    const row = Math.floor(at / width);
    if (Number.isFinite(values[at]) || weights?.[row] === 0) continue;
    const place = placeIn(field, row);
    const column = at % width;
    const message = `${field.title} has ${values[at]} in ${inWords(place)}${width > 1 ? `, number ${column}` : ''}, expected finite numbers`;
    throw new DataError('non_finite_data', message, { name: field.name, row, column, value: values[at], ...place });
  }
}

/** The weights beside a target with a row each, spread over steps where they are one for each sequence. */
function weightsOf(
  { targets }: Pick<Batch, 'targets'>,
  name: string,
  { extent, axes }: Field,
): Float32Array | undefined {
  const weights = targets?.[`${name}/${WEIGHTS}`];
  if (!(weights instanceof Float32Array) || weights.length === countOf(extent, axes))
    return weights as Float32Array | undefined;
  const { batchSizes, rows } = axes.get(extent.axis) as PackedAxis;
  const spread = new Float32Array(rows);
  let row = 0;
  for (const size of batchSizes) {
    spread.set(weights.subarray(0, size), row);
    row += size;
  }
  return spread;
}

/**
 * Checks the numbers of a batch whose arrays have the right kinds and lengths.
 *
 * @param targets targets by name, as the graph reads them
 * @throws {RangeIndexError} `index_out_of_range` with the sequence and the step
 * @throws {DataError} `non_finite_data` with the sequence and the step
 */
export function checkValues(
  batch: Pick<Batch, 'inputs' | 'targets'>,
  axes: PackedAxes,
  { inputs }: Pick<NetworkDescription, 'inputs'>,
  targets: ReadonlyMap<string, Value>,
): void {
  for (const [name, input] of Object.entries(inputs)) {
    const { axis = TIME, per } = input;
    const extent: SymbolicExtent = { kind: per === 'sequence' ? 'batch' : 'steps', axis };
    const field = { name, title: `input '${name}'`, extent, axes };
    const values = batch.inputs[name];
    if (input.kind === 'indices') requireIds(field, values as Int32Array, 0, input.size);
    else requireNumbers(field, values as Float32Array, input.units);
  }
  for (const [name, { type, rows, columns, low, high, nonNegative }] of targets) {
    const extent = rows as SymbolicExtent;
    const field = { name, title: `target '${name}'`, extent, axes };
    const values = batch.targets?.[name];
    if (type === 'int32') requireIds(field, values as Int32Array, low, high);
    else if (nonNegative !== true) {
      requireNumbers(field, values as Float32Array, columns, weightsOf(batch, name, field));
    }
  }
}

/** The labels of frames among the targets of a network. @param outputs axis of each output */
export function labelledFrames(
  description: NetworkDescription,
  loss: ModelLoss,
  outputs: ReadonlyMap<string, { readonly axis: string }>,
  targets: ReadonlyMap<string, Value>,
): readonly LabelledFrames[] {
  return outputLosses(description, loss).flatMap(({ target, output, loss: each }) => {
    const frames = outputs.get(output)?.axis;
    const rows = targets.get(target)?.rows as SymbolicExtent | undefined;
    if (frames === undefined || rows === undefined || !isLossKind(each, 'ctc')) return [];
    const { blank = 0, zeroInfinity = false } = each;
    return [{ target, labels: rows.axis, frames, blank, zeroInfinity }];
  });
}

/** The labels of a sequence at a position of their axis, up to the end mark; undefined without it, or with -1 before it. */
function labelsAt(values: Int32Array, position: number, { batchSizes }: PackedAxis): Int32Array | undefined {
  const labels: number[] = [];
  let row = position;
  for (const [step, size] of batchSizes.entries()) {
    if (size <= position) break;
    const isLast = (batchSizes[step + 1] ?? 0) <= position;
    const label = values[row] as number;
    if (isLast !== (label === END_OF_TARGET)) return undefined;
    if (!isLast) labels.push(label);
    row += size;
  }
  return Int32Array.from(labels);
}

/** Steps of the sequence at a position of an axis. */
function lengthAt({ batchSizes }: PackedAxis, position: number): number {
  let steps = 0;
  while (steps < batchSizes.length && (batchSizes[steps] as number) > position) steps += 1;
  return steps;
}

/**
 * Compares the labels of a loss over all ways through the frames with these frames. A sequence of weight 0 may have any labels.
 *
 * @throws {RangeIndexError} `index_out_of_range` for a label that is the blank, and labels without their end mark
 * @throws {ShapeError} `length_mismatch` where the labels need more frames than there are
 */
export function checkLabels(
  { target, labels: axis, frames, blank, zeroInfinity }: LabelledFrames,
  { targets = {} }: Pick<Batch, 'targets'>,
  axes: PackedAxes,
): void {
  const values = targets[target] as Int32Array;
  const weights = targets[`${target}/${WEIGHTS}`];
  const [labelled, framed] = [axes.get(axis) as PackedAxis, axes.get(frames) as PackedAxis];
  const positions = new Map(
    Array.from({ length: framed.batchSizes[0] as number }, (_, at) => [framed.order?.[at] ?? at, at]),
  );
  for (let position = 0; position < (labelled.batchSizes[0] as number); position++) {
    if (weights?.[position] === 0) continue;
    const sequence = labelled.order?.[position] ?? position;
    const labels = labelsAt(values, position, labelled);
    const wrong = labels?.indexOf(blank) ?? -1;
    if (labels === undefined || wrong >= 0) {
      const found =
        labels === undefined ? `no mark ${END_OF_TARGET} at its end alone` : `the blank ${blank} at step ${wrong}`;
      const message = `target '${target}' of sequence ${sequence} has ${found}: make it with ctcTarget`;
      throw new RangeIndexError('index_out_of_range', message, { name: target, sequence, step: wrong, blank });
    }
    const [needed, there] = [framesNeeded(labels), lengthAt(framed, positions.get(sequence) as number)];
    if (needed <= there || zeroInfinity) continue;
    const message = `target '${target}' of sequence ${sequence}: ${labels.length} labels need at least ${needed} frames, the sequence has ${there}`;
    throw new ShapeError('length_mismatch', message, {
      name: target,
      sequence,
      labels: labels.length,
      needed,
      frames: there,
    });
  }
}
