/** The order of the executions of one model. */
import { CallQueue } from '../../core/call-queue.js';
import { UsageError } from '../../core/errors.js';
import type { NativeUpdateLock } from '../../native/addon.js';
import type { CarriedState } from './carried-state.js';
import type { ExecutionOptions } from './execution-options.js';
import { actionWithin, asUserAction } from './user-actions.js';

/**
 * Two kinds of calls. A call that changes the model (a training step) works alone: it waits for all calls that were
 * requested before, and those that are requested later wait for it. Calls that only read the parameters (predictions,
 * evaluations) share the model: their executions take turns, so a short call need not wait for the end of a long one, and
 * all of them see the same parameters.
 *
 * A synchronous call never waits for its turn. One that reads works beside a training step: both take the lock of the
 * parameters, so the call sees them as they were before the update or after it. It is refused where it cannot know that:
 * while another change works. One that changes the model is refused while any other call works.
 *
 * A function of the user (`changeBy`, `shareBy`) may make calls itself. One that would wait for the end of the function, which may wait
 * for that call, is refused; one that reads, within a function that reads, works as a part of it.
 */
export class ExecutionQueue {
  readonly #calls = new CallQueue();
  readonly #turns = new CallQueue();
  readonly #lock: NativeUpdateLock;
  /** States that asynchronous calls begin with and leave their final states in, from their request on: how many calls have each. */
  readonly #statesInUse = new Map<CarriedState, number>();
  /** Whether a call works that may change parameters at any time. */
  #isChanging = false;
  /** Synchronous reading calls within one another. */
  #reading = 0;
  #ended: { readonly reason: unknown } | undefined;
  #whenFree: (() => void) | undefined;

  /** @param lock of the parameters; the updates of training steps take it */
  constructor(lock: NativeUpdateLock) {
    this.#lock = lock;
  }

