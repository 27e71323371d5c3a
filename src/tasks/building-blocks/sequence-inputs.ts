/** The forms of a sequence (a text, a list of tokens, rows of numbers), and how it becomes the input of a network. */

import type { Rows } from '../../batch/packed-batch.js';
import { DataError, OptionError } from '../../core/errors.js';
import { isJsonObject, type JsonObject, type JsonValue, parseShallowJson } from '../../core/json.js';
import { ByteVocabulary } from '../../data/byte-vocabulary.js';
import { CharacterVocabulary } from '../../data/character-vocabulary.js';
import { type Normalization, normalizeText, savedNormalization } from '../../data/normalization.js';
import { vocabularyFromJSON } from '../../data/saved-vocabulary.js';
import type { SentenceLevel } from '../../data/sentence-vocabulary.js';
import type { Vocabulary, VocabularyJson } from '../../data/vocabulary.js';
import { WordVocabulary } from '../../data/word-vocabulary.js';
import type { JsonRow } from '../../files/json-lines.js';
import type { RowPlace } from '../../files/row-error.js';
import { wordsOf } from '../../files/text.js';
import { embedding } from '../../network/layers/embedding.js';
import type { AnyLayer } from '../../network/layers/layers.js';
import { type FeatureEncoding, type FeatureRows, featureEncoder, fitFeatures } from './feature-encoding.js';
import { commonForms, WordForms } from './word-forms.js';

export type { FeatureRows };

/** A sequence as it was read: a text, a list of tokens, or rows of features. */
export type RawInput = string | readonly string[] | FeatureRows;

/** The symbols of a text in an encoding, by the level that an option names. */
const TEXT_KINDS = { character: 'characters', word: 'words', byte: 'bytes' } as const;

/** How inputs become ids or numbers. It is computed from the training part. Plain JSON. */
export type InputEncoding =
  | {
      /** The symbols of texts; or the tokens of lists. */
      readonly kind: (typeof TEXT_KINDS)[SentenceLevel] | 'tokens';
      readonly vocabulary: VocabularyJson;
      /** Of words: the forms by which words outside the vocabulary are read; missing where all of them are one unknown word. */
      readonly forms?: readonly string[];
    }
  | FeatureEncoding;

/** How texts and tokens become symbols. */
export interface SymbolChoice {
  /** The symbols of texts; default `character`. Tokens are words. */
  readonly level?: SentenceLevel | undefined;
  /** Words that occur less often are unknown; default 1. */
  readonly minCount?: number | undefined;
  /** Largest number of words, with the marks; default: no limit. */
  readonly maxSize?: number | undefined;
  /** What is done to texts before they become characters or words; default `none`. Bytes are those of the text. */
  readonly normalization?: Normalization | undefined;
  /** Whether words outside the vocabulary are read by their form; default false. */
  readonly byForm?: boolean | undefined;
}

type InputForm = 'text' | 'tokens' | 'numbers';

function formOf(input: RawInput): InputForm {
  if (typeof input === 'string') return 'text';
  return Array.isArray(input) ? 'tokens' : 'numbers';
}

function formOfKind(kind: InputEncoding['kind']): InputForm {
  if (kind === 'features') return 'numbers';
  return kind === 'tokens' ? 'tokens' : 'text';
}

/**
 * The encoding of the training inputs: their characters or tokens, or mean and deviation of every feature.
 *
 * @param options how texts and tokens become symbols
 * @param options.isMasked whether numbers may be missing (NaN): each becomes the mean, beside a mark and a time
 * @param options.places where the inputs are, for errors
 * @throws {DataError} `mixed_examples` when inputs are of two kinds, `non_finite_data`
 * @throws {ShapeError} `shape_mismatch` when they have two widths
 * @throws {OptionError} `invalid_option` for characters or bytes of inputs that are no texts
 * @throws {VocabularyError} `invalid_vocabulary` when no word is left
 */
export function fitEncoding(
  inputs: readonly RawInput[],
  {
    isMasked = false,
    places,
    ...choice
  }: SymbolChoice & { readonly isMasked?: boolean; readonly places?: readonly (RowPlace | undefined)[] } = {},
): InputEncoding {
  const form = formOf(inputs[0] as RawInput);
  requireForm(inputs, form, places);
  requireLevel(choice.level, form);
  if (form === 'numbers') return fitFeatures(inputs as readonly FeatureRows[], isMasked);
  if (form === 'text') return fitTexts(inputs as readonly string[], choice);
  return { kind: 'tokens', ...wordsIn(inputs as readonly (readonly string[])[], choice) };
}

function fitTexts(texts: readonly string[], choice: SymbolChoice): InputEncoding {
  const { level = 'character', normalization = 'none' } = choice;
  const kind = TEXT_KINDS[level];
  if (level === 'byte') return { kind, vocabulary: new ByteVocabulary().toJSON() };
  if (level === 'word') return { kind, ...wordsIn(texts.map(wordsOf), choice) };
  // Text by text: a mark at the start of one does not join the end of the text before.
  const all = texts.map((text) => normalizeText(text, normalization)).join('');
  const vocabulary = CharacterVocabulary.fromText(all, { unknown: true });
  return { kind, vocabulary: { ...vocabulary.toJSON(), ...savedNormalization(normalization) } };
}

