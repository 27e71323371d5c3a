/** Many sequences of one model that grow together: sessions that come and go, and advance in ticks. */
import type { PlainField } from '../../batch/plain-sequences.js';
import type { Rows } from '../../batch/rows.js';
import { requireList } from '../../core/arguments.js';
import { BpttError, OptionError, ShapeError, UsageError } from '../../core/errors.js';
import { describeValue, rejectUnknownKeys, requireNumber } from '../../core/options.js';
import { isFloat32Array, isInt32Array } from '../../core/typed-array.js';
import { GroupStates } from '../execute/group-states.js';
import { checkStepOptions, requireRoom, written } from './step-memory.js';
import { StepRow, type StreamInput } from './step-row.js';
import { type Member, memberOf, StreamSession, sessionBusy } from './stream-session.js';
import type { StreamSteps } from './stream-steps.js';
import {
  requireSnapshot,
  type StreamedModel,
  type StreamState,
  type StreamStepOptions,
  streamInput,
} from './streamed-model.js';

/** Options of a group. */
export interface StreamGroupOptions {
  /** Sessions that memory is made for at first; it doubles when there are more. Integer >= 1; default 16. */
  readonly capacity?: number;
}

/**
 * The inputs of a tick, one for each session, in their order: an Int32Array of indices [B], a Float32Array of rows of features
 * [B * features], or a list of B inputs as `stream.step` takes them.
 */
export type GroupInputs = Int32Array | Float32Array | readonly StreamInput[];

/** The part of a model that a group needs. */
export interface GroupedModel extends StreamedModel {
  readonly stateSizes: ReadonlyMap<string, number>;
}

/**
 * Sessions that advance in ticks. The states of all of them are in one block of memory, of which a tick copies the rows of its own
 * sessions alone. A tick takes its place among the calls of the model as a step of a stream does: `step` works at once, `stepAsync` when
 * its turn comes. It changes all of its sessions, or none.
 */
export class StreamGroup {
  readonly #model: GroupedModel;
  readonly #together: StreamSteps;
  readonly #states: GroupStates;
  readonly #inputName: string;
  readonly #row: StepRow;
  readonly #width: number;
  readonly #isIndices: boolean;
  readonly #sessions = new Map<Member, StreamSession>();
  /** Sessions of the tick that is being prepared, and their places. */
  #members: Member[] = [];
  #places = new Int32Array(0);
  #rows: Rows = new Int32Array(0);
  #ticks = 0;
  #closed = false;

