/**
 * Packs examples of several sequences each, such as sentences and their translations, into batches of several time
 * axes.
 */

import { requireList } from '../core/arguments.js';
import { DataError, OptionError, ShapeError } from '../core/errors.js';
import { describeValue, rejectUnknownKeys, requireNumber, requireOneOf } from '../core/options.js';
import { isFloat32Array, isInt32Array, typedArrayKind } from '../core/typed-array.js';
import { derivationOf } from '../graph/derived-axis.js';
import { TIME } from './axes.js';
import type { AxisSizes, Batch } from './batch.js';
import { derivedSizes, stepsOn } from './derived-axes.js';
import { packRows } from './packed-batch.js';
import { type Rows, sameKind } from './rows.js';

/** Where one input or target of a batch comes from. */
export interface FieldForm {
  /** Field of the examples; default the name of the input or target. */
  readonly field?: string;
  /** Time axis; default `time`. The labels of a CTC loss are on the axis `OUTPUT/labels`. */
  readonly axis?: string;
  /** Whether a row belongs to a step or to a sequence; default `step`. */
  readonly per?: 'step' | 'sequence';
  /** Numbers in a row of a Float32Array, integer >= 1; default 1. Ids have none. */
  readonly width?: number;
}

/** Where the inputs and targets of a batch come from, by their names. */
export interface ExampleForm {
  readonly inputs: Readonly<Record<string, FieldForm>>;
  readonly targets?: Readonly<Record<string, FieldForm>>;
}

/** An example: rows by field; other fields are ignored. A value for the whole sequence may be a single class id. */
export type FieldExample = object;

/** A field of all examples, checked. */
interface Field {
  readonly name: string;
  readonly axis: string;
  readonly isPerStep: boolean;
  readonly width: number;
  readonly rows: readonly Rows[];
}

function fieldRows(name: string, example: FieldExample, index: number, isPerStep: boolean): Rows {
  const rows = (example as Readonly<Record<string, unknown>> | undefined)?.[name];
  if (isInt32Array(rows) || isFloat32Array(rows)) return rows;
  if (!isPerStep && typeof rows === 'number' && rows === Math.trunc(rows) && Math.abs(rows) < 2 ** 31) {
    return Int32Array.of(rows);
  }
  const expected = isPerStep ? 'an Int32Array or a Float32Array' : 'a class id, an Int32Array or a Float32Array';
  const message = `field '${name}' of example ${index} must be ${expected}, got ${describeValue(rows)}`;
  throw new OptionError('invalid_option', message, { name, index });
}

function checkField(own: string, form: FieldForm, examples: readonly FieldExample[]): Field {
  rejectUnknownKeys(`the form of '${own}'`, form, ['field', 'axis', 'per', 'width']);
  const { field: name = own, axis = TIME } = form;
  const isPerStep = requireOneOf('per', form.per ?? 'step', ['step', 'sequence']) === 'step';
  const width = requireNumber('width', form.width ?? 1, { integer: true, min: 1 });
  const rows = examples.map((example, index) => fieldRows(name, example, index, isPerStep));
  const first = rows[0] as Rows;
  for (const [index, each] of rows.entries()) {
    if (typedArrayKind(each) !== typedArrayKind(first)) {
      const message = `field '${name}' of example ${index} is ${each.constructor.name}, that of example 0 is ${first.constructor.name}: all must be of one kind`;
      throw new DataError('mixed_examples', message, { part: name, index });
    }
    if (each.length === 0)
      throw new DataError('empty_data', `field '${name}' of example ${index} has no steps`, { index });
    const isWhole = isPerStep ? each.length % width === 0 : each.length === width;
    if (isWhole && (width === 1 || isFloat32Array(each))) continue;
    const message = `field '${name}' of example ${index} is ${each.constructor.name} [${each.length}], which is not ${isPerStep ? 'rows' : 'a row'} of ${width} numbers`;
    throw new ShapeError('shape_mismatch', message, { name, index, length: each.length, width });
  }
  return { name, axis, isPerStep, width, rows };
}

/** @param what has these lengths @throws {ShapeError} `length_mismatch` when a field has others */
function requireLengths({ name, rows, width }: Field, lengths: Int32Array, what: string): void {
  for (const [index, { length }] of rows.entries()) {
    const expected = lengths[index] as number;
    if (length / width === expected) continue;
    const message = `field '${name}' of example ${index} has ${length / width} steps, ${what} ${expected}`;
    throw new ShapeError('length_mismatch', message, { name, index, actual: length / width, expected });
  }
}

/** Steps of each example on an axis, of which all fields must have as many; 1 where no field has steps. */
function lengthsOf(fields: readonly Field[], examples: number): Int32Array {
  const [first, ...others] = fields.filter(({ isPerStep }) => isPerStep);
  if (first === undefined) return new Int32Array(examples).fill(1);
  const lengths = Int32Array.from(first.rows, ({ length }) => length / first.width);
  for (const field of others) requireLengths(field, lengths, `field '${first.name}' on the same axis`);
  return lengths;
}

