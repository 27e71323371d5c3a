/** Frames that another program has computed, in place of those of sound. */
import { DataError, UsageError } from '../../../core/errors.js';
import { appendDeltas } from '../../../features/deltas.js';
import type { SoundFeatures } from '../../../features/sound-features.js';

/** What makes frames of a recording. */
export type FrameSource = Pick<SoundFeatures, 'width' | 'hopSamples' | 'frames' | 'extract' | 'stream'>;

/** Frames of files of features: their rows, and the slopes of their columns. */
export class FeatureFrames implements FrameSource {
  readonly width: number;
  readonly hopSamples: number;
  readonly #deltas: 0 | 1 | 2;

  /** @param columns numbers in a row of a file */
  constructor(columns: number, deltas: 0 | 1 | 2) {
    this.hopSamples = columns;
    this.width = columns * (1 + deltas);
    this.#deltas = deltas;
  }

  /** Rows of so many numbers. */
  frames(numbers: number): number {
    return Math.floor(numbers / this.hopSamples);
  }

  /** The frames of rows. @throws {DataError} `empty_data` for no row */
  extract(rows: Float32Array): Float32Array {
    if (rows.length === 0) throw new DataError('empty_data', 'there are no features');
    return this.#deltas === 0 ? rows : appendDeltas(rows, this.hopSamples, { order: this.#deltas });
  }

  /** @throws {UsageError} `not_streamable`: samples are not features */
  stream(): never {
    const message = 'a model of features that another program has computed cannot read a stream of sound';
    throw new UsageError('not_streamable', message);
  }
}
