/**
 * Time constant of the measurement in seconds: after it, a value has lost two thirds of its influence. It is long
 * enough for a steady display, and short enough to follow changes.
 */
const MEMORY_SECONDS = 10;

/**
 * Recent speed of training: tokens (valid steps of the batches) and optimizer steps per second. Only the time of
 * training steps counts, not validation and pauses.
 */
export class Throughput {
  #tokens = 0;
  #steps = 0;
  #seconds = 0;

  /** Adds one training step. */
  record(tokens: number, seconds: number): void {
    const kept = Math.exp(-seconds / MEMORY_SECONDS);
    this.#tokens = this.#tokens * kept + tokens;
    this.#steps = this.#steps * kept + 1;
    this.#seconds = this.#seconds * kept + seconds;
  }

  /** 0 before the first step. */
  get tokensPerSecond(): number {
    return this.#seconds > 0 ? this.#tokens / this.#seconds : 0;
  }

  /** Seconds that this many further steps will take by themselves; undefined before the first step. */
  secondsFor(steps: number): number | undefined {
    return this.#steps > 0 ? (steps * this.#seconds) / this.#steps : undefined;
  }
}

/** The steps since the first one of an epoch. */
interface StepsSince {
  readonly epoch: number;
  /** When the first step of the epoch had ended, in seconds. */
  readonly at: number;
  steps: number;
  /** Seconds of the steps alone. */
  busy: number;
}

/**
 * The time between training steps: making batches, validations, checkpoints. It is that of the last whole epoch, since some of it comes once in an
 * epoch; within the first epoch it is that of the steps so far.
 */
export class TimeBetweenSteps {
  #since: StepsSince | undefined;
  #perStep = 0;
  #isOfEpoch = false;

  /** Adds a step. @param at when it has ended @param seconds how long it took */
  record(epoch: number, at: number, seconds: number): void {
    const since = this.#since;
    if (since !== undefined) {
      since.steps += 1;
      since.busy += seconds;
      const isNext = epoch !== since.epoch;
      if (isNext || !this.#isOfEpoch) this.#perStep = Math.max(0, (at - since.at - since.busy) / since.steps);
      if (!isNext) return;
      this.#isOfEpoch = true;
    }
    this.#since = { epoch, at, steps: 0, busy: 0 };
  }

  /** Seconds for each step. */
  get perStep(): number {
    return this.#perStep;
  }
}
