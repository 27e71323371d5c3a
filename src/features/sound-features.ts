/** Features of sound for a network: log-mel frames or MFCC with their deltas, for whole sounds or for streams. */

import { DataError, OptionError } from '../core/errors.js';
import { describeValue, rejectUnknownKeys, requireOneOf } from '../core/options.js';
import { isFloat32Array } from '../core/typed-array.js';
import { appendDeltas } from './deltas.js';
import { LogMel } from './log-mel.js';
import { Mfcc } from './mfcc.js';
import { LOG_MEL_OPTIONS, type LogMelOptions } from './sound-options.js';

/** Options of `SoundFeatures`: those of `LogMel`, and these. */
export interface SoundFeaturesOptions extends LogMelOptions {
  /** Default `log-mel`. */
  readonly kind?: 'log-mel' | 'mfcc';
  /** Number of first coefficients of `mfcc` to keep, as for `Mfcc`. */
  readonly coefficients?: number;
  /** 0: none. 1: deltas. 2: also double deltas. Default 0. */
  readonly deltas?: 0 | 1 | 2;
}

/** Number of frames on each side for the fit of a slope. */
const REACH = 2;

/**
 * Features of sound: [T, width], T = 1 + floor((samples - windowSamples) / hopSamples).
 *
 * @example
 * const features = new SoundFeatures({ kind: 'mfcc', sampleRate: 8000, deltas: 2 });
 * const sequence = features.extract(samples); // [T * 39]
 */
export class SoundFeatures {
  /** Numbers in a frame, including the deltas. */
  readonly width: number;
  readonly #frames: LogMel | Mfcc;
  readonly #deltas: 0 | 1 | 2;

  /** @throws {OptionError} `invalid_option`, `unknown_option` */
  constructor(options: SoundFeaturesOptions) {
    rejectUnknownKeys('SoundFeatures', options, [...LOG_MEL_OPTIONS, 'kind', 'coefficients', 'deltas']);
    const { kind, coefficients, deltas, ...sound } = options;
    const isMfcc = requireOneOf('kind', kind ?? 'log-mel', ['log-mel', 'mfcc']) === 'mfcc';
    if (!isMfcc && coefficients !== undefined) {
      const message = `option 'coefficients' belongs to mfcc, not to log-mel, got ${describeValue(coefficients)}`;
      throw new OptionError('invalid_option', message, { name: 'coefficients', value: coefficients });
    }
    this.#deltas = requireOneOf('deltas', deltas ?? 0, [0, 1, 2]);
    this.#frames = isMfcc
      ? new Mfcc({ ...sound, ...(coefficients !== undefined && { coefficients }) })
      : new LogMel(sound);
    this.width = this.#frames.width * (1 + this.#deltas);
  }

  /** Samples per second of the sounds. */
  get sampleRate(): number {
    return this.#frames.settings.sampleRate;
  }

  /** Samples from the start of a frame to the start of the next. */
  get hopSamples(): number {
    return this.#frames.settings.hopSamples;
  }

  /** Frames of a sound with this number of samples; 0 when it is shorter than one frame. */
  frames(samples: number): number {
    return this.#frames.frames(samples);
  }

  /**
   * The features of a sound, [T * width], row-major.
   *
   * @throws as `LogMel.extract`
   */
  extract(samples: Float32Array): Float32Array {
    return this.#withDeltas(this.#frames.extract(samples));
  }

