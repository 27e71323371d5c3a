/** Tables of recordings and their texts. */

import { dirname, resolve } from 'node:path';
import { requireList, requireObject } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { csvRows } from './csv-rows.js';
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

/** The text and the sound of a recording. */
export interface Clip extends Transcript {
  /** Samples of one channel; several channels are averaged. */
  readonly samples: Float32Array;
  readonly sampleRate: number;
}

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
 * The recordings of a table. All must have the same number of samples per second as the first one.
 *
 * @param sampleRate of all of them, if known
 * @throws {DataError} `invalid_row`, naming the row, for a recording that is missing, that cannot be read, or that has
 * another number of samples per second
 */
export function readClips(rows: readonly Transcript[], sampleRate?: number): Clip[] {
  requireList('the transcripts', rows);
  let expected = sampleRate;
  return rows.map((row) => {
    requireObject('a transcript', row);
    const sound = atRow(row.place, () => readMono(row.file, expected));
    expected = sound.sampleRate;
    return { ...row, ...sound };
  });
}