/** The sizes of an axis that layers make: its fields follow the order of the axis that it comes from. */
function derivedAxisSizes(
  axis: string,
  axes: ReadonlyMap<string, Required<AxisSizes>>,
  known: ReadonlyMap<string, Int32Array>,
): { readonly sizes: Required<AxisSizes>; readonly lengths: Int32Array } {
  const derivation = derivationOf(axis);
  const lengths = stepsOn(axis, known);
  if (derivation === undefined || lengths === undefined) {
    const sizes = axes.get(axis);
    if (sizes !== undefined && lengths !== undefined) return { sizes, lengths };
    const message = `no field lies on the axis '${axis}', which others come from; there are ${[...axes.keys()].join(', ')}`;
    throw new OptionError('invalid_option', message, { name: 'axis', value: axis });
  }
  const { sizes } = derivedAxisSizes(derivation.source, axes, known);
  return { sizes: derivedSizes(sizes, derivation), lengths };
}

/** The sizes of an axis, longest sequence first; equal lengths keep their order. */
function sizesOf(lengths: Int32Array): Required<AxisSizes> {
  const order = Int32Array.from(lengths.keys()).sort(
    (left, right) => (lengths[right] as number) - (lengths[left] as number) || left - right,
  );
  const batchSizes = new Int32Array(lengths[order[0] as number] as number);
  for (const length of lengths) for (let step = 0; step < length; step++) (batchSizes[step] as number)++;
  return { batchSizes, order };
}

function packField({ rows, width, isPerStep }: Field, { batchSizes, order }: Required<AxisSizes>): Rows {
  if (isPerStep) return packRows(rows, order, batchSizes, width);
  const packed = sameKind(rows[0] as Rows, rows.length * width);
  for (const [place, index] of order.entries()) packed.set(rows[index] as Rows, place * width);
  return packed;
}

/**
 * Packs examples of several fields into a batch. Each time axis is sorted by its own lengths, and its order says to
 * which example each of its sequences belongs. `Model.predict` returns results in the order of the examples. Packed
 * results are put back with `unpackSequences(batch.axes.AXIS, rows, width)` and `restoreOrder`, or with the batch
 * itself for the axis `time`.
 *
 * @throws {DataError} `empty_data` when there is no example, or a field without steps; `mixed_examples`
 * @throws {ShapeError} `shape_mismatch`, `length_mismatch`, naming the field and the example
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @example
 * const form = { inputs: { source: { axis: 'source' }, previous: {} }, targets: { target: {} } };
 * const batches = new SequenceBatches(pairs, {
 *   batch: 64,
 *   length: ({ target }) => target.length,
 *   pack: (examples) => packExamples(examples, form),
 * });
 */
export function packExamples(examples: readonly FieldExample[], form: ExampleForm): Batch {
  rejectUnknownKeys('the form of examples', form, ['inputs', 'targets']);
  requireList('examples', examples);
  if (examples.length === 0) throw new DataError('empty_data', 'there are no examples');
  const check = (part: 'inputs' | 'targets') =>
    Object.entries(form[part] ?? {}).map(([name, field]) => [name, checkField(name, field, examples)] as const);
  const inputs = check('inputs');
  const targets = check('targets');
  const fields = [...inputs, ...targets].map(([, field]) => field);
  const axes = new Map<string, Required<AxisSizes>>();
  const steps = new Map<string, Int32Array>();
  const names = new Set(fields.map((field) => field.axis));
  for (const axis of names) {
    if (derivationOf(axis) !== undefined) continue;
    steps.set(
      axis,
      lengthsOf(
        fields.filter((field) => field.axis === axis),
        examples.length,
      ),
    );
    axes.set(axis, sizesOf(steps.get(axis) as Int32Array));
  }
  const derived = new Map<string, Required<AxisSizes>>();
  for (const axis of names) {
    if (derivationOf(axis) === undefined) continue;
    const { sizes, lengths } = derivedAxisSizes(axis, axes, steps);
    for (const field of fields) {
      if (field.axis === axis && field.isPerStep) requireLengths(field, lengths, `the axis '${axis}' comes to`);
    }
    derived.set(axis, sizes);
  }
  const time = axes.get(TIME);
  if (time === undefined) {
    const message = `no field lies on the axis '${TIME}'; there are ${[...axes.keys()].join(', ') || 'none'}`;
    throw new OptionError('invalid_option', message, { name: 'inputs' });
  }
  const packWith = (packed: readonly (readonly [string, Field])[]) =>
    Object.fromEntries(
      packed.map(([name, field]) => [name, packField(field, axes.get(field.axis) ?? derived.get(field.axis) ?? time)]),
    );
  axes.delete(TIME);
  return {
    ...time,
    ...(axes.size > 0 && { axes: Object.fromEntries(axes) }),
    inputs: packWith(inputs),
    ...(targets.length > 0 && { targets: packWith(targets) }),
  };
}
