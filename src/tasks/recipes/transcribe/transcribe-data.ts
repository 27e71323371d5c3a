/** Tables of transcripts as examples of the task `transcribe`. */
import { createHash } from 'node:crypto';
import type { SequenceExample } from '../../../batch/sequence-packing.js';
import { DataError, OptionError } from '../../../core/errors.js';
import type { Examples } from '../../../data/examples.js';
import { joinClips, stringExamples, textOf, weightOf } from '../../../data/joined-clips.js';
import { TranscriptSymbols } from '../../../data/transcript-symbols.js';
import { shortestLength } from '../../../features/perturb-sound.js';
import { FeatureFiles } from '../../../files/recordings.js';
import { atRow, invalidRow } from '../../../files/row-error.js';
import { type Clip, readClips, readTranscripts, type TranscriptPart } from '../../../files/transcripts.js';
import { ctcTarget, framesNeeded } from '../../../network/losses/ctc.js';
import { KeptArrays } from '../../building-blocks/kept-arrays.js';
import { requireData } from '../../building-blocks/require-data.js';
import { checkWeights, requireSomeWeight, weightRow } from '../../building-blocks/row-weights.js';
import { tableFormatOf } from '../../definition/table-options.js';
import type { TakeNote, TaskData } from '../../definition/task.js';
import { TRANSCRIBE } from '../defaults/transcribe.js';
import { openLanguageModel } from './transcribe-language-model.js';
import { parseRange, type TranscribeOptions } from './transcribe-options.js';
import { splitTranscripts } from './transcribe-parts.js';
import { fitSound, formOf, SoundEncoder, type SoundEncoding } from './transcribe-sound.js';
import { SpeakerScales } from './transcribe-speakers.js';
import { unknownNote } from './transcribe-unknown.js';

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

/** A part: sounds that are made when a batch needs them, and their texts. */
export interface Utterances extends Examples<Utterance> {
  /** The texts in the order of the sounds; of sounds that are drawn again, those of the first epoch. */
  readonly texts: readonly string[];
  /** What the sounds count for in the loss, in the same order. */
  readonly weights: readonly number[];
}

const MEGABYTE = 2 ** 20;

/**
 * Reads and splits a table, and computes the symbols and the scaling of the features from its training part.
 *
 * @throws {DataError} `invalid_row` and others of the readers; `empty_data` when no training clip is left; `invalid_weights`
 * @throws {OptionError} `invalid_option`
 */
export async function readTraining(
  given: TranscribeOptions,
): Promise<TaskData<TranscribeSaved, Utterance, Utterances>> {
  const table = await readTranscripts(requireData(given), tableFormatOf(given), given.weight);
  const rows = await splitTranscripts(table, given);
  const notes = checkWeights(given.weight, { training: rows.training, validation: rows.valid }, 'tables');
  const files = new FeatureFiles(given.coefficients);
  const training = readClips(rows.training, undefined, files);
  const form = training[0] as Clip;
  requireSounds(given, form);
  const { below: few, strength } = TRANSCRIBE.perturb.value;
  const perturb = given.perturb ?? (training.length < few && form.columns === undefined ? strength : 0);
  const options = { ...given, perturb };
  const valid = readClips(rows.valid, form, files);
  const test = readClips(rows.test, form, files);
  const texts = training.map(({ text }) => text);
  const isJoined = parseRange('join', options.join).most > 1;
  const symbols = TranscriptSymbols.of(options.symbols, isJoined ? [...texts, ' '] : texts);
  (await openLanguageModel(options, symbols))?.close(); // its errors are found before training
  const kept = new KeptArrays(options.featureMemory * MEGABYTE);
  // The features of clips that are joined or changed are computed for every string.
  const sound = await fitSound(options, training, isJoined || perturb > 0 ? undefined : kept);
  const saved = { symbols: symbols.symbols, sound };
  const drawn = await examplesOf(training, 'training', options, saved, kept);
  if (drawn === undefined) throw new DataError('empty_data', 'no training clip has as many steps as symbols');
  return {
    training: drawn,
    validation: await examplesOf(valid, 'valid', options, saved, kept),
    test: await examplesOf(test, 'test', options, saved, kept),
    saved,
    fingerprint: { clips: fingerprintOf([training, valid, test]) },
    notes: [
      ...notes,
      ...(given.perturb === undefined && perturb > 0
        ? [`${training.length} sounds are few: each is changed at random in every epoch (--perturb 0: not)`]
        : []),
      ...unknownNote('validation', valid, symbols),
      ...unknownNote('test', test, symbols),
    ],
  };
}

