/** Sentences and their translations: reads, splits and encodes them with the vocabularies of the training part. */

import type { Batch } from '../../../batch/batch.js';
import { packExamples } from '../../../batch/example-packing.js';
import { DataError, OptionError } from '../../../core/errors.js';
import { type Normalization, normalizeText } from '../../../data/normalization.js';
import { type SentenceLevel, SentenceVocabulary } from '../../../data/sentence-vocabulary.js';
import type { VocabularyJson } from '../../../data/vocabulary.js';
import { isJsonLinesFile } from '../../../files/json-lines.js';
import { readParallelText, readSourceLines, type SentencePair } from '../../../files/parallel-text.js';
import { readText, splitLines, wordsOf } from '../../../files/text.js';
import { fingerprintOf, holdOut } from '../../building-blocks/held-out.js';
import { requireData } from '../../building-blocks/require-data.js';
import { checkWeights, requireSomeWeight, weightRow, weightTarget } from '../../building-blocks/row-weights.js';
import type { CommonTable } from '../../definition/common-options.js';
import type { Packing, PredictionSource, TaskData } from '../../definition/task.js';
import type { Checked } from '../../definition/task-options.js';
import { TRANSLATE } from '../defaults/translate.js';

/** What is saved with a translator. */
export type SavedTranslation = {
  readonly source: VocabularyJson;
  readonly target: VocabularyJson;
  /** Number of symbols of the longest training target. No translation is longer. */
  readonly longest: number;
};

/** A pair in the form of the network. */
export interface TranslationExample {
  /** [source steps] ids. */
  readonly source: Int32Array;
  /** [target steps] ids of the target after the begin mark. */
  readonly previous: Int32Array;
  /** [target steps] ids of the target, then the end mark. */
  readonly target: Int32Array;
  /** The tokens themselves, including words outside the vocabulary. */
  readonly tokens: Pick<SentencePair, 'source' | 'target'>;
  /** [1] what it counts for in the loss; missing where the data have no weights. */
  readonly weight?: Float32Array;
}

/** The options of reading. */
interface DataOptions extends Omit<Checked<CommonTable>, 'valid' | 'test'> {
  /** Missing until the number of pairs has decided them. */
  readonly valid: number | string | undefined;
  readonly test: number | string | undefined;
  readonly languages: string | undefined;
  readonly level: SentenceLevel;
  readonly normalization: Normalization;
  readonly vocabulary: number | undefined;
  readonly minCount: number;
  readonly maxLength: number | undefined;
  readonly weight: string | undefined;
}

/**
 * A batch of two time axes: the axis of the source, and the axis of the target.
 *
 * @param weight the name of the weights of pairs; undefined where there are none
 */
export function packTranslations(examples: readonly TranslationExample[], weight?: string): Batch {
  const inputs = { source: { axis: 'source' }, previous: {} };
  return packExamples(examples, { inputs, targets: { target: {}, ...weightTarget(weight) } });
}

/** How pairs become batches: pairs with targets of similar lengths are batched together. */
export function translationPacking({ weight }: Pick<DataOptions, 'weight'>): Packing<TranslationExample> {
  return { length: ({ target }) => target.length, pack: (examples) => packTranslations(examples, weight) };
}

/** The two vocabularies of a translator. */
export function vocabulariesOf({ source, target }: SavedTranslation) {
  return { source: SentenceVocabulary.fromJSON(source), target: SentenceVocabulary.fromJSON(target) };
}

/**
 * Reads and splits parallel text. Pairs of the training part that are too long are left out; all others are kept.
 *
 * @throws {OptionError} `invalid_option`
 * @throws {DataError} as `readParallelText`; `too_long` when no pair is left; `invalid_weights` when none of those left counts
 */
