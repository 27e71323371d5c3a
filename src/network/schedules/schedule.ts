/** What a learning-rate schedule is at work. */

/**
 * A learning rate of one's own: epoch, counted from 0, to rate. Being code it cannot be saved: give it again when the
 * run is resumed.
 */
export type RateFunction = (epoch: number) => number;

/** What a schedule may depend on besides its own description. */
export interface ScheduleContext {
  /** Learning rate of the optimizer, which every schedule scales; > 0. */
  readonly learningRate: number;
  /** Optimizer steps in the whole run; undefined when it cannot be known beforehand. */
  readonly totalSteps?: number | undefined;
  /** Optimizer steps in an epoch; undefined when it cannot be known beforehand. */
  readonly stepsPerEpoch?: number | undefined;
}

/** What a schedule has learnt so far, as JSON; null for schedules that depend on step and epoch only. */
export type ScheduleState = { readonly [key: string]: number | null } | null;

/** A schedule at work. `rate` is pure between two calls of `observe`, so a resumed run repeats it exactly. */
export interface Schedule {
  /**
   * Learning rate of one step.
   *
   * @param step optimizer steps done before this one, from 0
   * @param epoch epochs finished before this one, from 0
   */
  rate(step: number, epoch: number): number;
  /** Takes note of a validation loss (nats; lower is better). */
  observe(validationLoss: number): void;
  /** Everything that `observe` has changed. */
  state(): ScheduleState;
  /**
   * Continues from `state()` of a schedule with the same description.
   *
   * @throws {CheckpointError} `checkpoint_mismatch` when the state belongs to another kind of schedule
   */
  restore(state: ScheduleState): void;
}
