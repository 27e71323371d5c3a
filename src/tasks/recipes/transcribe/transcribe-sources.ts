/** Recordings to transcribe. */
import { OptionError } from '../../../core/errors.js';
import { describeValue } from '../../../core/options.js';
import { atRow } from '../../../files/row-error.js';
import { readMono, readTranscripts } from '../../../files/transcripts.js';
import { tableFormatOf } from '../../definition/table-options.js';
import type { PredictionSource } from '../../definition/task.js';
import type { TranscribeSaved, Utterance } from './transcribe-data.js';
import type { TranscribeOptions } from './transcribe-options.js';
import { SoundEncoder } from './transcribe-sound.js';

/**
 * Reads WAV files: a list of paths, a single path, or the paths of a table of transcripts.
 *
 * @throws {DataError} as `readMono`; `invalid_row` naming the row of a table; `too_short` for a sound without a step
 * @throws {OptionError} `invalid_option` for a value that is not a path
 */
export async function readSounds(
  source: PredictionSource<string>,
  options: TranscribeOptions,
  { sound }: TranscribeSaved,
): Promise<readonly Utterance[]> {
  const encoder = new SoundEncoder(options, sound);
  const read = (file: string): Utterance => {
    const { samples } = readMono(file, sound.sampleRate);
    encoder.requireStep(samples.length, file);
    return { input: encoder.encode(samples), text: '', file };
  };
  if ('file' in source) {
    if (/\.wav$/i.test(source.file)) return [read(source.file)];
    return (await readTranscripts(source.file, tableFormatOf(options))).map(({ file, place }) =>
      atRow(place, () => read(file)),
    );
  }
  return source.values.map((value) => {
    if (typeof value === 'string') return read(value);
    const message = `inputs must be paths of WAV files, got ${describeValue(value)}`;
    throw new OptionError('invalid_option', message, { name: 'inputs', value });
  });
}
