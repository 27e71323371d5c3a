/**
 * Pictures and their captions, split by groups and encoded with the vocabulary and the scaling of the training part.
 */
import { DataError, ShapeError } from '../../../core/errors.js';
import { Random } from '../../../core/random.js';
import type { VocabularyJson } from '../../../data/vocabulary.js';
import { WordVocabulary } from '../../../data/word-vocabulary.js';
import type { PicturePatchOptions } from '../../../features/picture-patches.js';
import { Standardizer, type StandardizerJson } from '../../../features/standardizer.js';
import { type JsonRow, readJsonLines } from '../../../files/json-lines.js';
import { invalidRow } from '../../../files/row-error.js';
import { weightOfLine } from '../../../files/row-weight.js';
import { wordsOf } from '../../../files/text.js';
import { type ExampleParts, fingerprintOf } from '../../building-blocks/held-out.js';
import { checkWeights, type Weighed, weightRow } from '../../building-blocks/row-weights.js';
import { splitParts } from '../../building-blocks/split-parts.js';
import type { TaskData } from '../../definition/task.js';
import { type PicturePlace, pictureName, pictureOfRow, readPictures } from './caption-pictures.js';

/** The data that is saved with a captioning model. */
export type SavedCaptions = {
  readonly kind: PicturePlace['kind'];
  /** Number of values of a patch. */
  readonly width: number;
  /** Number of patches of a picture; null when pictures have different numbers. */
  readonly patches: number | null;
  readonly scaling: { readonly means: readonly number[]; readonly standardDeviations: readonly number[] };
  readonly vocabulary: VocabularyJson;
};

/** A picture and its caption; without a caption for a prediction. */
export interface CaptionExample {
  /** Name of the picture that the caption belongs to. */
  readonly picture: string;
  /** [patches * width] standardised, of the picture that the model reads. */
  readonly patches: Float32Array;
  /** The caption after the begin mark; only that mark for a prediction. */
  readonly previous: Int32Array;
  /** The caption followed by the end mark; empty for a prediction. */
  readonly words: Int32Array;
  /** The caption as it is in the file. */
  readonly tokens: readonly string[];
  /** [1] what it counts for in the loss; missing where the data have no weights. */
  readonly weight?: Float32Array;
}

/** The options of reading. */
export interface CaptionDataOptions extends Required<PicturePatchOptions> {
  readonly seed: number;
  readonly valid: number | string;
  readonly test: number | string;
  readonly minCount: number;
  readonly shuffleImages: boolean;
  readonly weight: string | undefined;
}

/** A line of a file, before its picture is read. */
interface CaptionLine extends Weighed {
  readonly place: PicturePlace;
  readonly tokens: readonly string[];
  readonly group: string;
}

const gridOf = ({ rows, columns, cells, positions }: Required<PicturePatchOptions>) => ({
  ...{ rows, columns, cells, positions },
});

/** A function that reads a line. @param weight the field of its weight; only in training */
const captionLine =
  (weight?: string) =>
  (row: JsonRow): CaptionLine => {
    const place = pictureOfRow(row);
    const tokens = wordsOf(row.text('text'));
    if (tokens.length === 0) throw invalidRow(row.place, "field 'text'", 'at least one word', 'none');
    const group = row.has('group') ? row.text('group') : pictureName(place);
    return { place, tokens, group, weight: weightOfLine(row, weight) };
  };

/**
 * Reads and splits lines `{"image": path, "text": ..., "group": ...}`, or with `features` instead of `image`. A group
 * is never in two parts; a picture without a group is its own group.
 *
 * @throws {DataError} `invalid_row`, `mixed_examples`, `file_unreadable` and others of the readers
 * @throws {ShapeError} `shape_mismatch`, `rank_mismatch` for features
 */
export async function readCaptions(
  file: string,
  options: CaptionDataOptions,
): Promise<TaskData<SavedCaptions, CaptionExample>> {
  const { seed, minCount, weight } = options;
  const lines = await splitParts(await readJsonLines(file, captionLine(weight)), options, {
    readFile: (part) => readJsonLines(part, captionLine(weight)),
    groupOf: ({ group }) => group,
  });
  const notes = checkWeights(weight, lines, 'JSON lines');
  const all = [lines.training, lines.validation ?? [], lines.test ?? []].flat();
  const pictures = await readPictures(
    all.map(({ place }) => place),
    gridOf(options),
  );
  const rowsOf = (name: string) => (pictures.get(name) as { rows: Float32Array }).rows;
  const [{ width } = { width: 1 }] = pictures.values();
  const training = new Set(lines.training.map(({ place }) => pictureName(place)));
  const standardizer = Standardizer.fit(Array.from(training, rowsOf), width);
  const counts = new Set(Array.from(pictures.values(), ({ rows }) => rows.length / width));
  // A sentence that several pictures of a group share is counted once.
  const written = new Map(lines.training.map(({ tokens, group }) => [`${group}\n${tokens.join(' ')}`, tokens]));
  const saved = {
    kind: (all[0] as CaptionLine).place.kind,
    width,
    patches: counts.size === 1 ? ([...counts][0] as number) : null,
    scaling: standardizer.toJSON(),
    vocabulary: WordVocabulary.fromTokens(written.values(), { minCount }).toJSON(),
  };
  const standardised = new Map(Array.from(pictures.keys(), (name) => [name, standardizer.apply(rowsOf(name))]));
  const encode = (part: readonly CaptionLine[] | undefined, name: string) =>
    part &&
    encodeLines(part, standardised, saved, options.shuffleImages ? new Random(seed, `pictures/${name}`) : undefined);
  const parts = {
    training: encode(lines.training, 'training') as CaptionExample[],
    validation: encode(lines.validation, 'validation'),
    test: encode(lines.test, 'test'),
  };
  return { ...parts, saved, fingerprint: { examples: fingerprintOf(numbersOf(parts, weight !== undefined)) }, notes };
}

