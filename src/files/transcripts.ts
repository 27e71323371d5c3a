/** Tables of recordings and their texts. */

import { dirname, resolve } from 'node:path';
import { requireList, requireObject } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { csvRows } from './csv-rows.js';
import { FeatureFiles } from './recordings.js';
import { atRow, invalidRow, quoted, type RowPlace } from './row-error.js';
import { weightOfText } from './row-weight.js';
import { requireTableFormat, type TableFormat } from './table-format.js';
import { readWavSync } from './wav.js';

/** Parts that a table can put its rows into. */
export const TRANSCRIPT_PARTS = ['training', 'valid', 'test'] as const;

/** Name of a part. */
export type TranscriptPart = (typeof TRANSCRIPT_PARTS)[number];

/** A row of a table of transcripts. */
export interface Transcript {
  /** Path of the recording, as this process can open it. */
  readonly file: string;
  readonly text: string;
  readonly speaker: string | undefined;
  readonly part: TranscriptPart | undefined;
  /** What it counts for in the loss, where a column of weights was asked for. */
  readonly weight?: number;
  readonly place: RowPlace;
}

/** The sound of a recording, or the features that another program has computed from it. */
export interface Recording {
  /** Samples of one channel, where several are averaged; or the rows of features, one after the other. */
  readonly samples: Float32Array;
  /** Samples per second; 0 for features. */
  readonly sampleRate: number;
  /** Of features: numbers in a row. */
  readonly columns?: number;
}

/** What must be the same in all recordings. */
export type RecordingForm = Omit<Recording, 'samples'>;

/** The text and the recording of a row. */
export interface Clip extends Transcript, Recording {}

function partOf(written: string, place: RowPlace): TranscriptPart {
  const part = TRANSCRIPT_PARTS.find((name) => name === written);
  if (part !== undefined) return part;
  throw invalidRow(place, "column 'part'", `one of ${TRANSCRIPT_PARTS.join(', ')}`, quoted(written), {
    column: 'part',
  });
}

/**
 * Reads a table of transcripts; columns `file` (relative to the table) and `text`, and optionally
 * `speaker` and `part` (`training`, `valid` or `test`). Other columns are ignored. White space in a text becomes single
 * spaces.
 *
 * @param format how the table is written, as far as it is not recognised
 * @param weight the column of numbers that say what rows count for in a loss; default: none is read
 * @throws {DataError} `invalid_row`, naming file, line and column; `empty_data`, `not_utf8`, `file_unreadable`
 */
export async function readTranscripts(path: string, format: TableFormat = {}, weight?: string): Promise<Transcript[]> {
  const rows: Transcript[] = [];
  const required = ['file', 'text', ...(weight === undefined ? [] : [weight])];
  for await (const row of csvRows(path, required, requireTableFormat('readTranscripts', format))) {
    const { place, decimal } = row;
    const words = (column: string) => {
      const value = row.value(column)?.replace(/\s+/gu, ' ');
      if (value !== '') return value;
      throw invalidRow(place, `column '${column}'`, 'a text', 'nothing', { column });
    };
    const part = row.value('part');
    rows.push({
      file: resolve(dirname(path), words('file') as string),
      text: words('text') as string,
      speaker: words('speaker'),
      part: part === undefined ? undefined : partOf(part, place),
      ...(weight !== undefined && { weight: weightOfText(row.value(weight) ?? '', weight, place, decimal) }),
      place,
    });
  }
  return rows;
}

/**
 * The samples of a WAV file as one channel.
 *
 * @param expected samples per second, if known
 * @throws {DataError} as `readWav`; `file_unsupported` for another number of samples per second
 */
export function readMono(
  file: string,
  expected?: number,
): { readonly samples: Float32Array; readonly sampleRate: number } {
  const { channels, sampleRate } = readWavSync(file);
  if (expected !== undefined && sampleRate !== expected) {
    const message = `'${file}' has ${sampleRate} samples per second, expected ${expected}`;
    throw new DataError('file_unsupported', message, { file, actual: sampleRate, expected });
  }
  const [first] = channels as readonly [Float32Array];
  if (channels.length === 1) return { samples: first, sampleRate };
  const sumAt = (at: number) => channels.reduce((sum, channel) => sum + (channel[at] as number), 0);
  return { samples: first.map((_, at) => sumAt(at) / channels.length), sampleRate };
}

/**
 * A WAV file as one channel, or a file of features: NPY, Kaldi, HTK or Sphinx, told apart by their first bytes.
 *
 * @param expected the form of the recording, if known
 * @param files reads features; one reader for many files of the same archive
 * @throws {DataError} as `readWav` and `FeatureFiles.read`; `file_unsupported` for another form
 */
export function readRecording(file: string, expected?: RecordingForm, files = new FeatureFiles()): Recording {
  const rows = files.read(file);
  if (rows === undefined) {
    if (expected?.columns !== undefined) throw unlike(file, 'is a sound', expected);
    return readMono(file, expected?.sampleRate);
  }
  const { columns, values: samples } = rows;
  if (expected === undefined || expected.columns === columns) return { samples, sampleRate: 0, columns };
  throw unlike(file, `has features of ${columns} numbers`, expected);
}

function unlike(file: string, found: string, { sampleRate, columns }: RecordingForm): DataError {
  const expected =
    columns === undefined ? `a sound of ${sampleRate} samples per second` : `features of ${columns} numbers`;
  return new DataError('file_unsupported', `'${file}' ${found}, expected ${expected}`, { file, expected });
}

/**
 * The recordings of a table. All must have the form of the first one: the number of samples per second, or of features.
 *
 * @param form of all of them, if known; a number stands for sounds of so many samples per second
 * @param files reads features
 * @throws {DataError} `invalid_row`, naming the row, for a recording that is missing, that cannot be read, or that has another form
 */
export function readClips(
  rows: readonly Transcript[],
  form?: number | RecordingForm,
  files: FeatureFiles = new FeatureFiles(),
): Clip[] {
  requireList('the transcripts', rows);
  let expected: RecordingForm | undefined = typeof form === 'number' ? { sampleRate: form } : form;
  return rows.map((row) => {
    requireObject('a transcript', row);
    const recording = atRow(row.place, () => readRecording(row.file, expected, files));
    expected = recording;
    return { ...row, ...recording };
  });
}
