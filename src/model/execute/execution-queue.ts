/** Order among the executions of one model. */
import { UsageError } from '../../core/errors.js';
import type { ExecutionOptions } from './execution-options.js';

/** Lets asynchronous executions happen one after the other and refuses synchronous ones in between. */
export class ExecutionQueue {
  #busy = false;
  #last: Promise<void> = Promise.resolve();

  /** Runs after all executions that were asked for before, unless the signal says by then that it is not wanted. */
  async enqueue<T>(options: ExecutionOptions, execution: () => Promise<T>): Promise<T> {
    const before = this.#last;
    let release = (): void => {};
    this.#last = new Promise<void>((resolve) => {
      release = resolve;
    });
    await before;
    this.#busy = true;
    try {
      if (options?.signal?.aborted === true) throw options.signal.reason;
      return await execution();
    } finally {
      this.#busy = false;
      release();
    }
  }

  /** Runs now. @throws {UsageError} `model_busy` */
  now<T>(execution: () => T): T {
    if (this.#busy) throw new UsageError('model_busy', 'an asynchronous execution of this model is under way');
    return execution();
  }
}
