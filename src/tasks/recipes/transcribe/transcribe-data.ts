/** Tables of transcripts as examples of the task `transcribe`. */
import { createHash } from 'node:crypto';
import type { SequenceExample } from '../../../batch/sequence-packing.js';
import { DataError } from '../../../core/errors.js';
import type { Examples } from '../../../data/examples.js';
import { stringExamples } from '../../../data/joined-clips.js';
import { TranscriptSymbols } from '../../../data/transcript-symbols.js';
import { shortestLength } from '../../../features/perturb-sound.js';
import { atRow, invalidRow } from '../../../files/row-error.js';
import { type Clip, readClips, readTranscripts, type TranscriptPart } from '../../../files/transcripts.js';
import { ctcTarget, framesNeeded } from '../../../network/losses/ctc.js';
import { requireData } from '../../building-blocks/require-data.js';
import { checkWeights, requireSomeWeight, weightRow } from '../../building-blocks/row-weights.js';
import { tableFormatOf } from '../../definition/table-options.js';
import type { TaskData } from '../../definition/task.js';
import { openLanguageModel } from './transcribe-language-model.js';
import { parseRange, type TranscribeOptions } from './transcribe-options.js';
import { splitTranscripts } from './transcribe-parts.js';
import { fitSound, SoundEncoder, type SoundEncoding } from './transcribe-sound.js';

/** A sound and its text. */
export interface Utterance extends SequenceExample {
  /** Rows of features. */
  readonly input: Float32Array;
  /** The text of the sound; empty when it is not known. */
  readonly text: string;
  /** Labels in the form of the loss; only in training and validation. */
  readonly labels?: Int32Array;
  /** [1] what it counts for in the loss; only in training and validation, where the data have weights. */
  readonly weight?: Float32Array;
  /** The source of the sound; only in predictions. */
  readonly file?: string;
}

/** What is saved with a model of transcripts. */
export type TranscribeSaved = { readonly symbols: readonly string[]; readonly sound: SoundEncoding };

/**
 * Reads and splits a table, and computes the symbols and the scaling of the features from its training part.
 *
 * @throws {DataError} `invalid_row` and others of the readers; `empty_data` when no training clip is left; `invalid_weights`
 * @throws {OptionError} `invalid_option`
 */
export async function readTraining(options: TranscribeOptions): Promise<TaskData<TranscribeSaved, Utterance>> {
  const table = await readTranscripts(requireData(options), tableFormatOf(options), options.weight);
  const rows = await splitTranscripts(table, options);
  const notes = checkWeights(options.weight, { training: rows.training, validation: rows.valid }, 'tables');
  const training = readClips(rows.training);
  const { sampleRate } = training[0] as Clip;
  const valid = readClips(rows.valid, sampleRate);
  const test = readClips(rows.test, sampleRate);
  const texts = training.map(({ text }) => text);
  const isJoined = parseRange('join', options.join).most > 1;
  const symbols = TranscriptSymbols.of(options.symbols, isJoined ? [...texts, ' '] : texts);
  (await openLanguageModel(options, symbols))?.close(); // its errors are found before training
  const sound = fitSound(options, training);
  const saved = { symbols: symbols.symbols, sound };
  const drawn = examplesOf(training, 'training', options, saved);
  if (drawn === undefined) throw new DataError('empty_data', 'no training clip has as many steps as symbols');
  return {
    training: drawn,
    validation: examplesOf(valid, 'valid', options, saved),
    test: examplesOf(test, 'test', options, saved),
    saved,
    fingerprint: { clips: fingerprintOf([training, valid, test]) },
    notes,
  };
}

/** All rows of another table, prepared like the test part. Throws as `readTraining`. */
export async function readOther(
  file: string,
  options: TranscribeOptions,
  saved: TranscribeSaved,
): Promise<Examples<Utterance>> {
  const clips = readClips(await readTranscripts(file, tableFormatOf(options)), saved.sound.sampleRate);
  return examplesOf(clips, 'test', options, saved) as Examples<Utterance>;
}

