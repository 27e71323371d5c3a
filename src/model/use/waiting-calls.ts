/** Calls of streams that wait, each stream in its order. */
import type { Rows } from '../../batch/rows.js';
import type { CarriedState } from '../execute/carried-state.js';

/** One call of one stream. */
export interface StreamCall {
  /** Rows of the steps: indices, or features. */
  readonly rows: Rows;
  /** How many steps. */
  readonly steps: number;
  /** Whether it is computed alone: its steps are several, and its rows have not been checked. */
  readonly isRead: boolean;
  /** Of one sequence; the stream's own. */
  readonly state: CarriedState;
  readonly signal?: AbortSignal | undefined;
  /** Steps of the stream before this call. */
  counted(): number;
}

/** A call and what settles it. */
export interface WaitingCall extends StreamCall {
  resolve(outputs: Float32Array): void;
  reject(reason: unknown): void;
}

/** Calls that wait, by stream. Streams take turns; calls of one stream keep the order in which they came. */
export class WaitingCalls {
  /** By the state of the stream, the next stream first. */
  readonly #lines = new Map<CarriedState, Set<WaitingCall>>();

  get isEmpty(): boolean {
    return this.#lines.size === 0;
  }

  add(call: WaitingCall): void {
    const line = this.#lines.get(call.state);
    if (line === undefined) this.#lines.set(call.state, new Set([call]));
    else line.add(call);
  }

  /** Takes out a call, where it still waits. */
  delete(call: WaitingCall): void {
    const line = this.#lines.get(call.state);
    if (line?.delete(call) === true && line.size === 0) this.#lines.delete(call.state);
  }

  /** Takes out all calls, or those of one stream. */
  takeAll(state?: CarriedState): WaitingCall[] {
    const states = state === undefined ? [...this.#lines.keys()] : [state];
    const taken = states.flatMap((each) => [...(this.#lines.get(each) ?? [])]);
    for (const each of states) this.#lines.delete(each);
    return taken;
  }

  /** Takes out what is computed next: single steps, one of each stream and `most` in all, or one call that reads. */
  takeRound(most: number): WaitingCall[] {
    const taken: WaitingCall[] = [];
    for (const line of this.#lines.values()) {
      const [first] = line as Iterable<WaitingCall> as [WaitingCall];
      if (first.isRead && taken.length > 0) continue; // it is the first of a later round
      taken.push(first);
      if (first.isRead || taken.length === most) break;
    }
    for (const call of taken) this.#takeOut(call);
    return taken;
  }

  /** Its stream comes after all others that wait. */
  #takeOut(call: WaitingCall): void {
    const line = this.#lines.get(call.state) as Set<WaitingCall>;
    line.delete(call);
    this.#lines.delete(call.state);
    if (line.size > 0) this.#lines.set(call.state, line);
  }
}
