/** A sequence among the many of a group. */
import { UsageError } from '../../core/errors.js';
import type { GroupStates } from '../execute/group-states.js';
import { requireSnapshot, type StreamState } from './streamed-model.js';

/** What a group knows of a session. */
export interface Member {
  readonly group: object;
  /** Row of its states. */
  readonly place: number;
  readonly leave: () => void;
  steps: number;
  /** Asynchronous ticks with it that wait or work. */
  underWay: number;
  isOpen: boolean;
  /** The last tick that has named it. */
  tick: number;
}

/** What the group of a session knows of it; undefined for what is no session. */
export let memberOf: (session: unknown) => Member | undefined;

/** A sequence of a group, from `group.open()` to its `close()`. */
export class StreamSession {
  static {
    memberOf = (session) => {
      return typeof session === 'object' && session !== null && #member in session ? session.#member : undefined;
    };
  }

  readonly #member: Member;
  readonly #states: GroupStates;

  /** Use `group.open()`. */
  constructor(member: Member, states: GroupStates) {
    this.#member = member;
    this.#states = states;
  }

  /** Steps since the beginning or the last reset. */
  get steps(): number {
    return this.#member.steps;
  }

  /** Whether it takes part in ticks. */
  get isOpen(): boolean {
    return this.#member.isOpen;
  }

  /** Returns to the state before the first step. @throws {UsageError} `stream_closed`; `model_busy` while an asynchronous tick with it works or waits */
  reset(): void {
    this.#requireAtRest();
    this.#states.reset(this.#member.place);
    this.#member.steps = 0;
  }

  /** The state at this moment: a copy, which `restore` of a stream of the same network takes, too. Errors as `reset`. */
  snapshot(): StreamState {
    this.#requireAtRest();
    return { steps: this.#member.steps, state: this.#states.read(this.#member.place, this.#member.steps > 0) };
  }

  /**
   * Continues from a snapshot, of a session or of a stream.
   *
   * @throws {UsageError} `state_mismatch` when the snapshot belongs to another model; as `reset`
   * @throws {DataError} `non_finite_data` for a state with NaN or an infinity; the session is as it was before
   */
  restore(snapshot: StreamState): void {
    this.#requireAtRest();
    const { state, steps } = requireSnapshot(snapshot);
    this.#states.write(this.#member.place, state);
    this.#member.steps = steps;
  }

  /** Leaves the group. Asynchronous ticks that were requested before go on; later ones are refused. */
  close(): void {
    const member = this.#member;
    if (!member.isOpen) return;
    member.isOpen = false;
    if (member.underWay === 0) member.leave();
  }

  #requireAtRest(): void {
    if (!this.#member.isOpen) throw sessionClosed('the session');
    if (this.#member.underWay > 0) throw sessionBusy('this session');
  }
}

function sessionClosed(what: string): UsageError {
  return new UsageError('stream_closed', `${what} has been closed`);
}

export function sessionBusy(what: string): UsageError {
  const message = `an asynchronous tick with ${what} works or waits: wait for its promise, or use stepAsync`;
  return new UsageError('model_busy', message);
}
