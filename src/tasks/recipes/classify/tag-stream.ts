/** Tags steps as they arrive. */

import { isJsonObject, type JsonObject } from '../../../core/json.js';
import { describeValue } from '../../../core/options.js';
import type { MissingMode } from '../../../features/missing-values.js';
import { JsonRow } from '../../../files/json-lines.js';
import { invalidRow, type RowPlace } from '../../../files/row-error.js';
import { largestClasses } from '../../../metrics/confusion-matrix.js';
import type { Model } from '../../../model/model.js';
import type { FeatureEncoding, FeatureRows } from '../../building-blocks/feature-encoding.js';
import { describeColumns, namedSteps, stepOf } from '../../building-blocks/named-steps.js';
import { probabilities } from '../../building-blocks/probabilities.js';
import { encoderOf, inputValue } from '../../building-blocks/sequence-inputs.js';
import { stepStream } from '../../building-blocks/step-stream.js';
import type { TaskStream } from '../../definition/task.js';
import { adjustOf } from './class-finish.js';
import type { SavedClasses } from './classify-data.js';
import { stepColumns } from './step-inputs.js';

/** The result of a step of a stream: its most likely class, and the probabilities of all classes by name. */
export type StepClass = { readonly label: string; readonly probabilities: Readonly<Record<string, number>> };

/** How a stream reads and answers. */
export interface TagStreamOptions {
  readonly missing?: MissingMode | undefined;
  readonly finished?: JsonObject | undefined;
}

/**
 * A stream of a tagger. A piece is one or more characters, one or more words or tokens with spaces between, or a row of numbers: a
 * list, or an object of columns by name, which a model with categories needs.
 * The result is the class of each step with the probabilities of all classes, the same as in a prediction of the whole
 * sequence.
 *
 * @param options.finished what the end of the training has fitted
 * @param options.missing what becomes of null: of a missing number; with `interpolate`, the last one before it
 * @throws {UsageError} `not_streamable` for a network that reads later steps
 */
export function tagStream(
  model: Model,
  { classes, encoding, source }: SavedClasses,
  { missing = 'refuse', finished }: TagStreamOptions = {},
): TaskStream<StepClass> {
  const encode = encoderOf(encoding);
  const adjust = adjustOf(finished);
  const readStep = encoding.kind === 'features' ? stepReader(encoding, source, missing !== 'refuse') : undefined;
  const before = new LastNumbers(missing);
  return stepStream(model, {
    /** A token may look like a number, so the text is not read as JSON. */
    read(piece, place) {
      if (readStep !== undefined) {
        const step = readStep(inputValue(piece, encoding.kind), place);
        const encoded = encode(before.fill(step, place));
        before.add(step);
        return encoded;
      }
      const isWhole = encoding.kind === 'characters' || encoding.kind === 'bytes';
      if (typeof piece === 'string' && isWhole && piece !== '') return encode(piece);
      const tokens = typeof piece === 'string' ? piece.split(/\s+/).filter((token) => token !== '') : [];
      if (encoding.kind === 'tokens' && tokens.length > 0) return encode(tokens);
      if (encoding.kind === 'words' && tokens.length > 0) return encode(piece as string);
      throw invalidRow(place, '', 'a text that is not empty', JSON.stringify(piece));
    },
    write(output) {
      const likely = probabilities(adjust(output, output));
      const [best] = largestClasses(output, classes.length);
      const all = Object.fromEntries(classes.map((name, at) => [name, likely[at] as number]));
      return { label: classes[best as number] as string, probabilities: all };
    },
  });
}

/** A function that reads a step of numbers and categories. */
function stepReader({ means }: FeatureEncoding, source: SavedClasses['source'], canMiss: boolean) {
  const columns = stepColumns(source);
  return (fields: JsonObject, place: RowPlace): FeatureRows => {
    const step = stepOf(fields, columns ?? { numbers: [], categories: [] });
    if (columns !== undefined && isJsonObject(step)) return namedSteps([step], place, columns, canMiss);
    if (columns !== undefined && columns.categories.length > 0)
      throw invalidRow(place, '', describeColumns(columns), describeValue(step));
    const features = means.length;
    return { features, rows: new JsonRow({ input: [step] }, place).doubles('input', features, canMiss || undefined) };
  };
}

/** The last known number of each column, for those that are missing later. */
class LastNumbers {
  readonly #missing: MissingMode;
  #values: readonly number[] = [];
  #ages: readonly number[] = [];

  constructor(missing: MissingMode) {
    this.#missing = missing;
  }

  /**
   * A step whose missing numbers are filled in. With `mask` the encoding does it, from the steps since the last known one.
   *
   * @throws {DataError} `invalid_row` for a missing number in a column that has had none
   */
  fill(step: FeatureRows, place: RowPlace): FeatureRows {
    if (this.#missing === 'mask') return { ...step, ages: this.#ages };
    const rows = step.rows.map((value, column) => (Number.isNaN(value) ? (this.#values[column] ?? Number.NaN) : value));
    const column = rows.findIndex(Number.isNaN);
    if (column < 0) return { ...step, rows };
    throw invalidRow(place, `number ${column + 1}`, 'a number before the first missing one', 'none');
  }

  add({ rows }: FeatureRows): void {
    const all = Array.from(rows);
    this.#ages = all.map((value, column) => (Number.isNaN(value) ? (this.#ages[column] ?? 0) + 1 : 0));
    this.#values = all.map((value, column) => (Number.isNaN(value) ? (this.#values[column] ?? value) : value));
  }
}
