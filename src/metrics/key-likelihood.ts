/** Scores of predicted key probabilities, frame by frame. */
import { ShapeError } from '../core/errors.js';

/** ln(1 + exp(x)) without overflow. */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/**
 * Negative log-likelihood of binary frames in nats, summed over the keys of a frame and averaged over the frames, and
 * the accuracy of the keys whose probability is above one half: hits / (hits + misses + false alarms). Keys that are
 * correctly silent do not count.
 *
 * @see Boulanger-Lewandowski, Bengio, Vincent 2012 for the likelihood; Bay, Ehmann, Downie 2009 for the accuracy
 */
export class KeyLikelihood {
  #nats = 0;
  #frames = 0;
  #hits = 0;
  #errors = 0;

  /**
   * Adds frames.
   *
   * @param targets [frames * keys] zeros and ones
   * @param logits [frames * keys] log odds of each key
   * @param keys keys of a frame
   * @throws {ShapeError} `length_mismatch` when the numbers differ
   */
  add(targets: ArrayLike<number>, logits: ArrayLike<number>, keys: number): void {
    if (targets.length !== logits.length || targets.length % keys !== 0) {
      const message = `there are ${targets.length} targets and ${logits.length} log odds, expected equal numbers of both, in whole frames of ${keys}`;
      throw new ShapeError('length_mismatch', message, { targets: targets.length, logits: logits.length, keys });
    }
    for (let at = 0; at < targets.length; at++) {
      const logit = logits[at] as number;
      const sounds = targets[at] === 1;
      this.#nats += softplus(sounds ? -logit : logit);
      if (sounds && logit > 0) this.#hits++;
      else if (sounds || logit > 0) this.#errors++;
    }
    this.#frames += targets.length / keys;
  }

  /** Frames added so far. */
  get frames(): number {
    return this.#frames;
  }

  /** Nats of a frame, or undefined before any. */
  get value(): number | undefined {
    return this.#frames > 0 ? this.#nats / this.#frames : undefined;
  }

  /** In [0, 1]; 1 when no key sounds and none was predicted. */
  get accuracy(): number {
    return this.#hits + this.#errors === 0 ? 1 : this.#hits / (this.#hits + this.#errors);
  }
}