/** Captions of another file, with the vocabulary and the scaling of the training. Throws as `readCaptions`. */
export async function readMoreCaptions(
  file: string,
  options: CaptionDataOptions,
  saved: SavedCaptions,
): Promise<CaptionExample[]> {
  const lines = await readJsonLines(file, captionLine());
  const pictures = await readScaled(
    lines.map(({ place }) => place),
    options,
    saved,
  );
  return encodeLines(
    lines,
    pictures,
    saved,
    options.shuffleImages ? new Random(options.seed, 'pictures/more') : undefined,
  );
}

/** Pictures without captions. Throws as `readCaptions`. */
export async function readUncaptioned(
  places: readonly PicturePlace[],
  options: CaptionDataOptions,
  saved: SavedCaptions,
): Promise<CaptionExample[]> {
  const pictures = await readScaled(places, options, saved);
  const begin = WordVocabulary.fromJSON(saved.vocabulary).encodeTokens([], { begin: true });
  return places.map((place) => {
    const picture = pictureName(place);
    const patches = pictures.get(picture) as Float32Array;
    return { picture, patches, previous: begin, words: new Int32Array(0), tokens: [] };
  });
}

/**
 * Standardised pictures by name. @throws {ShapeError} `shape_mismatch` when their form differs from those of the
 * training
 */
async function readScaled(
  places: readonly PicturePlace[],
  options: CaptionDataOptions,
  { kind, width, patches, scaling }: SavedCaptions,
): Promise<Map<string, Float32Array>> {
  const wrong = places.find((place) => place.kind !== kind);
  if (wrong !== undefined) {
    const message = `'${pictureName(wrong)}' is given as ${wrong.kind}, the training had ${kind}`;
    throw new DataError('mixed_examples', message, { name: pictureName(wrong), kind: wrong.kind, expected: kind });
  }
  const pictures = await readPictures(places, gridOf(options));
  const standardizer = Standardizer.fromJSON(scaling as StandardizerJson);
  const scaled = new Map<string, Float32Array>();
  for (const [name, { rows, width: actual }] of pictures) {
    const count = rows.length / actual;
    if (actual !== width || (patches !== null && count !== patches)) {
      const message = `'${name}' has ${count} patches of ${actual} numbers, expected ${patches ?? 'any'} of ${width}`;
      throw new ShapeError('shape_mismatch', message, { name, actual, expected: width, count, patches });
    }
    scaled.set(name, standardizer.apply(rows));
  }
  return scaled;
}

/** @param random draws a picture of another group for each picture; without it each line has its own picture */
function encodeLines(
  lines: readonly CaptionLine[],
  pictures: ReadonlyMap<string, Float32Array>,
  { vocabulary: json }: SavedCaptions,
  random: Random | undefined,
): CaptionExample[] {
  const vocabulary = WordVocabulary.fromJSON(json);
  const shown = random && drawPictures(lines, random);
  return lines.map(({ place, tokens, weight }) => {
    const picture = pictureName(place);
    return {
      picture,
      patches: pictures.get(shown?.get(picture) ?? picture) as Float32Array,
      previous: vocabulary.encodeTokens(tokens, { begin: true }),
      words: vocabulary.encodeTokens(tokens, { end: true }),
      tokens,
      ...weightRow({ weight }),
    };
  });
}

/** For each picture a picture of another group. @throws {DataError} `too_short` when there is only one group */
function drawPictures(lines: readonly CaptionLine[], random: Random): Map<string, string> {
  const groups = new Map(lines.map(({ place, group }) => [pictureName(place), group]));
  const names = [...groups.keys()];
  if (new Set(groups.values()).size < 2) {
    const message = 'pictures cannot be shuffled: all of a part belong to one group';
    throw new DataError('too_short', message, { pictures: names.length });
  }
  const draw = (group: string): string => {
    for (;;) {
      const name = names[random.integer(names.length)] as string;
      if (groups.get(name) !== group) return name;
    }
  };
  return new Map(Array.from(groups, ([name, group]) => [name, draw(group)]));
}

/** The part of the data that must be the same in a resumed run. */
function numbersOf({ training, validation, test }: ExampleParts<CaptionExample>, hasWeights: boolean): ExampleParts {
  const numbers = (part: readonly CaptionExample[]) =>
    part.map(({ patches, words, weight: weights }) => ({
      input: patches,
      target: words,
      ...(hasWeights && { weights }),
    }));
  return {
    training: numbers(training),
    validation: validation && numbers(validation),
    test: test && numbers(test),
  };
}
