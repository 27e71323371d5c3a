/** The order of the executions of one model. */
import { UsageError } from '../../core/errors.js';
import type { ExecutionOptions } from './execution-options.js';

/**
 * Asynchronous executions happen one after the other. Synchronous ones are refused while one of them waits or works.
 */
export class ExecutionQueue {
  #busy = false;
  #last: Promise<void> = Promise.resolve();

  /** Executes after all executions that were requested before, unless the signal has been aborted by then. */
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

  /** Executes now. @throws {UsageError} `model_busy` */
  now<T>(execution: () => T): T {
    if (this.#busy) throw new UsageError('model_busy', 'an asynchronous execution of this model is under way');
    return execution();
  }
}