/**
 * Joined sounds: for training new ones in every epoch, for held-out parts always the same ones. Clips that are not
 * joined occur once each. The training and the validation part have labels for the loss. The test part may have symbols
 * that the training part does not have. They count as errors of the model, not of the data.
 */
function examplesOf(
  clips: readonly Clip[],
  part: TranscriptPart,
  options: TranscribeOptions,
  saved: TranscribeSaved,
): Examples<Utterance> | undefined {
  const encoder = new SoundEncoder(options, saved.sound);
  const symbols = new TranscriptSymbols(options.symbols, saved.symbols);
  const isFixed = part !== 'training';
  const isLabelled = part !== 'test';
  const join = { ...joinOptions(options, saved), part, isFixed, perturb: isFixed ? 0 : options.perturb };
  for (const { place, samples, file } of clips) atRow(place, () => encoder.requireStep(samples.length, file));
  const stepsOf = (samples: number) => encoder.stepsOf(samples);
  // The check uses the fastest of the changed versions, which has the fewest steps.
  const stepsFor = ({ samples }: Clip) => stepsOf(shortestLength(samples.length, join.perturb));
  const fits = (clip: Clip) => fitsInto(stepsFor(clip), clip, symbols, options);
  // A clip of weight 0 would count in the joined sounds of others.
  const isJoinable = ({ weight }: Clip) => weight !== 0 || join.most === 1;
  const kept = isLabelled ? clips.filter((clip) => isJoinable(clip) && fits(clip)) : clips;
  if (kept.length === 0) return undefined;
  if (isLabelled && options.weight !== undefined) {
    const hasWeight = kept.some(({ weight = 0 }) => weight > 0);
    requireSomeWeight(options.weight, part === 'valid' ? 'validation' : part, hasWeight);
  }
  const count = stringsOf(part, kept.length, join.most, options);
  return stringExamples(kept, { ...join, count }, stepsOf, ({ samples, text, weight }) => {
    const labels = isLabelled && { labels: ctcTarget(symbols.encode(text), { classes: symbols.classes }) };
    return { input: encoder.encode(samples), text, ...labels, ...(weight !== undefined && weightRow({ weight })) };
  });
}

/** Examples of a part. */
function stringsOf(part: TranscriptPart, clips: number, most: number, options: TranscribeOptions): number {
  const { strings, validStrings, testStrings } = options;
  if (part === 'training') return strings === 0 ? clips : strings;
  if (most === 1) return clips;
  return part === 'valid' ? validStrings : testStrings;
}

function joinOptions({ join, silence, seed }: TranscribeOptions, { sound }: TranscribeSaved) {
  return { ...parseRange('join', join), silence: Math.round((silence * sound.sampleRate) / 1000), seed };
}

/**
 * Whether a clip has enough steps for its labels, and for the blanks between equal labels. @throws as `readTraining`
 */
function fitsInto(
  steps: number,
  { text, place }: Clip,
  symbols: TranscriptSymbols,
  { join, misfits }: TranscribeOptions,
): boolean {
  // The next clip may begin with the last label of this one, or with a space before it.
  const between = parseRange('join', join).most > 1 ? 1 : 0;
  const needed = framesNeeded(atRow(place, () => symbols.encode(text))) + between;
  if (needed <= steps) return true;
  if (misfits === 'drop') return false;
  const [expected, found] = [`a text that fits into ${steps} steps of sound`, `one that needs ${needed}`];
  throw invalidRow(place, "column 'text'", expected, found, { steps, needed });
}

function fingerprintOf(parts: readonly (readonly Clip[])[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    hash.update(`${part.length};`);
    for (const { text, speaker, samples, weight } of part) {
      const weights = weight === undefined ? [] : [weight];
      hash.update(JSON.stringify([text, speaker ?? null, samples.length, ...weights])).update(samples);
    }
  }
  return hash.digest('hex');
}
