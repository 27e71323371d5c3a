/** Splits the rows of a table of transcripts into parts. */
import { DataError, OptionError } from '../../../core/errors.js';
import { invalidRow } from '../../../files/row-error.js';
import { readTranscripts, type Transcript, type TranscriptPart } from '../../../files/transcripts.js';
import { holdOut } from '../../building-blocks/held-out.js';
import { holdOutGroups } from '../../building-blocks/held-out-groups.js';
import { tableFormatOf } from '../../definition/table-options.js';
import type { TranscribeOptions } from './transcribe-options.js';

/** The rows of each part. */
export type TranscriptParts = Readonly<Record<TranscriptPart, readonly Transcript[]>>;

/**
 * Splits the rows of a table. Parts that its column `part` names are taken from the table, and parts with files from
 * the files. From the remaining rows fractions are held out, of every text or by speakers.
 *
 * @throws {OptionError} `invalid_option` for the file of a part that is already in the table
 * @throws {DataError} `invalid_row` for a row without speaker, when speakers are held out or scale the features; `mixed_examples` for a speaker
 * of two parts, when they are held out; `too_short` when nothing can be held out; `empty_data` when nothing is left for training
 */
export async function splitTranscripts(
  rows: readonly Transcript[],
  options: TranscribeOptions,
): Promise<TranscriptParts> {
  const { valid, test, by, seed } = options;
  const own = (name: TranscriptPart) => rows.filter(({ part = 'training' }) => part === name);
  const heldOf = async (name: 'valid' | 'test', given: number | string) => {
    const there = own(name);
    if (typeof given === 'number') return there.length > 0 ? there : given;
    if (there.length === 0) return readTranscripts(given, tableFormatOf(options), options.weight);
    const message = `option '${name}' must not be a file because the table has a part '${name}' itself, got '${given}'`;
    throw new OptionError('invalid_option', message, { name, value: given });
  };
  if (options.normalize === 'speaker') for (const row of rows) speakerOf(row, 'normalize');
  const held = { valid: await heldOf('valid', valid), test: await heldOf('test', test), seed };
  const parts = by === 'speaker' ? bySpeaker(own('training'), held) : byText(own('training'), held);
  if (parts.training.length === 0) throw new DataError('empty_data', 'no row is left for training');
  return parts;
}

interface Held {
  readonly valid: number | readonly Transcript[];
  readonly test: number | readonly Transcript[];
  readonly seed: number;
}

function byText(rows: readonly Transcript[], held: Held): TranscriptParts {
  const texts = new Map<string, number>();
  for (const { text } of rows) if (!texts.has(text)) texts.set(text, texts.size);
  // When most texts occur once, nothing could be held out of each text.
  const isRepeated = texts.size * 2 <= rows.length;
  const parts = holdOut(rows, held, ({ text }) => (isRepeated ? (texts.get(text) as number) : 0));
  return { training: parts.training, valid: parts.validation ?? [], test: parts.test ?? [] };
}

function bySpeaker(rows: readonly Transcript[], held: Held): TranscriptParts {
  const { training, validation = [], test = [] } = holdOutGroups(rows, held, (row) => speakerOf(row, 'by'));
  return { training, valid: validation, test };
}

/** @param option that needs the speaker */
function speakerOf({ speaker, place }: Transcript, option: string): string {
  if (speaker !== undefined) return speaker;
  throw invalidRow(place, "column 'speaker'", `a speaker, for option '${option}'`, 'nothing', { column: 'speaker' });
}
