/** Tags steps as they arrive. */

import { isJsonObject, type JsonObject } from '../../../core/json.js';
import { describeValue } from '../../../core/options.js';
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
import type { SavedClasses } from './classify-data.js';
import { stepColumns } from './step-inputs.js';

/** The result of a step of a stream: its most likely class, and the probabilities of all classes by name. */
export type StepClass = { readonly label: string; readonly probabilities: Readonly<Record<string, number>> };

/**
 * A stream of a tagger. A piece is one or more characters, one or more words or tokens with spaces between, or a row of numbers: a
 * list, or an object of columns by name, which a model with categories needs.
 * The result is the class of each step with the probabilities of all classes, the same as in a prediction of the whole
 * sequence.
 *
 * @throws {UsageError} `not_streamable` for a network that reads later steps
 */
export function tagStream(model: Model, { classes, encoding, source }: SavedClasses): TaskStream<StepClass> {
  const encode = encoderOf(encoding);
  const readStep = encoding.kind === 'features' ? stepReader(encoding, source) : undefined;
  return stepStream(model, {
    /** A token may look like a number, so the text is not read as JSON. */
    read(piece, place) {
      if (readStep !== undefined) return encode(readStep(inputValue(piece, encoding.kind), place));
      const isWhole = encoding.kind === 'characters' || encoding.kind === 'bytes';
      if (typeof piece === 'string' && isWhole && piece !== '') return encode(piece);
      const tokens = typeof piece === 'string' ? piece.split(/\s+/).filter((token) => token !== '') : [];
      if (encoding.kind === 'tokens' && tokens.length > 0) return encode(tokens);
      if (encoding.kind === 'words' && tokens.length > 0) return encode(piece as string);
      throw invalidRow(place, '', 'a text that is not empty', JSON.stringify(piece));
    },
    write(output) {
      const likely = probabilities(output);
      const [best] = largestClasses(output, classes.length);
      const all = Object.fromEntries(classes.map((name, at) => [name, likely[at] as number]));
      return { label: classes[best as number] as string, probabilities: all };
    },
  });
}

/** A function that reads a step of numbers and categories. */
function stepReader({ means }: FeatureEncoding, source: SavedClasses['source']) {
  const columns = stepColumns(source);
  return (fields: JsonObject, place: RowPlace): FeatureRows => {
    const step = stepOf(fields, columns ?? { numbers: [], categories: [] });
    if (columns !== undefined && isJsonObject(step)) return namedSteps([step], place, columns);
    if (columns !== undefined && columns.categories.length > 0)
      throw invalidRow(place, '', describeColumns(columns), describeValue(step));
    const features = means.length;
    return { features, rows: new JsonRow({ input: [step] }, place).doubles('input', features) };
  };
}
