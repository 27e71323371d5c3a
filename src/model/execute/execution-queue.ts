/** The order of the executions of one model. */
import { UsageError } from '../../core/errors.js';
import type { CarriedState } from './carried-state.js';
import type { ExecutionOptions } from './execution-options.js';

/** A promise of the end of a call. */
function ending(): { readonly ended: Promise<void>; end(): void } {
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { ended, end };
}

/**
 * Two kinds of calls. A call that changes the model (a training step) works alone: it waits for all calls that were
 * requested before, and those that are requested later wait for it. Calls that only read the parameters (predictions,
 * evaluations) share the model: their executions take turns, so a short call need not wait for the end of a long one, and
 * all of them see the same parameters. A synchronous call never waits. It is refused where it would have to: a reading
 * one while a changing one works, a changing one while any other works.
 */
export class ExecutionQueue {
  #isChanging = false;
  #sharing = 0;
  /** The end of the last changing call. */
  #changed: Promise<unknown> = Promise.resolve();
  /** The end of all calls. */
  #ended: Promise<unknown> = Promise.resolve();
  /** The end of the last turn. */
  #turned: Promise<unknown> = Promise.resolve();
  #isInTurn = false;
  #stateInTurn: CarriedState | undefined;

  /** A changing call: alone, after all calls that were requested before, unless the signal has been aborted by then. */
  async change<T>(options: Pick<ExecutionOptions, 'signal'>, call: () => Promise<T>): Promise<T> {
    const before = this.#ended;
    const { ended, end } = ending();
    this.#changed = ended;
    this.#ended = ended;
    await before;
    this.#isChanging = true;
    try {
      if (options?.signal?.aborted === true) throw options.signal.reason;
      return await call();
    } finally {
      this.#isChanging = false;
      end();
    }
  }

  /**
   * A reading call: after all changing calls that were requested before, unless the signal has been aborted by then. It
   * executes programs in `turn` only.
   */
  async share<T>(options: Pick<ExecutionOptions, 'signal'>, call: () => Promise<T>): Promise<T> {
    const before = this.#changed;
    const { ended, end } = ending();
    this.#ended = Promise.all([this.#ended, ended]);
    await before;
    this.#sharing++;
    try {
      if (options?.signal?.aborted === true) throw options.signal.reason;
      return await call();
    } finally {
      this.#sharing--;
      end();
    }
  }

  /**
   * An execution of a reading call, from the time when its inputs are written until its results have been copied. Turns
   * come in the order in which they were asked for.
   *
   * @param state that the execution begins with and leaves its final states in
   */
  async turn<T>(execution: () => Promise<T>, state?: CarriedState): Promise<T> {
    const before = this.#turned;
    const { ended, end } = ending();
    this.#turned = ended;
    await before;
    this.#isInTurn = true;
    this.#stateInTurn = state;
    try {
      return await execution();
    } finally {
      this.#isInTurn = false;
      this.#stateInTurn = undefined;
      end();
    }
  }

  /** A reading call with a single execution. */
  shareTurn<T>(options: ExecutionOptions, execution: () => Promise<T>): Promise<T> {
    return this.share(options, () => this.turn(execution, options?.state));
  }

  /** Whether an execution of a reading call is under way: its program is not free. */
  get isInTurn(): boolean {
    return this.#isInTurn;
  }

  /**
   * A synchronous call that reads.
   *
   * @throws {UsageError} `model_busy` while a changing call works, or an execution with the same state
   */
  readNow<T>(execution: () => T, state?: CarriedState): T {
    if (this.#isChanging) {
      throw new UsageError('model_busy', 'a training step, or another change of this model, is under way');
    }
    if (state !== undefined && state === this.#stateInTurn) {
      throw new UsageError('model_busy', 'an asynchronous execution with this state is under way');
    }
    return execution();
  }

  /** A synchronous call that changes the model. @throws {UsageError} `model_busy` while any other call works */
  changeNow<T>(execution: () => T): T {
    if (!this.#isChanging && this.#sharing === 0) return execution();
    throw new UsageError('model_busy', 'an asynchronous execution of this model is under way');
  }
}
