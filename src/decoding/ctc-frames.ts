/** The input of a decoder: the outputs of one utterance, checked once. */

import { requireObject } from '../core/arguments.js';
import { ShapeError } from '../core/errors.js';
import { requireNumber } from '../core/options.js';
import { isFloat32Array, isFloat64Array } from '../core/typed-array.js';

/** The outputs of one utterance, frame by frame. */
export interface FrameScores {
  /** [frames * classes], row by row: logits, or log probabilities, which are a kind of logits. */
  readonly scores: Float32Array | Float64Array;
  /** C, integer >= 1. */
  readonly classes: number;
  /** The blank: the class of frames without a label; default 0. */
  readonly blank?: number;
}

/** The same, checked. */
export interface Frames {
  readonly scores: Float32Array | Float64Array;
  readonly classes: number;
  readonly blank: number;
  /** T, may be 0. */
  readonly count: number;
}

/**
 * Checks the scores of an utterance.
 *
 * @throws {OptionError} `invalid_option` for invalid classes or an invalid blank
 * @throws {ShapeError} `rank_mismatch` when scores are not a Float32Array or Float64Array, `length_mismatch` when they
 * are not whole frames
 */
export function requireFrames(frames: FrameScores): Frames {
  const { scores, classes, blank } = requireObject('scores of frames', frames);
  requireNumber('classes', classes, { integer: true, min: 1 });
  const checked = requireNumber('blank', blank ?? 0, { integer: true, min: 0, max: classes - 1 });
  if (!(isFloat32Array(scores) || isFloat64Array(scores))) {
    throw new ShapeError('rank_mismatch', 'scores must be a Float32Array or a Float64Array', { name: 'scores' });
  }
  const count = scores.length / classes;
  if (!Number.isInteger(count)) {
    const message = `scores holds ${scores.length} numbers, expected a multiple of the ${classes} classes`;
    throw new ShapeError('length_mismatch', message, { name: 'scores', actual: scores.length, classes });
  }
  return { scores, classes, blank: checked, count };
}

/**
 * Writes the log-softmax of a frame to `to` [C]. Log probabilities do not change by this.
 *
 * @returns false when a score is NaN, or the largest one is not finite
 */
export function logSoftmax({ scores, classes }: Frames, frame: number, to: Float64Array): boolean {
  const begin = frame * classes;
  let most = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < classes; c++) most = Math.max(most, scores[begin + c] as number);
  if (!Number.isFinite(most)) return false;
  let sum = 0;
  for (let c = 0; c < classes; c++) sum += Math.exp((scores[begin + c] as number) - most);
  const total = most + Math.log(sum);
  for (let c = 0; c < classes; c++) to[c] = (scores[begin + c] as number) - total;
  return true;
}
