/** Features of sound as a network reads them: log-mel frames or MFCC with their deltas, whole or as the samples come. */
import { DataError, OptionError } from '../core/errors.js';
import { describeValue, rejectUnknownKeys, requireOneOf } from '../core/options.js';
import { appendDeltas } from './deltas.js';
import { LogMel } from './log-mel.js';
import { Mfcc } from './mfcc.js';
import { LOG_MEL_OPTIONS, type LogMelOptions } from './sound-options.js';

/** Options of `SoundFeatures`: those of `LogMel`, and these. */
export interface SoundFeaturesOptions extends LogMelOptions {
  /** Default `log-mel`. */
  readonly kind?: 'log-mel' | 'mfcc';
  /** First coefficients of `mfcc` to keep, as `Mfcc` takes them. */
  readonly coefficients?: number;
  /** 0: none. 1: deltas. 2: double deltas besides. Default 0. */
  readonly deltas?: 0 | 1 | 2;
}

/** Frames to each side that a slope is fitted to. */
const REACH = 2;

/**
 * Features of sound: [T, width], T = 1 + floor((samples - windowSamples) / hopSamples).
 *
 * @example
 * const features = new SoundFeatures({ kind: 'mfcc', sampleRate: 8000, deltas: 2 });
 * const sequence = features.extract(samples); // [T * 39]
 */
export class SoundFeatures {
  /** Numbers in a frame, the deltas among them. */
  readonly width: number;
  readonly #frames: LogMel | Mfcc;
  readonly #deltas: 0 | 1 | 2;

  /** @throws {OptionError} `invalid_option`, `unknown_option` */
  constructor(options: SoundFeaturesOptions) {
    rejectUnknownKeys('SoundFeatures', options, [...LOG_MEL_OPTIONS, 'kind', 'coefficients', 'deltas']);
    const { kind, coefficients, deltas, ...sound } = options;
    const isMfcc = requireOneOf('kind', kind ?? 'log-mel', ['log-mel', 'mfcc']) === 'mfcc';
    if (!isMfcc && coefficients !== undefined) {
      const message = `option 'coefficients' is one of mfcc, not of log-mel, got ${describeValue(coefficients)}`;
      throw new OptionError('invalid_option', message, { name: 'coefficients', value: coefficients });
    }
    this.#deltas = requireOneOf('deltas', deltas ?? 0, [0, 1, 2]);
    this.#frames = isMfcc
      ? new Mfcc({ ...sound, ...(coefficients !== undefined && { coefficients }) })
      : new LogMel(sound);
    this.width = this.#frames.width * (1 + this.#deltas);
  }

  /** Samples a second of the sounds. */
  get sampleRate(): number {
    return this.#frames.settings.sampleRate;
  }

  /** Samples from the begin of a frame to that of the next. */
  get hopSamples(): number {
    return this.#frames.settings.hopSamples;
  }

  /** Frames of a sound of so many samples; 0 when it is shorter than one frame. */
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

  /** Features of a sound whose samples come piece by piece: together the same bits as of the whole. */
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

/** What a stream needs of the features that it gives. */
interface FrameMaker {
  readonly windowSamples: number;
  readonly hopSamples: number;
  /** Numbers in a frame without its deltas. */
  readonly columns: number;
  /** Frames to each side on which a row with its deltas depends. */
  readonly reach: number;
  readonly extract: (samples: Float32Array, before: number) => Float32Array;
  readonly withDeltas: (rows: Float32Array) => Float32Array;
}

/** Features of a sound as it comes. Use `SoundFeatures.stream()`. */
export class SoundFeatureStream {
  readonly #maker: FrameMaker;
  /** Samples from the begin of the next frame on, and the one before them. */
  #samples: Float32Array = new Float32Array(0);
  #before = 0;
  /** Samples to leave out before the next frame begins, where hops are longer than windows. */
  #skip = 0;
  /** The last frames without deltas: `#known` that have been given are kept as neighbours of those that have not. */
  #rows: Float32Array = new Float32Array(0);
  #known = 0;

  /** Use `SoundFeatures.stream()`. */
  constructor(maker: FrameMaker) {
    this.#maker = maker;
  }

  /**
   * Takes the next samples, as many as there are, and gives the rows that they complete, [T * width]; T may be 0. Deltas
   * wait for the frames that they are fitted to.
   *
   * @throws {DataError} `non_finite_data`; {OptionError} `invalid_option` when they are no Float32Array. The stream stays where it was
   */
  push(samples: Float32Array): Float32Array {
    this.#addFrames(samples);
    const { columns, reach } = this.#maker;
    return this.#give(this.#rows.length / columns - reach);
  }

  /** The rows that waited for more. The stream is at its end then. */
  end(): Float32Array {
    return this.#give(this.#rows.length / this.#maker.columns);
  }

  #addFrames(added: Float32Array): void {
    if (!(added instanceof Float32Array)) {
      const message = `samples must be a Float32Array, got ${describeValue(added)}`;
      throw new OptionError('invalid_option', message, { name: 'samples' });
    }
    const wrong = added.findIndex((sample) => !Number.isFinite(sample));
    if (wrong >= 0) {
      const message = `sample ${wrong} is ${added[wrong]}`;
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

  /** Rows up to a place among those that are kept. */
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
