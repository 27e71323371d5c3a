import { CheckpointError } from '../core/errors.js';
import { rejectUnknownKeys, requireNumber } from '../core/options.js';

/** The condition for ending a run early. */
export interface EarlyStoppingOptions {
  /** The run stops after this many validations in a row without improvement; integer >= 1. */
  readonly patience: number;
  /**
   * By how much the loss (nats), the score or the monitored value must be better than the best one so far to count as
   * an improvement, >= 0; default 0.
   */
  readonly minimumDelta?: number;
  /**
   * A value than which none is better, such as a score of no wrong answer; default none. Once it is reached, nothing is an improvement: the patience counts
   * from there, whatever the loss is.
   */
  readonly perfect?: number;
}

/** The state of early stopping, as JSON. */
export interface EarlyStoppingState {
  /** Lowest validation loss or score so far, or best monitored value (negated when higher is better); null before the first. */
  readonly best: number | null;
  /** The lowest validation loss at that score; missing in states from before it was kept, and where the loss itself is followed. */
  readonly loss?: number;
  readonly validationsWithoutImprovement: number;
}

/**
 * Follows the validation loss, or another number for which lower is better, and reports when it has stopped falling.
 */
export class EarlyStopping {
  readonly #patience: number;
  readonly #minimumDelta: number;
  readonly #perfect: number;
  #best = Number.POSITIVE_INFINITY;
  #loss: number | undefined;
  #validationsWithoutImprovement = 0;

  /** @throws {OptionError} `invalid_option`, `unknown_option` */
  constructor(options: EarlyStoppingOptions) {
    rejectUnknownKeys('earlyStopping', options, ['patience', 'minimumDelta', 'perfect']);
    this.#patience = requireNumber('earlyStopping.patience', options.patience, { min: 1, integer: true });
    this.#minimumDelta = requireNumber('earlyStopping.minimumDelta', options.minimumDelta ?? 0, { min: 0 });
    this.#perfect =
      options.perfect === undefined
        ? Number.NEGATIVE_INFINITY
        : requireNumber('earlyStopping.perfect', options.perfect);
  }

  /**
   * Adds a validation.
   *
   * @param followed the loss in nats, or another number for which lower is better
   * @param loss the validation loss, where another number is followed: of equal numbers the lower loss is an improvement,
   *   unless they are perfect
   */
  observe(followed: number, loss?: number): void {
    const isTie = followed === this.#best && loss !== undefined && loss < (this.#loss ?? Number.POSITIVE_INFINITY);
    const isBetter = followed < this.#best - this.#minimumDelta || (isTie && this.#minimumDelta === 0);
    if (isBetter && this.#best > this.#perfect) {
      this.#best = followed;
      this.#loss = loss;
      this.#validationsWithoutImprovement = 0;
    } else {
      this.#validationsWithoutImprovement += 1;
    }
  }

  /** Validations in a row without improvement. */
  get validationsWithoutImprovement(): number {
    return this.#validationsWithoutImprovement;
  }

  /** True when the patience is used up. */
  get exhausted(): boolean {
    return this.#validationsWithoutImprovement >= this.#patience;
  }

  state(): EarlyStoppingState {
    return {
      best: Number.isFinite(this.#best) ? this.#best : null,
      ...(this.#loss !== undefined && { loss: this.#loss }),
      validationsWithoutImprovement: this.#validationsWithoutImprovement,
    };
  }

  /** @throws {CheckpointError} `checkpoint_mismatch` when the state does not belong to early stopping */
  restore(state: EarlyStoppingState): void {
    const { best, loss, validationsWithoutImprovement: waited } = state;
    const isLoss = loss === undefined || Number.isFinite(loss);
    if (!isLoss || (best !== null && !Number.isFinite(best)) || !Number.isSafeInteger(waited) || waited < 0) {
      throw new CheckpointError(
        'checkpoint_mismatch',
        `early stopping cannot continue from the checkpoint's ${JSON.stringify(state)}`,
        { name: 'earlyStopping', state },
      );
    }
    this.#best = best ?? Number.POSITIVE_INFINITY;
    this.#loss = loss;
    this.#validationsWithoutImprovement = waited;
  }
}
