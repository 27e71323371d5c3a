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

  /** Seconds that this many further steps will take; undefined before the first step. */
  secondsFor(steps: number): number | undefined {
    return this.#steps > 0 ? (steps * this.#seconds) / this.#steps : undefined;
  }
}