  /**
   * Features of a sound whose samples arrive piece by piece; together they have the same bits as those of the whole
   * sound.
   */
  stream(): SoundFeatureStream {
    const { windowSamples, hopSamples } = this.#frames.settings;
    return new SoundFeatureStream({
      ...{ windowSamples, hopSamples, columns: this.#frames.width, reach: REACH * this.#deltas },
      extract: (samples, before) => this.#frames.extract(samples, before),
      withDeltas: (rows) => this.#withDeltas(rows),
    });
  }

  #withDeltas(rows: Float32Array): Float32Array {
    if (this.#deltas === 0) return rows;
    return appendDeltas(rows, this.#frames.width, { order: this.#deltas, reach: REACH });
  }
}

/** The parameters of a stream of features. */
interface FrameMaker {
  readonly windowSamples: number;
  readonly hopSamples: number;
  /** Numbers in a frame without its deltas. */
  readonly columns: number;
  /** Number of frames on each side on which a row with its deltas depends. */
  readonly reach: number;
  readonly extract: (samples: Float32Array, before: number) => Float32Array;
  readonly withDeltas: (rows: Float32Array) => Float32Array;
}

/** Features of a sound as it arrives. Use `SoundFeatures.stream()`. */
export class SoundFeatureStream {
  readonly #maker: FrameMaker;
  /** Samples from the start of the next frame on, and the one before them. */
  #samples: Float32Array = new Float32Array(0);
  #before = 0;
  /** Samples to skip before the next frame begins, when hops are longer than windows. */
  #skip = 0;
  /** The last frames without deltas. `#known` of them have been returned and are kept as neighbours of later frames. */
  #rows: Float32Array = new Float32Array(0);
  #known = 0;

  /** Use `SoundFeatures.stream()`. */
  constructor(maker: FrameMaker) {
    this.#maker = maker;
  }

  /**
   * Takes any number of next samples and returns the rows that they complete, [T * width]; T may be 0. Deltas wait for
   * the frames that they need.
   *
   * @throws {DataError} `non_finite_data`; {OptionError} `invalid_option` when they are not a Float32Array. The stream
   * does not change then
   */
  push(samples: Float32Array): Float32Array {
    this.#addFrames(samples);
    const { columns, reach } = this.#maker;
    return this.#give(this.#rows.length / columns - reach);
  }

  /** The rows that were waiting for more samples. Then the stream is at its end. */
  end(): Float32Array {
    return this.#give(this.#rows.length / this.#maker.columns);
  }

  #addFrames(added: Float32Array): void {
    if (!isFloat32Array(added)) {
      const message = `samples must be a Float32Array, got ${describeValue(added)}`;
      throw new OptionError('invalid_option', message, { name: 'samples' });
    }
    const wrong = added.findIndex((sample) => !Number.isFinite(sample));
    if (wrong >= 0) {
      const message = `sample ${wrong} is ${added[wrong]}, expected a finite number`;
      throw new DataError('non_finite_data', message, { sample: wrong, value: added[wrong] });
    }
    const { windowSamples, hopSamples, columns, extract } = this.#maker;
    const samples = joined(this.#samples, added);
    const begin = Math.min(this.#skip, samples.length);
    if (begin > 0) this.#before = samples[begin - 1] as number;
    this.#skip -= begin;
    const waiting = samples.subarray(begin);
    this.#samples = waiting;
    if (this.#skip > 0 || waiting.length < windowSamples) return;
    const rows = extract(waiting, this.#before);
    this.#rows = joined(this.#rows, rows);
    const next = (rows.length / columns) * hopSamples;
    const gone = Math.min(next, waiting.length);
    this.#before = waiting[gone - 1] as number;
    this.#skip = next - gone;
    this.#samples = waiting.slice(gone);
  }

  /** Rows up to a position in the kept frames. */
  #give(end: number): Float32Array {
    const { columns, reach, withDeltas } = this.#maker;
    if (end <= this.#known) return new Float32Array(0);
    const rows = withDeltas(this.#rows);
    const width = (rows.length * columns) / this.#rows.length;
    const given = rows.slice(this.#known * width, end * width);
    const kept = Math.max(0, end - reach);
    this.#rows = this.#rows.slice(kept * columns);
    this.#known = end - kept;
    return given;
  }
}

function joined(first: Float32Array, second: Float32Array): Float32Array {
  const both = new Float32Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
