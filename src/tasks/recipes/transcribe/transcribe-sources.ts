/** Recordings to transcribe. */
import { OptionError } from '../../../core/errors.js';
import { describeValue } from '../../../core/options.js';
import { FeatureFiles, isRecording } from '../../../files/recordings.js';
import { atRow } from '../../../files/row-error.js';
import { readRecording, readTranscripts } from '../../../files/transcripts.js';
import { tableFormatOf } from '../../definition/table-options.js';
import type { PredictionSource } from '../../definition/task.js';
import type { TranscribeSaved, Utterance } from './transcribe-data.js';
import type { TranscribeOptions } from './transcribe-options.js';
import { formOf, SoundEncoder } from './transcribe-sound.js';
import { SpeakerScales } from './transcribe-speakers.js';

/**
 * Reads WAV files or features: a list of paths, a single path, an archive or a list of Kaldi, or the paths of a table of transcripts.
 *
 * @throws {DataError} as `readRecording`; `invalid_row` naming the row of a table; `too_short` for a sound without a step
 * @throws {OptionError} `invalid_option` for a value that is not a path
 */
export async function readSounds(
  source: PredictionSource<string>,
  options: TranscribeOptions,
  { sound }: TranscribeSaved,
): Promise<readonly Utterance[]> {
  const encoder = new SoundEncoder(options, sound);
  const files = new FeatureFiles(options.coefficients);
  const recordingOf = (file: string) => {
    const { samples } = readRecording(file, formOf(sound), files);
    encoder.requireStep(samples.length, file);
    return samples;
  };
  const read = (file: string): Utterance => ({ input: encoder.encode(recordingOf(file)), text: '', file });
  if ('file' in source) {
    if (isRecording(source.file)) return files.pathsOf(source.file).map(read);
    const rows = await readTranscripts(source.file, tableFormatOf(options));
    const clips = rows.map((row) => ({ ...row, samples: atRow(row.place, () => recordingOf(row.file)) }));
    const scales = await SpeakerScales.of(encoder, clips);
    return clips.map(({ file, speaker, samples }) => ({
      input: encoder.encode(samples, scales?.scaleOf(speaker)),
      text: '',
      file,
    }));
  }
  return source.values.map((value) => {
    if (typeof value === 'string') return read(value);
    const message = `inputs must be paths of WAV files or of features, got ${describeValue(value)}`;
    throw new OptionError('invalid_option', message, { name: 'inputs', value });
  });
}