export async function readTranslations(options: DataOptions): Promise<TaskData<SavedTranslation, TranslationExample>> {
  const { seed, languages, level, vocabulary, minCount, maxLength, normalization, weight } = options;
  const pairs = await readPairs(requireData(options), languages, weight);
  const held = heldPart(pairs.length);
  const { valid = held.value, test = held.value } = options;
  const other = async (part: number | string) =>
    typeof part === 'number' ? part : await readPairs(part, languages, weight);
  const parts = holdOut(pairs, { valid: await other(valid), test: await other(test), seed }, () => 0);
  const notes = checkWeights(weight, parts, 'JSON lines {"source": ..., "target": ...}');
  const words = { minCount, normalization, ...(vocabulary !== undefined && { maxSize: vocabulary }) };
  const vocabularyOf = (side: 'source' | 'target') =>
    SentenceVocabulary.of(
      parts.training.map((pair) => pair[side]),
      level,
      words,
    );
  const vocabularies = { source: vocabularyOf('source'), target: vocabularyOf('target') };
  const encode = (part: readonly SentencePair[]) => part.map((pair) => encodePair(pair, vocabularies));
  const isShort = ({ source, target }: TranslationExample) =>
    maxLength === undefined || (source.length <= maxLength && target.length - 1 <= maxLength);
  const training = encode(parts.training).filter(isShort);
  if (training.length === 0) {
    throw new DataError('too_long', `option 'maxLength' is ${maxLength}: no pair is that short`, { maxLength });
  }
  if (weight !== undefined)
    requireSomeWeight(
      weight,
      'training',
      training.some((pair) => (pair.weight?.[0] as number) > 0),
    );
  const validation = parts.validation && encode(parts.validation);
  const last = parts.test && encode(parts.test);
  const numbers = (part: readonly TranslationExample[]) =>
    part.map(({ source, target, weight: weights }) => ({
      input: source,
      target,
      ...(weight !== undefined && { weights }),
    }));
  const fingerprint = {
    examples: fingerprintOf({
      training: numbers(training),
      validation: validation && numbers(validation),
      test: last && numbers(last),
    }),
  };
  const longest = training.reduce((most, { target }) => Math.max(most, target.length - 1), 0);
  const saved = { source: vocabularies.source.toJSON(), target: vocabularies.target.toJSON(), longest };
  const settings = { valid: held, test: held };
  return { training, validation, test: last, saved, fingerprint, notes, settings };
}

/** The fraction of a part that is held out, where no option says it. @param pairs their number in the data */
export function heldPart(pairs: number): { readonly value: number; readonly reason: string } {
  const { least, pairs: wanted, most } = TRANSLATE.valid.value;
  const value = Math.min(most, Math.max(least, Number((wanted / pairs).toFixed(3))));
  return { value, reason: `of ${pairs} pairs` };
}

/** Pairs of other files, read like those of the training. Throws as `readParallelText`. */
export async function readMoreTranslations(
  file: string,
  { languages }: Pick<DataOptions, 'languages'>,
  saved: SavedTranslation,
): Promise<TranslationExample[]> {
  const vocabularies = vocabulariesOf(saved);
  return (await readPairs(file, languages)).map((pair) => encodePair(pair, vocabularies));
}

/**
 * Sentences without their translations: texts, or lists of tokens, or the lines of a file.
 *
 * @throws {OptionError} `invalid_option` for a sentence without a token
 */
export async function readSentences(
  source: PredictionSource<string | readonly string[]>,
  saved: SavedTranslation,
): Promise<TranslationExample[]> {
  const values = 'file' in source ? await sentencesOf(source.file) : source.values;
  const vocabularies = vocabulariesOf(saved);
  return values.map((value, at) => {
    const tokens = typeof value === 'string' ? wordsOf(value) : value;
    if (!Array.isArray(tokens) || tokens.length === 0 || !tokens.every((token) => typeof token === 'string')) {
      const message = `input ${at} must be a sentence of at least one token, got ${JSON.stringify(value)}`;
      throw new OptionError('invalid_option', message, { name: 'inputs', index: at });
    }
    return encodePair({ source: tokens, target: [] }, vocabularies);
  });
}

/** The sentences of a file: a line each, or the fields of JSON lines. */
async function sentencesOf(file: string): Promise<readonly (string | readonly string[])[]> {
  return isJsonLinesFile(file) ? readSourceLines(file) : splitLines(await readText(file));
}

/** JSON lines; the two files of a prefix and two languages, `PREFIX.en` and `PREFIX.ja`; or one file with tabs. */
function readPairs(path: string, languages: string | undefined, weight?: string): Promise<SentencePair[]> {
  if (languages === undefined || isJsonLinesFile(path)) return readParallelText(path, undefined, weight);
  const [source, target] = languages.split('-');
  return readParallelText(`${path}.${source}`, `${path}.${target}`);
}

/** The tokens are in the form of the vocabulary, so that translations are compared with references of the same form. */
function encodePair(written: SentencePair, vocabularies: ReturnType<typeof vocabulariesOf>): TranslationExample {
  const { begin, end } = vocabularies.target;
  const normal = (side: 'source' | 'target') => {
    const { normalization = 'none' } = vocabularies[side].vocabulary;
    return written[side].map((token) => normalizeText(token, normalization));
  };
  const tokens = { source: normal('source'), target: normal('target') };
  const words = vocabularies.target.encode(tokens.target);
  return {
    source: vocabularies.source.encode(tokens.source),
    previous: Int32Array.of(begin, ...words),
    target: Int32Array.of(...words, end),
    tokens,
    ...weightRow(written),
  };
}
