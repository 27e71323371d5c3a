/** Seconds after which a measurement has lost two thirds of its influence: long enough to read, short enough to follow. */
const MEMORY_SECONDS = 10;

/**
 * Recent speed of training: tokens, which are the valid steps of the batches, and optimizer steps per second of training steps,
 * validation and pauses left out.
 */
export class Throughput {
  #tokens = 0;
  #steps = 0;
  #seconds = 0;

  /** Takes note of one training step. */
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
