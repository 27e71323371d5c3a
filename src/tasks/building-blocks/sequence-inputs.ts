/** The forms of a sequence (a text, a list of tokens, rows of numbers), and how it becomes the input of a network. */

import type { Rows } from '../../batch/packed-batch.js';
import { DataError } from '../../core/errors.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.js';
import { CharacterVocabulary } from '../../data/character-vocabulary.js';
import { vocabularyFromJSON } from '../../data/saved-vocabulary.js';
import type { Vocabulary, VocabularyJson } from '../../data/vocabulary.js';
import { WordVocabulary } from '../../data/word-vocabulary.js';
import type { JsonRow } from '../../files/json-lines.js';
import { embedding } from '../../network/layers/embedding.js';
import type { AnyLayer } from '../../network/layers/layers.js';
import { type FeatureEncoding, type FeatureRows, featureEncoder, fitFeatures } from './feature-encoding.js';

export type { FeatureRows };

/** A sequence as it was read: its characters, its tokens, or rows of features. */
export type RawInput = string | readonly string[] | FeatureRows;

/** How inputs become ids or numbers. It is computed from the training part. Plain JSON. */
export type InputEncoding =
  | { readonly kind: 'characters' | 'tokens'; readonly vocabulary: VocabularyJson }
  | FeatureEncoding;

function kindOf(input: RawInput): InputEncoding['kind'] {
  if (typeof input === 'string') return 'characters';
  return Array.isArray(input) ? 'tokens' : 'features';
}

/**
 * The encoding of the training inputs: their characters or tokens, or mean and deviation of every feature.
 *
 * @param options.isMasked whether numbers may be missing (NaN): each becomes the mean, beside a mark and a time
 * @throws {DataError} `mixed_examples` when inputs are of two kinds, `non_finite_data`
 * @throws {ShapeError} `shape_mismatch` when they have two widths
 */
export function fitEncoding(
  inputs: readonly RawInput[],
  { isMasked = false }: { readonly isMasked?: boolean } = {},
): InputEncoding {
  const kind = kindOf(inputs[0] as RawInput);
  requireKind(inputs, kind);
  if (kind === 'characters') {
    const vocabulary = CharacterVocabulary.fromText(inputs.join(''), { unknown: true }).toJSON();
    return { kind, vocabulary };
  }
  if (kind === 'tokens') {
    return { kind, vocabulary: WordVocabulary.fromTokens(inputs as readonly (readonly string[])[]).toJSON() };
  }
  return fitFeatures(inputs as readonly FeatureRows[], isMasked);
}

/**
 * A function that converts inputs into ids [length] or standardised rows [length * features]. Throws as `fitEncoding`.
 */
export function encoderOf(encoding: InputEncoding): (input: RawInput) => Rows {
  if (encoding.kind === 'features') {
    const encode = featureEncoder(encoding);
    return (input) => {
      requireKind([input], encoding.kind);
      return encode(input as FeatureRows);
    };
  }
  const { kind, vocabulary: json } = encoding;
  const vocabulary: Vocabulary = vocabularyFromJSON(json);
  const encode = (input: RawInput) =>
    vocabulary instanceof WordVocabulary
      ? vocabulary.encodeTokens(input as readonly string[])
      : vocabulary.encode(input as string);
  return (input) => {
    requireKind([input], kind);
    return encode(input);
  };
}

/** Numbers in a row of encoded inputs: 1 for ids. */
export function featuresOf(encoding: InputEncoding): number {
  return encoding.kind === 'features' ? encoding.features : 1;
}

/** The layers before the recurrent ones: an embedding of ids, nothing for features. */
export function inputLayers(encoding: InputEncoding, units: number): readonly AnyLayer[] {
  return encoding.kind === 'features' ? [] : [embedding({ size: encoding.vocabulary.symbols.length, units })];
}

/**
 * A value of JSON as an input: a text; a list of tokens; a list of numbers, one a step; a list of lists of numbers.
 *
 * @param options.keepMissing whether null is a missing number, NaN; default: it is refused
 * @throws {DataError} `invalid_row`, by the row
 */
export function inputOfRow(
  row: JsonRow,
  name: string,
  { keepMissing }: { readonly keepMissing?: boolean } = {},
): RawInput {
  const value = row.value(name);
  if (typeof value === 'string') return row.text(name);
  const [first] = Array.isArray(value) ? (value as readonly JsonValue[]) : [];
  if (typeof first === 'string') return row.texts(name);
  const features = Array.isArray(first) ? first.length : 1;
  const width = Math.max(1, features);
  return { features: width, rows: row.doubles(name, width, keepMissing), place: row.place };
}

/**
 * Converts the text of a value on the command line: it is read as JSON for features or tokens, else the text itself is
 * the value.
 */
export function inputValue(value: JsonValue, kind: InputEncoding['kind']): JsonObject {
  if (typeof value !== 'string' || kind === 'characters') return { input: value };
  let parsed: JsonValue;
  try {
    parsed = JSON.parse(value) as JsonValue;
  } catch {
    return { input: kind === 'tokens' ? value.split(/\s+/).filter((token) => token !== '') : value };
  }
  return isJsonObject(parsed) ? parsed : { input: parsed };
}

function requireKind(inputs: readonly RawInput[], kind: InputEncoding['kind']): void {
  const index = inputs.findIndex((input) => kindOf(input) !== kind);
  if (index < 0) return;
  const other = kindOf(inputs[index] as RawInput);
  const message = `input ${index} has ${other}, expected ${kind}: all inputs must be of one kind`;
  throw new DataError('mixed_examples', message, { index, kind: other, expected: kind });
}
