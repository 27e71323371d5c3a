/** Sound as the network of the task `transcribe` reads it. */
import { DataError, UsageError } from '../../../core/errors.js';
import { ColumnStatistics } from '../../../features/column-statistics.js';
import { SoundFeatures } from '../../../features/sound-features.js';
import { stackFrames } from '../../../features/stack-frames.js';
import { Standardizer, standardizeSequence } from '../../../features/standardizer.js';
import { atRow } from '../../../files/row-error.js';
import type { Clip } from '../../../files/transcripts.js';
import type { TranscribeOptions } from './transcribe-options.js';

/** What is saved of the sounds of the training part. */
export type SoundEncoding = {
  readonly sampleRate: number;
  readonly means: readonly number[];
  readonly standardDeviations: readonly number[];
};

/** Smallest power of a mel band whose logarithm is taken: below it lies what the microphones of quiet rooms have, too. */
const LOG_FLOOR = 1e-5;

/** The features of the options. @throws {OptionError} `invalid_option` */
export function soundFeatures(options: TranscribeOptions, sampleRate: number): SoundFeatures {
  const { features: kind, melBands, coefficients, deltas } = options;
  return new SoundFeatures({
    ...{ kind, sampleRate, melBands, logFloor: LOG_FLOOR, deltas: deltas as 0 | 1 | 2 },
    ...(coefficients !== undefined && { coefficients }),
  });
}

/**
 * Mean and deviation of the features of clips.
 *
 * @throws {DataError} `invalid_row` for a clip that is shorter than a frame
 */
export function fitSound(options: TranscribeOptions, clips: readonly Clip[]): SoundEncoding {
  const { sampleRate } = clips[0] as Clip;
  const features = soundFeatures(options, sampleRate);
  const statistics = new ColumnStatistics(features.width);
  for (const { place, samples } of clips) atRow(place, () => statistics.add(features.extract(samples)));
  return { sampleRate, ...Standardizer.of(statistics).toJSON() };
}

/** Makes standardised rows of sound: `stack` frames each. */
export class SoundEncoder {
  /** Numbers in a row. */
  readonly width: number;
  /** Seconds from the begin of a row to that of the next. */
  readonly stepSeconds: number;
  readonly #features: SoundFeatures;
  readonly #standardizer: Standardizer;
  readonly #stack: number;
  readonly #isAlone: boolean;

  /** @throws {OptionError} `invalid_option` */
  constructor(options: TranscribeOptions, { sampleRate, means, standardDeviations }: SoundEncoding) {
    this.#features = soundFeatures(options, sampleRate);
    this.#standardizer = Standardizer.fromJSON({ means, standardDeviations });
    this.#stack = options.stack;
    this.#isAlone = options.normalize === 'utterance';
    this.width = this.#features.width * options.stack;
    this.stepSeconds = (this.#features.hopSamples * options.stack) / sampleRate;
  }

  /** Rows of so many samples. */
  stepsOf(samples: number): number {
    return Math.floor(this.#features.frames(samples) / this.#stack);
  }

  /** @throws {DataError} `too_short`, with its name, for a sound of so few samples that it has no row */
  requireStep(samples: number, file: string): void {
    if (this.stepsOf(samples) > 0) return;
    const message = `'${file}' has ${samples} samples, too few for a step of ${this.#stack} frames`;
    throw new DataError('too_short', message, { file, samples, stack: this.#stack });
  }

  /** Rows [T * width] of a sound that has one. @throws {DataError} `too_short`, `non_finite_data` */
  encode(samples: Float32Array): Float32Array {
    const { width } = this.#features;
    const frames = this.#features.extract(samples);
    const normal = this.#isAlone ? standardizeSequence(frames, width) : this.#standardizer.apply(frames);
    return stackFrames(normal, width, this.#stack);
  }

  /**
   * Rows of sound that comes piece by piece: together those of the whole. The last piece comes with `isEnd`.
   *
   * @throws {UsageError} `not_streamable` where a sound is normalised by all of itself
   */
  stream(): (samples: Float32Array, isEnd?: boolean) => readonly Float32Array[] {
    if (this.#isAlone) {
      const message =
        "sound that is normalised by the whole utterance cannot be streamed: train with normalize 'training'";
      throw new UsageError('not_streamable', message, { normalize: 'utterance' });
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
