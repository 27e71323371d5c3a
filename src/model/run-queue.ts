/** Order among the runs of one model. */
import { UsageError } from '../core/errors.js';
import type { RunOptions } from './run-options.js';

/** Lets asynchronous runs happen one after the other and refuses synchronous ones in between. */
export class RunQueue {
  #busy = false;
  #last: Promise<void> = Promise.resolve();

  /** Runs after all runs that were asked for before, unless the signal says by then that it is not wanted. */
  async enqueue<T>(options: RunOptions, run: () => Promise<T>): Promise<T> {
    const before = this.#last;
    let release = (): void => {};
    this.#last = new Promise<void>((resolve) => {
      release = resolve;
    });
    await before;
    this.#busy = true;
    try {
      if (options?.signal?.aborted === true) throw options.signal.reason;
      return await run();
    } finally {
      this.#busy = false;
      release();
    }
  }

  /** Runs now. @throws {UsageError} `model_busy` */
  now<T>(run: () => T): T {
    if (this.#busy) throw new UsageError('model_busy', 'an asynchronous run of this model is under way');
    return run();
  }
}
