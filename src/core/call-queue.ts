/** Calls that wait for their turn. */
import { onAbort } from './on-abort.js';

/** A call that has not begun. */
interface WaitingCall {
  readonly isAlone: boolean;
  begin(): void;
  refuse(reason: unknown): void;
}

/** Whether a signal can be listened to. What else callers give is refused by the call itself. */
function isSignal(signal: AbortSignal | undefined): signal is AbortSignal {
  return typeof signal?.addEventListener === 'function';
}

/**
 * Admits calls in the order in which they were requested. A call that works alone begins when no other works; calls that share
 * begin together. None overtakes another one, so none starves. A call that is aborted leaves the queue at once, and those behind
 * it do not wait for it.
 */
export class CallQueue {
  readonly #waiting = new Set<WaitingCall>();
  #isAlone = false;
  #sharing = 0;
  #requestsAlone = 0;

  /** Whether a call works alone. */
  get isAlone(): boolean {
    return this.#isAlone;
  }

  /** Whether any call works. */
  get isBusy(): boolean {
    return this.#isAlone || this.#sharing > 0;
  }

  /** Whether any call works or waits. */
  get isInUse(): boolean {
    return this.isBusy || this.#waiting.size > 0;
  }

  /** Calls that have asked to work alone so far. */
  get requestsAlone(): number {
    return this.#requestsAlone;
  }

  /**
   * Waits for the turn of a call, which must end with `leave`. A call never begins within the request.
   *
   * @throws the signal's reason, when it is aborted before; the reason of `refuseWaiting`
   */
  enter(isAlone: boolean, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    if (isAlone) this.#requestsAlone++;
    return new Promise<void>((resolve, reject) => {
      let stop = () => {};
      const leaves = () => {
        stop();
        this.#waiting.delete(call);
      };
      const call: WaitingCall = {
        isAlone,
        begin: () => {
          leaves();
          if (isAlone) this.#isAlone = true;
          else this.#sharing++;
          resolve();
        },
        refuse: (reason) => {
          leaves();
          reject(reason);
        },
      };
      this.#waiting.add(call);
      const abort = () => {
        call.refuse(signal?.reason);
        this.#admit(); // those behind it
      };
      if (this.#mayBegin(call)) queueMicrotask(() => this.#admit());
      else if (isSignal(signal)) stop = onAbort(signal, abort);
    });
  }

  /** Whether a call waits that asks to work alone. */
  get isAloneAwaited(): boolean {
    for (const call of this.#waiting) if (call.isAlone) return true;
    return false;
  }

  /** As `enter`, for a call within one that shares: it does not wait for calls that wait for that one. */
  join(): Promise<void> {
    this.#sharing++;
    return Promise.resolve();
  }

  /** Ends a call. */
  leave(): void {
    if (this.#isAlone) this.#isAlone = false;
    else this.#sharing--;
    this.#admit();
  }

  /** Refuses all calls that wait. */
  refuseWaiting(reason: unknown): void {
    for (const call of [...this.#waiting]) call.refuse(reason);
  }

  /** Calls a function alone: within the request where no other call works or waits. @throws as `enter`, and what the function throws */
  async alone<T>(call: () => Promise<T> | T, signal?: AbortSignal): Promise<T> {
    if (this.isInUse) await this.enter(true, signal);
    else this.#isAlone = true;
    try {
      if (signal?.aborted === true) throw signal.reason;
      return await call();
    } finally {
      this.leave();
    }
  }

  #admit(): void {
    for (const call of this.#waiting) {
      if (!this.#mayBegin(call)) return;
      call.begin();
    }
  }

  /** Whether a call need not wait for any that works or was requested before it. */
  #mayBegin(call: WaitingCall): boolean {
    if (this.#isAlone || (call.isAlone && this.#sharing > 0)) return false;
    for (const other of this.#waiting) {
      if (other === call) return true;
      if (other.isAlone || call.isAlone) return false;
    }
    return true;
  }
}