  /** Use `model.streamGroup()`. @param together the steps of all streams of the model @throws as there */
  constructor(model: GroupedModel, together: StreamSteps, options: StreamGroupOptions) {
    rejectUnknownKeys('streamGroup', options, ['capacity']);
    const capacity = requireNumber('capacity', options.capacity ?? 16, { min: 1, integer: true });
    this.#inputName = streamInput(model);
    const field = model.plainForm.inputs.get(this.#inputName) as PlainField;
    this.#model = model;
    this.#together = together;
    this.#states = new GroupStates(model.stateSizes, capacity);
    this.#row = new StepRow(this.#inputName, field);
    this.#width = field.width;
    this.#isIndices = field.ids !== undefined;
  }

  /** Open sessions. */
  get size(): number {
    let open = 0;
    for (const { isOpen } of this.#sessions.keys()) if (isOpen) open++;
    return open;
  }

  /** Sessions that there is memory for. */
  get capacity(): number {
    return this.#states.capacity;
  }

  /**
   * A new session.
   *
   * @param snapshot where it begins: of a session, or of a stream, of the same network; default states of zero
   * @throws {UsageError} `stream_closed` for a group that has been closed; `too_large`; as `session.restore`
   */
  open(snapshot?: StreamState): StreamSession {
    this.#requireOpen();
    const given = snapshot === undefined ? undefined : requireSnapshot(snapshot);
    const place = this.#states.take();
    const leave = () => {
      this.#sessions.delete(member);
      this.#states.leave(place);
    };
    const member: Member = { group: this, place, leave, steps: 0, underWay: 0, isOpen: true, tick: 0 };
    const session = new StreamSession(member, this.#states);
    this.#sessions.set(member, session);
    try {
      if (given !== undefined) session.restore(given);
    } catch (error) {
      session.close();
      throw error;
    }
    return session;
  }

  /**
   * One step of some sessions together, on the calling thread; those that are not named stay as they are.
   *
   * @param sessions B open sessions of this group, each once, in any order; none are no work
   * @param inputs one for each of them
   * @param into memory for the outputs, at least [B * outputs]; it is returned. Default: a new array
   * @returns the outputs, row-major, in the order of the sessions: [B * outputs]
   * @throws {UsageError} `stream_closed` for a session that has been closed; `foreign_session` for one of another group;
   *   `duplicate_session` for one that is named twice; `model_busy` while an asynchronous tick with one of them works or waits, and during
   *   `model.whileIdle`; `model_disposed`
   * @throws {OptionError} `invalid_option` for what is no session
   * @throws {ShapeError} `rank_mismatch`, `shape_mismatch`; `length_mismatch` where there are not as many inputs as sessions, a row has another width,
   *   or `into` is too short
   * @throws {RangeIndexError} `index_out_of_range`; {DataError} `non_finite_data`
   * @throws {NumericError} `non_finite_output` with the `positions` of the sessions that are no longer finite; the others can go on without
   *   them. After any error all sessions are as they were before
   */
  step(sessions: readonly StreamSession[], inputs: GroupInputs, into?: Float32Array): Float32Array {
    const count = this.#enlist(sessions);
    if (into !== undefined) requireRoom(into, count * this.#model.outputs);
    for (let at = 0; at < count; at++) {
      if ((this.#members[at] as Member).underWay > 0) throw sessionBusy(`sessions[${at}]`);
    }
    const rows = this.#rowsOf(inputs, count);
    if (count === 0) return into ?? new Float32Array(0);
    const members = this.#members;
    const counted = (position: number) => (members[position] as Member).steps;
    const outputs = this.#together.ticks.now(
      { rows, count, places: this.#places, states: this.#states, counted },
      into,
    );
    for (let at = 0; at < count; at++) (members[at] as Member).steps++;
    return outputs;
  }

  /**
   * As `step`, off the event loop, when its turn comes: after the earlier ticks of this group, and after the training steps that were
   * requested before it; those that are requested later wait for it. The inputs are copied, and so is the list.
   *
   * @param options.signal takes the tick out of the queue; the promise rejects with the signal's reason, and no session has changed
   * @param options.into memory for the outputs, written when the promise resolves
   * @throws as `step` and `stream.stepAsync`; `stream_closed` when the group is closed before its turn
   */
  async stepAsync(
    sessions: readonly StreamSession[],
    inputs: GroupInputs,
    options: StreamStepOptions = {},
  ): Promise<Float32Array> {
    const count = this.#enlist(sessions);
    const { signal, into } = checkStepOptions('stepAsync', options, count * this.#model.outputs);
    const given = this.#rowsOf(inputs, count);
    if (count === 0) return into ?? new Float32Array(0);
    this.#together.ticks.check(given, count);
    const rows = given.slice();
    const members = this.#members.slice(0, count);
    const counted = (position: number) => (members[position] as Member).steps;
    const tick = { rows, count, places: this.#places.slice(0, count), states: this.#states, counted };
    for (const member of members) member.underWay++;
    try {
      const work = async () => {
        const outputs = await this.#together.ticks.inTurn(tick, signal);
        for (const member of members) member.steps++;
        return outputs;
      };
      return written(await this.#together.call({ line: this, signal, work }), into);
    } finally {
      for (const member of members) {
        member.underWay--;
        if (member.underWay === 0 && !member.isOpen) member.leave();
      }
    }
  }

  /** Closes all sessions and the group: ticks that wait are refused (`stream_closed`), and so are later ones. */
  close(): void {
    this.#closed = true;
    for (const session of [...this.#sessions.values()]) session.close();
    this.#together.refuseWaiting(this, groupClosed());
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #requireOpen(): void {
    if (this.#closed) throw groupClosed();
  }

  /** Checks the sessions of a tick, and notes them and their places. @returns how many they are @throws as `step` */
  #enlist(sessions: readonly StreamSession[]): number {
    this.#requireOpen();
    if (!Array.isArray(sessions)) requireSessions(sessions);
    const count = sessions.length;
    if (this.#places.length < count) this.#places = new Int32Array(2 ** Math.ceil(Math.log2(count)));
    const tick = ++this.#ticks;
    for (let at = 0; at < count; at++) {
      const member = memberOf(sessions[at]);
      if (member?.group !== this || !member.isOpen || member.tick === tick) refuseSession(sessions, at, this);
      member.tick = tick;
      this.#members[at] = member;
      this.#places[at] = member.place;
    }
    return count;
  }

  /** The rows of the inputs: what was given where it is a typed array, else in memory of this group. @throws as `step` */
  #rowsOf(inputs: GroupInputs, count: number): Rows {
    if ((isInt32Array(inputs) || isFloat32Array(inputs)) && count > 0) return inputs;
    const list = requireList('the inputs of a tick', inputs) as readonly StreamInput[];
    if (list.length !== count) {
      const message = `there are ${list.length} inputs for ${count} sessions, expected one for each`;
      throw new ShapeError('length_mismatch', message, { name: 'inputs', actual: list.length, expected: count });
    }
    const width = this.#width;
    if (this.#rows.length !== count * width) {
      this.#rows = this.#isIndices ? new Int32Array(count) : new Float32Array(count * width);
    }
    for (let at = 0; at < count; at++) this.#rows.set(this.#rowAt(list[at] as StreamInput, at), at * width);
    return this.#rows;
  }

  #rowAt(input: StreamInput, at: number): Rows {
    try {
      const row = this.#row.of(input);
      if (
        row.length === this.#width &&
        isInt32Array(row) === this.#isIndices &&
        (this.#isIndices || isFloat32Array(row))
      )
        return row;
      const expected = this.#isIndices ? 'an Int32Array of 1' : `a Float32Array of ${this.#width}`;
      const message = `input '${this.#inputName}' is ${row.constructor.name} of ${row.length}, expected ${expected}`;
      throw new ShapeError('length_mismatch', message, {
        name: this.#inputName,
        actual: row.length,
        expected: this.#width,
      });
    } catch (error) {
      if (!(error instanceof BpttError)) throw error;
      const Kind = error.constructor as typeof BpttError;
      throw new Kind(error.code, `inputs[${at}]: ${error.message}`, { ...error.details, position: at });
    }
  }
}

function groupClosed(): UsageError {
  return new UsageError('stream_closed', 'the group has been closed');
}

function requireSessions(sessions: unknown): never {
  const message = `a tick takes a list of sessions, got ${describeValue(sessions)}`;
  throw new OptionError('invalid_option', message, { name: 'sessions', value: sessions });
}

/** Says why a session has no place in a tick. */
function refuseSession(sessions: readonly StreamSession[], at: number, group: StreamGroup): never {
  const session = sessions[at];
  const member = memberOf(session);
  const details = { name: 'sessions', position: at };
  if (member === undefined) {
    const message = `sessions[${at}] is ${describeValue(session)}, expected a session that open() of this group gave`;
    throw new OptionError('invalid_option', message, details);
  }
  if (member.group !== group) {
    const message = `sessions[${at}] belongs to another group: a tick takes those of its own`;
    throw new UsageError('foreign_session', message, details);
  }
  if (!member.isOpen) throw new UsageError('stream_closed', `sessions[${at}] has been closed`, details);
  const first = sessions.indexOf(session as StreamSession);
  const message = `sessions[${first}] and sessions[${at}] are the same: a tick is one step of each, so give its next step in another tick`;
  throw new UsageError('duplicate_session', message, { ...details, first });
}