/** The vocabulary of tokens, and the forms of words if they are asked for. */
function wordsIn(tokens: readonly (readonly string[])[], choice: SymbolChoice) {
  const { minCount, maxSize, normalization = 'none', byForm = false } = choice;
  const options = {
    ...(minCount !== undefined && { minCount }),
    ...(maxSize !== undefined && { maxSize }),
    normalization,
  };
  const vocabulary = WordVocabulary.fromTokens(tokens, options).toJSON();
  if (!byForm) return { vocabulary };
  const words = new Set(tokens.flat().map((token) => normalizeText(token, normalization)));
  return { vocabulary, forms: commonForms(words) };
}

/** @throws {OptionError} `invalid_option` for characters or bytes of inputs that are no texts */
function requireLevel(level: SentenceLevel | undefined, form: InputForm): void {
  if (level === undefined || form === 'text' || (level === 'word' && form === 'tokens')) return;
  const message = `option 'level' is '${level}', but the inputs are ${form}: only texts are split into symbols`;
  throw new OptionError('invalid_option', message, { name: 'level', value: level, inputs: form });
}

/**
 * A function that converts inputs into ids [length] or standardised rows [length * features]. Throws as `fitEncoding`.
 */
export function encoderOf(encoding: InputEncoding): (input: RawInput) => Rows {
  if (encoding.kind === 'features') {
    const encode = featureEncoder(encoding);
    return (input) => {
      requireReadable(input, 'numbers');
      return encode(input as FeatureRows);
    };
  }
  const { kind, vocabulary: json, forms = [] } = encoding;
  const vocabulary: Vocabulary = vocabularyFromJSON(json);
  const words = vocabulary instanceof WordVocabulary ? new WordForms(vocabulary, forms) : undefined;
  const encode = (input: RawInput) =>
    words?.encode(typeof input === 'string' ? wordsOf(input) : (input as readonly string[])) ??
    vocabulary.encode(input as string);
  return (input) => {
    requireReadable(input, formOfKind(kind));
    return encode(input);
  };
}

/** Numbers in a row of encoded inputs: 1 for ids. */
export function featuresOf(encoding: InputEncoding): number {
  return encoding.kind === 'features' ? encoding.features : 1;
}

/** Number of the ids that inputs may have; undefined for numbers. */
export function idsOf(encoding: InputEncoding): number | undefined {
  if (encoding.kind === 'features') return undefined;
  return encoding.vocabulary.symbols.length + (encoding.forms?.length ?? 0);
}

/** The layers before the recurrent ones: an embedding of ids, nothing for features. */
export function inputLayers(encoding: InputEncoding, units: number): readonly AnyLayer[] {
  const size = idsOf(encoding);
  return size === undefined ? [] : [embedding({ size, units })];
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
  if (value === undefined) row.refuse(name, 'a text, a list of tokens or a list of numbers', '--input FIELD names it');
  if (typeof value === 'string') return row.text(name);
  const [first] = Array.isArray(value) ? (value as readonly JsonValue[]) : [];
  if (typeof first === 'string') return row.texts(name);
  const features = Array.isArray(first) ? first.length : 1;
  const width = Math.max(1, features);
  return { features: width, rows: row.doubles(name, width, keepMissing), place: row.place };
}

/**
 * A value as fields: an object is that already, and others are its field `input`. The text of a value on the command line is
 * read as JSON for features, and for tokens where it is a list of texts or an object with `input`; else the text itself is the value.
 */
export function inputValue(value: JsonValue, kind: InputEncoding['kind']): JsonObject {
  if (isJsonObject(value)) return value;
  if (typeof value !== 'string' || formOfKind(kind) === 'text') return { input: value };
  let parsed: JsonValue;
  try {
    parsed = parseShallowJson(value);
  } catch {
    return { input: kind === 'tokens' ? wordsOf(value) : value };
  }
  if (isJsonObject(parsed) && (kind !== 'tokens' || 'input' in parsed)) return parsed;
  // A token may be written as a number or a list is: only a list of texts is one of tokens.
  const areTokens = Array.isArray(parsed) && parsed.length > 0 && parsed.every((token) => typeof token === 'string');
  return { input: kind === 'tokens' && !areTokens ? wordsOf(value) : parsed };
}

/** @param places where the inputs are, as far as that is known */
function requireForm(
  inputs: readonly RawInput[],
  form: InputForm,
  places: readonly (RowPlace | undefined)[] = [],
): void {
  const index = inputs.findIndex((input) => formOf(input) !== form);
  if (index < 0) return;
  const other = formOf(inputs[index] as RawInput);
  const [first, place] = [places[0], places[index]];
  const at = (where: RowPlace) => `'${where.file}' line ${where.line}`;
  const found = place === undefined ? `input ${index} has ${other}` : `${at(place)} has ${other}`;
  const expected = first === undefined ? form : `${form} as ${at(first)} has`;
  const message = `${found}, expected ${expected}: all inputs must be of one kind`;
  throw new DataError('mixed_examples', message, { ...place, index, kind: other, expected: form });
}

/** @throws {DataError} `mixed_examples` for an input of another kind than a model reads */
function requireReadable(input: RawInput, form: InputForm): void {
  const other = formOf(input);
  if (other === form) return;
  const message = `the input has ${other}, the model reads ${form}`;
  throw new DataError('mixed_examples', message, { kind: other, expected: form });
}
