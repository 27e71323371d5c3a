/** Converts sound into the inputs of the network of the task `transcribe`. */
import { DataError, UsageError } from '../../../core/errors.js';
import { TimeSlices } from '../../../core/time-slices.js';
import { ColumnStatistics } from '../../../features/column-statistics.js';
import { SoundFeatures } from '../../../features/sound-features.js';
import { stackFrames } from '../../../features/stack-frames.js';
import { Standardizer, standardizeSequence } from '../../../features/standardizer.js';
import { atRow } from '../../../files/row-error.js';
import type { Clip, RecordingForm } from '../../../files/transcripts.js';
import type { KeptArrays } from '../../building-blocks/kept-arrays.js';
import { TRANSCRIBE } from '../defaults/transcribe.js';
import { FeatureFrames, type FrameSource } from './transcribe-frames.js';
import { parseRange, type TranscribeOptions } from './transcribe-options.js';

/** The data about the sounds of the training part that is saved. */
export type SoundEncoding = {
  /** 0 for features. */
  readonly sampleRate: number;
  /** Of features that another program has computed: numbers in a row. */
  readonly columns?: number;
  readonly means: readonly number[];
  readonly standardDeviations: readonly number[];
  /** Whose mean and deviation scale the features, when nobody said so. */
  readonly normalize?: 'training' | 'utterance';
};

/** Seconds from a row of features to the next, which most files do not say. */
const FRAME_SECONDS = 0.01;

/** The form of recordings that the features were computed from. */
export function formOf({ sampleRate, columns }: SoundEncoding): RecordingForm {
  return { sampleRate, ...(columns !== undefined && { columns }) };
}

/** The features of the options; those of files need no more than their deltas. @throws {OptionError} `invalid_option` */
function soundFeatures(options: TranscribeOptions, { sampleRate, columns }: RecordingForm): FrameSource {
  const { features: kind, melBands, coefficients, deltas } = options;
  if (columns !== undefined) return new FeatureFrames(columns, deltas as 0 | 1 | 2);
  return new SoundFeatures({
    ...{ kind, sampleRate, melBands, logFloor: TRANSCRIBE.logFloor.value, deltas: deltas as 0 | 1 | 2 },
    ...(coefficients !== undefined && { coefficients }),
  });
}

/**
 * Mean and deviation of the features of clips, computed in slices of time between which the event loop runs.
 *
 * @param kept takes the features, by clip
 * @throws {DataError} `invalid_row` for a clip that is shorter than a frame
 */
export async function fitSound(
  options: TranscribeOptions,
  clips: readonly Clip[],
  kept?: KeptArrays,
): Promise<SoundEncoding> {
  const { sampleRate, columns } = clips[0] as Clip;
  const features = soundFeatures(options, clips[0] as Clip);
  const statistics = new ColumnStatistics(features.width);
  const slices = new TimeSlices();
  for (const clip of clips) {
    if (slices.isOver) await slices.pause();
    const frames = atRow(clip.place, () => features.extract(clip.samples));
    statistics.add(frames);
    kept?.keep(clip, frames);
  }
  return {
    ...{ sampleRate, ...(columns !== undefined && { columns }) },
    ...Standardizer.of(statistics).toJSON(),
    ...(options.normalize === undefined && { normalize: normalizationOf(options, statistics.count / clips.length) }),
  };
}

/**
 * A stream cannot wait for the end of its utterance, and a single word is too short.
 *
 * @param frames mean number in a clip
 */
function normalizationOf({ direction, join }: TranscribeOptions, frames: number): 'training' | 'utterance' {
  const { fewest, most } = parseRange('join', join);
  const isLong = ((fewest + most) / 2) * frames >= TRANSCRIBE.normalize.value.fewestFrames;
  return direction === 'forward' || !isLong ? 'training' : 'utterance';
}