/** All rows of another table, prepared like the test part. Throws as `readTraining`. */
export async function readOther(
  file: string,
  options: TranscribeOptions,
  saved: TranscribeSaved,
  note: TakeNote,
): Promise<Utterances> {
  const rows = await readTranscripts(file, tableFormatOf(options));
  const clips = readClips(rows, formOf(saved.sound), new FeatureFiles(options.coefficients));
  for (const line of unknownNote(file, clips, new TranscriptSymbols(options.symbols, saved.symbols))) note(line);
  const kept = new KeptArrays(options.featureMemory * MEGABYTE);
  return (await examplesOf(clips, 'test', options, saved, kept)) as Utterances;
}

/**
 * Joined sounds: for training new ones in every epoch, for held-out parts always the same ones. Clips that are not
 * joined occur once each. The training and the validation part have labels for the loss. Held-out parts may have symbols
 * that the training part does not have. They have no labels, and count as errors of the model, not of the data.
 */
async function examplesOf(
  clips: readonly Clip[],
  part: TranscriptPart,
  options: TranscribeOptions,
  saved: TranscribeSaved,
  kept: KeptArrays,
): Promise<Utterances | undefined> {
  const encoder = new SoundEncoder(options, saved.sound);
  const symbols = new TranscriptSymbols(options.symbols, saved.symbols);
  const isFixed = part !== 'training';
  const isLabelled = part !== 'test';
  const range = { ...joinOptions(options, saved), part, isFixed, perturb: isFixed ? 0 : (options.perturb ?? 0) };
  for (const { place, samples, file } of clips) atRow(place, () => encoder.requireStep(samples.length, file));
  const stepsOf = (samples: number) => encoder.stepsOf(samples);
  // The check uses the fastest of the changed versions, which has the fewest steps.
  const stepsFor = ({ samples }: Clip) => stepsOf(shortestLength(samples.length, range.perturb));
  const fits = (clip: Clip) => fitsInto(stepsFor(clip), clip, symbols, options);
  // A clip of weight 0 would count in the joined sounds of others.
  const isJoinable = ({ weight }: Clip) => weight !== 0 || range.most === 1;
  const used = isLabelled ? clips.filter((clip) => isJoinable(clip) && fits(clip)) : clips;
  if (used.length === 0) return undefined;
  if (isLabelled && options.weight !== undefined) {
    const hasWeight = used.some(({ weight = 0 }) => weight > 0);
    requireSomeWeight(options.weight, part === 'valid' ? 'validation' : part, hasWeight);
  }
  const scales = await SpeakerScales.of(encoder, used, (clip) => kept.get(clip) ?? encoder.extract(clip.samples));
  const join = { ...range, count: stringsOf(part, used.length, range, options) };
  const examples = stringExamples(used, join, stepsOf, ({ samples, text, speaker, source, weight }) => {
    const { labels } = symbols.encodeKnown(text);
    const known = source && kept.get(source);
    const frames = known ?? encoder.extract(samples);
    if (source !== undefined && known === undefined) kept.keep(source, frames);
    const target = isLabelled && { labels: ctcTarget(labels, { classes: symbols.classes }) };
    const input = encoder.encodeFrames(frames, scales?.scaleOf(speaker));
    return { input, text, ...target, ...weightRow({ weight }) };
  });
  const strings = joinClips(used, join);
  return { ...examples, texts: strings.map(textOf), weights: strings.map((string) => weightOf(string) ?? 1) };
}

/** Examples of a part; without `strings` so many that a clip occurs in an epoch about once. */
function stringsOf(
  part: TranscriptPart,
  clips: number,
  { fewest, most }: ReturnType<typeof parseRange>,
  { strings, validStrings, testStrings }: TranscribeOptions,
): number {
  if (part === 'training') return (strings ?? Math.ceil((2 * clips) / (fewest + most))) || clips;
  if (most === 1) return clips;
  return part === 'valid' ? validStrings : testStrings;
}

/** @throws {OptionError} `invalid_option` for options that join or change sounds, where there are features */
function requireSounds(options: TranscribeOptions, { columns }: Clip): void {
  if (columns === undefined) return;
  for (const [name, usual] of [
    ['join', '1'],
    ['perturb', 0],
  ] as const) {
    if (options[name] === undefined || options[name] === usual) continue;
    const message = `option '${name}' needs sounds, but the table has features, got ${options[name]}`;
    throw new OptionError('invalid_option', message, { name, value: options[name] });
  }
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
  const needed = framesNeeded(symbols.encodeKnown(text).labels) + between;
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