  /**
   * A function of the user that may change the model: alone, after all calls that were requested before. Synchronous reading calls
   * are refused meanwhile.
   *
   * @throws {UsageError} `model_busy` within another such function
   */
  changeBy<T>(action: () => Promise<T>): Promise<T> {
    return this.#working(true, {}, async () => {
      this.#isChanging = true;
      try {
        return await asUserAction(this, true, action);
      } finally {
        this.#isChanging = false;
      }
    });
  }

  /** A function of the user that reads the model: as `share`. */
  shareBy<T>(action: () => Promise<T>): Promise<T> {
    return this.#working(false, {}, () => asUserAction(this, false, action));
  }

  /**
   * A training step: alone, after all calls that were requested before. Synchronous reading calls work beside it, unless they have its
   * state.
   *
   * @throws the signal's reason, when it is aborted before; {UsageError} `model_busy` within a function of `changeBy` or `shareBy`
   */
  train<T>(options: ExecutionOptions, step: () => Promise<T>): Promise<T> {
    return this.#using(options?.state, () => this.#working(true, options, step));
  }

  /**
   * A reading call: after all changing calls that were requested before. It executes programs in `turn` only.
   *
   * @param options.state that its executions begin with and leave their final states in
   * @throws the signal's reason, when it is aborted before; {UsageError} `model_busy` within a function of `changeBy`
   */
  share<T>(options: ExecutionOptions, call: () => Promise<T>): Promise<T> {
    return this.#using(options?.state, () => this.#working(false, options, call));
  }

  /**
   * An execution of a reading call, from the time when its inputs are written until its results have been copied. Turns
   * come in the order in which they were asked for.
   *
   * @throws the signal's reason, when it is aborted before
   */
  turn<T>(options: ExecutionOptions, execution: () => Promise<T>): Promise<T> {
    return this.#turns.alone(execution, options?.signal);
  }

  /** A reading call with a single execution. */
  shareTurn<T>(options: ExecutionOptions, execution: () => Promise<T>): Promise<T> {
    return this.share(options, () => this.turn(options, execution));
  }

  /**
   * Refuses a call that joins others, which may have been requested elsewhere, where it would wait for the function that makes it.
   *
   * @throws {UsageError} `model_busy`
   */
  requireJoinable(): void {
    const within = actionWithin(this);
    if (within === 'changing') throw waitsForItself('whileIdle', READ_INSTEAD);
    if (within === undefined || !this.#calls.isAloneAwaited) return;
    throw waitsForItself(
      'whileUnchanged',
      'a training step was requested meanwhile and comes first: use `step` or `read`',
    );
  }

  /** Whether an execution of a reading call is under way: its program is not free. */
  get isInTurn(): boolean {
    return this.#turns.isAlone;
  }

  /** Changing calls that have been requested so far. */
  get changesRequested(): number {
    return this.#calls.requestsAlone;
  }

  /**
   * A synchronous call that reads; there may be others within it. While it works nobody changes the parameters: where a
   * training step is about to, one of the two waits for the other.
   *
   * @throws {UsageError} `model_busy` while a changing call works that is no training step, or an execution with the same
   *   state
   */
  readNow<T>(execution: () => T, state?: CarriedState): T {
    this.enterNow(state);
    try {
      return execution();
    } finally {
      this.leaveNow();
    }
  }

  /** Begins a call as `readNow` does, which must end with `leaveNow`: without a function, which would be a new object for each call. */
  enterNow(state?: CarriedState): void {
    if (this.#isChanging) {
      throw new UsageError('model_busy', 'whileIdle, which may change this model, is under way: wait for its promise');
    }
    if (state !== undefined && this.#statesInUse.has(state)) {
      const message = 'an asynchronous call with this state works or waits: wait for its promise';
      throw new UsageError('model_busy', message);
    }
    this.#lock.enter();
    this.#reading++;
  }

  /** Ends a call that `enterNow` began. */
  leaveNow(): void {
    this.#reading--;
    this.#lock.leave();
    this.#rest();
  }

  /** A synchronous call that changes the model. @throws {UsageError} `model_busy` while any other call works */
  changeNow<T>(execution: () => T): T {
    if (!this.#isBusy) return execution();
    const what = this.#reading > 0 ? 'another call' : 'an asynchronous execution';
    const message = `${what} of this model is under way: wait for its end, or use the asynchronous call, which takes its turn`;
    throw new UsageError('model_busy', message);
  }

  /**
   * Refuses all asynchronous calls that wait for their turn, and later ones, and calls a function when those that work have ended:
   * at once where there is none.
   */
  end(reason: unknown, whenFree: () => void): void {
    this.#ended = { reason };
    this.#calls.refuseWaiting(reason);
    this.#turns.refuseWaiting(reason);
    this.#whenFree = whenFree;
    this.#rest();
  }

  get #isBusy(): boolean {
    return this.#calls.isBusy || this.#reading > 0;
  }

  #rest(): void {
    if (this.#isBusy) return;
    const whenFree = this.#whenFree;
    this.#whenFree = undefined;
    whenFree?.();
  }

  async #working<T>(isAlone: boolean, options: Pick<ExecutionOptions, 'signal'>, call: () => Promise<T>): Promise<T> {
    const signal = options?.signal;
    if (this.#ended !== undefined) throw this.#ended.reason;
    const within = actionWithin(this);
    if (within === 'changing') throw waitsForItself('whileIdle', READ_INSTEAD);
    if (within === 'reading' && isAlone) throw waitsForItself('whileUnchanged', AFTERWARDS);
    if (within === 'reading') await this.#calls.join();
    else await this.#calls.enter(isAlone, signal);
    try {
      if (signal?.aborted === true) throw signal.reason;
      return await call();
    } finally {
      this.#calls.leave();
      this.#rest();
    }
  }

  async #using<T>(state: CarriedState | undefined, execution: () => Promise<T>): Promise<T> {
    if (state === undefined) return execution();
    this.#statesInUse.set(state, (this.#statesInUse.get(state) ?? 0) + 1);
    try {
      return await execution();
    } finally {
      const others = (this.#statesInUse.get(state) as number) - 1;
      if (others > 0) this.#statesInUse.set(state, others);
      else this.#statesInUse.delete(state);
    }
  }
}

const AFTERWARDS = 'make it after the end of the function';
const READ_INSTEAD = `${AFTERWARDS}; whileUnchanged admits calls that read`;

function waitsForItself(outer: string, help: string): UsageError {
  const message = `an asynchronous call within ${outer} of the same model waits for the end of ${outer}, so both would wait forever: ${help}`;
  return new UsageError('model_busy', message);
}
