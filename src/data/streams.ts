/** Long texts as contiguous streams, read window by window: truncated backpropagation through time. */

import type { Batch } from '../batch/batch.js';
import { contiguousBatch } from '../batch/packed-batch.js';
import { DataError, RangeIndexError } from '../core/errors.js';
import { rejectUnknownKeys, requireNumber } from '../core/options.js';

/** The form of the windows. */
export interface StreamOptions {
  /** Number of parallel streams. Integer >= 1. */
  readonly batch: number;
  /** Steps of a window. Integer >= 1. */
  readonly steps: number;
}

/**
 * The reading position: the next window to read. Plain JSON; it is saved with a checkpoint and is sufficient to
 * continue.
 */
export type DataCursor = {
  /** Number of complete passes over the data. */
  readonly epoch: number;
  /** Number of windows of this pass that have been read. */
  readonly window: number;
};

/**
 * Ids cut into `batch` contiguous streams of equal length, read in windows of `steps`; the target of each id is the
 * next one of its stream. The state of a network after window k is its state before window k + 1. Ids that do not fill
 * the streams are dropped from the end, as in PyTorch's word language model example. The last window may be shorter.
 *
 * @example
 * const state = model.newState(20);
 * for (const batch of new TokenStreams(ids, { batch: 20, steps: 35 })) await model.trainStep(batch, { state });
 */
export class TokenStreams implements Iterable<Batch> {
  /** Number of parallel streams: the batch size of every window. */
  readonly batch: number;
  /** Steps of every window except the last, which may be shorter. */
  readonly steps: number;
  /** Number of windows in one pass. */
  readonly windows: number;
  /** Number of ids that are predicted in one pass: the sum of the streams' lengths minus one each. */
  readonly predictions: number;
  readonly #streamLength: number;
  // Time-major: id t of stream b is at t * batch + b. So a window and its targets are two views of it, one step apart.
  readonly #ids: Int32Array;

  /**
   * @param ids [n], copied
   * @throws {DataError} `too_short` when a stream would have fewer than two ids: one to read, one to predict
   * @throws {OptionError} `invalid_option`, `unknown_option`
   */
  constructor(ids: Int32Array, options: StreamOptions) {
    rejectUnknownKeys('token streams', options, ['batch', 'steps']);
    const batch = requireNumber('batch', options.batch, { integer: true, min: 1 });
    const steps = requireNumber('steps', options.steps, { integer: true, min: 1 });
    const streamLength = Math.floor(ids.length / batch);
    if (streamLength < 2) {
      throw new DataError(
        'too_short',
        `${ids.length} symbols are too few for ${batch} streams: at least ${2 * batch} are needed`,
        { symbols: ids.length, batch, needed: 2 * batch },
      );
    }
    this.batch = batch;
    this.steps = steps;
    this.windows = Math.ceil((streamLength - 1) / steps);
    this.predictions = batch * (streamLength - 1);
    this.#streamLength = streamLength;
    this.#ids = new Int32Array(streamLength * batch);
    for (let stream = 0; stream < batch; stream++) {
      for (let step = 0; step < streamLength; step++) {
        this.#ids[step * batch + stream] = ids[stream * streamLength + step] as number;
      }
    }
  }

  /**
   * One window, rows time-major: row t * batch + b is step t of stream b. Its arrays are views and must not be written.
   *
   * @param window 0 .. windows-1
   * @throws {RangeIndexError} `index_out_of_range`
   */
  batchAt(window: number): Batch {
    if (!Number.isInteger(window) || window < 0 || window >= this.windows) {
      throw new RangeIndexError('index_out_of_range', `window ${window} is outside the ${this.windows} windows`, {
        window,
        windows: this.windows,
      });
    }
    const begin = window * this.steps;
    const end = Math.min(begin + this.steps, this.#streamLength - 1);
    return contiguousBatch(this.#ids.subarray(begin * this.batch, end * this.batch), {
      batch: this.batch,
      targets: this.#ids.subarray((begin + 1) * this.batch, (end + 1) * this.batch),
    });
  }

  /**
   * The ids of one stream, [length]; all but the first are predicted.
   *
   * @param index 0 .. batch-1
   * @throws {RangeIndexError} `index_out_of_range`
   */
  stream(index: number): Int32Array {
    const { batch } = this;
    if (Number.isInteger(index) && index >= 0 && index < batch) {
      return Int32Array.from({ length: this.#streamLength }, (_, step) => this.#ids[step * batch + index] as number);
    }
    const message = `stream ${index} is outside the ${batch} streams`;
    throw new RangeIndexError('index_out_of_range', message, { index, streams: batch });
  }

  /**
   * The cursor after the window at `cursor` has been read. When its window is 0, a new pass begins: reset the state.
   */
  advance(cursor: DataCursor): DataCursor {
    const window = cursor.window + 1;
    return window < this.windows ? { epoch: cursor.epoch, window } : { epoch: cursor.epoch + 1, window: 0 };
  }

  /** The windows of one pass, in order. */
  *[Symbol.iterator](): Iterator<Batch> {
    for (let window = 0; window < this.windows; window++) yield this.batchAt(window);
  }
}