/** Makes standardised rows of sound. A row has `stack` frames. */
export class SoundEncoder {
  /** Numbers in a row. */
  readonly width: number;
  /** Seconds from the start of a row to the start of the next. */
  readonly stepSeconds: number;
  /** Whose mean and deviation scale the features. */
  readonly normalization: 'training' | 'utterance' | 'speaker';
  readonly #features: FrameSource;
  readonly #standardizer: Standardizer;
  readonly #stack: number;

  /** @throws {OptionError} `invalid_option` */
  constructor(options: TranscribeOptions, sound: SoundEncoding) {
    const { means, standardDeviations, normalize } = sound;
    this.#features = soundFeatures(options, sound);
    this.#standardizer = Standardizer.fromJSON({ means, standardDeviations });
    this.#stack = options.stack;
    this.normalization = options.normalize ?? normalize ?? 'training';
    this.width = this.#features.width * options.stack;
    const { columns, sampleRate } = sound;
    const { hopSamples } = this.#features;
    this.stepSeconds =
      columns === undefined ? (hopSamples * options.stack) / sampleRate : FRAME_SECONDS * options.stack;
  }

  /** Numbers in a frame. */
  get frameWidth(): number {
    return this.#features.width;
  }

  /** Number of rows of a sound with this number of samples. */
  stepsOf(samples: number): number {
    return Math.floor(this.#features.frames(samples) / this.#stack);
  }

  /** @throws {DataError} `too_short`, with the name of the sound, when it has too few samples for a row */
  requireStep(samples: number, file: string): void {
    if (this.stepsOf(samples) > 0) return;
    const message = `'${file}' has ${samples} samples, too few for a step of ${this.#stack} frames`;
    throw new DataError('too_short', message, { file, samples, stack: this.#stack });
  }

  /** Frames of a sound, not yet normalised. @throws {DataError} `too_short`, `non_finite_data` */
  extract(samples: Float32Array): Float32Array {
    return this.#features.extract(samples);
  }

  /** Rows [T * width] of a sound with at least one row. @throws {DataError} `too_short`, `non_finite_data` */
  encode(samples: Float32Array, speaker?: Standardizer): Float32Array {
    return this.encodeFrames(this.#features.extract(samples), speaker);
  }

  /** As `encode`, of frames that are extracted already. @param speaker the scale of the speaker, where there is one */
  encodeFrames(frames: Float32Array, speaker?: Standardizer): Float32Array {
    const { width } = this.#features;
    const scale = this.normalization === 'training' ? this.#standardizer : speaker;
    const normal = scale === undefined ? standardizeSequence(frames, width) : scale.apply(frames);
    return stackFrames(normal, width, this.#stack);
  }

  /**
   * Rows of sound that arrives piece by piece; together they are the rows of the whole sound. The last piece has
   * `isEnd`.
   *
   * @throws {UsageError} `not_streamable` when a sound is normalised by its own statistics, which need the whole sound
   */
  stream(): (samples: Float32Array, isEnd?: boolean) => readonly Float32Array[] {
    const { normalization: normalize } = this;
    if (normalize !== 'training') {
      const message = `sound that is normalised by the whole ${normalize} cannot be streamed: train with normalize 'training'`;
      throw new UsageError('not_streamable', message, { normalize });
    }
    const frames = this.#features.stream();
    let waiting: readonly number[] = [];
    return (samples, isEnd = false) => {
      const pushed = frames.push(samples);
      const known = [pushed, ...(isEnd ? [frames.end()] : [])].filter(({ length }) => length > 0);
      const numbers = [...waiting, ...known.flatMap((rows) => [...this.#standardizer.apply(rows)])];
      const steps = Math.floor(numbers.length / this.width);
      waiting = numbers.slice(steps * this.width);
      return Array.from({ length: steps }, (_, step) =>
        Float32Array.from(numbers.slice(step * this.width, (step + 1) * this.width)),
      );
    };
  }
}
