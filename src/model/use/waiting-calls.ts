/** Calls of streams that wait, each stream in its order. */
import type { Rows } from '../../batch/rows.js';
import type { CarriedState } from '../execute/carried-state.js';

/** A call of a stream, or of a group of streams. */
interface AnyCall {
  /** What has an order of its own: the state of the stream, or the group. */
  readonly line: object;
  readonly signal?: AbortSignal | undefined;
}

/** A single step of one stream, which may be computed together with those of others. */
export interface StepCall extends AnyCall {
  /** The row of the step, checked: an index, or features. */
  readonly rows: Rows;
  /** Of one sequence; the stream's own. */
  readonly state: CarriedState;
  /** Steps of the stream before this call. */
  counted(): number;
  readonly work?: undefined;
}

/** A call that is computed alone. */
export interface LoneCall extends AnyCall {
  /** Computes it, within a turn. */
  work(): Promise<Float32Array>;
}

export type StreamCall = StepCall | LoneCall;

/** A call and what settles it. */
interface Settled {
  resolve(outputs: Float32Array): void;
  reject(reason: unknown): void;
}

export type WaitingStep = StepCall & Settled;
export type WaitingCall = WaitingStep | (LoneCall & Settled);

/** Calls that wait, by stream. Streams take turns; calls of one stream keep the order in which they came. */
export class WaitingCalls {
  /** The next stream first. */
  readonly #lines = new Map<object, Set<WaitingCall>>();

  get isEmpty(): boolean {
    return this.#lines.size === 0;
  }

  add(call: WaitingCall): void {
    const line = this.#lines.get(call.line);
    if (line === undefined) this.#lines.set(call.line, new Set([call]));
    else line.add(call);
  }

  /** Takes out a call, where it still waits. */
  delete(call: WaitingCall): void {
    const line = this.#lines.get(call.line);
    if (line?.delete(call) === true && line.size === 0) this.#lines.delete(call.line);
  }

  /** Takes out all calls, or those of one stream. */
  takeAll(line?: object): WaitingCall[] {
    const lines = line === undefined ? [...this.#lines.keys()] : [line];
    const taken = lines.flatMap((each) => [...(this.#lines.get(each) ?? [])]);
    for (const each of lines) this.#lines.delete(each);
    return taken;
  }

  /** Takes out what is computed next: single steps, one of each stream and `most` in all, or one call that is computed alone. */
  takeRound(most: number): WaitingStep[] | (LoneCall & Settled) {
    const taken: WaitingStep[] = [];
    for (const line of this.#lines.values()) {
      const [first] = line as Iterable<WaitingCall> as [WaitingCall];
      if (first.work === undefined) taken.push(first);
      else if (taken.length === 0) {
        this.#takeOut(first);
        return first;
      } // else it is the first of a later round
      if (taken.length === most) break;
    }
    for (const call of taken) this.#takeOut(call);
    return taken;
  }

  /** Its stream comes after all others that wait. */
  #takeOut(call: WaitingCall): void {
    const line = this.#lines.get(call.line) as Set<WaitingCall>;
    line.delete(call);
    this.#lines.delete(call.line);
    if (line.size > 0) this.#lines.set(call.line, line);
  }
}
