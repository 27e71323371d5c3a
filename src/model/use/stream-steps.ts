/** The asynchronous calls of streams: steps that wait at the same time are computed together. */
import type { Batch } from '../../batch/batch.js';
import type { Rows } from '../../batch/rows.js';
import { NumericError } from '../../core/errors.js';
import { areFinite } from '../../core/finite.js';
import { onAbort } from '../../core/on-abort.js';
import { isInt32Array } from '../../core/typed-array.js';
import type { CarriedState } from '../execute/carried-state.js';
import type { ExecutionQueue } from '../execute/execution-queue.js';
import { unsoundSteps } from '../execute/finite-states.js';
import type { GroupStates } from '../execute/group-states.js';
import { copyNumbers, type StepProgram } from '../execute/step-program.js';
import type { StepPrograms } from '../execute/step-programs.js';
import { type StepCall, type StreamCall, type WaitingCall, WaitingCalls, type WaitingStep } from './waiting-calls.js';

/** Streams whose steps one execution computes, at most. */
const MOST_TOGETHER = 64;

/** The part of a model that steps need. */
export interface SteppingModel {
  /** Name of the only input. */
  readonly inputName: string;
  readonly queue: ExecutionQueue;
  /** @throws {OptionError} `invalid_option` for a model of several outputs */
  readonly programs: StepPrograms;
  newState(batch: number): CarriedState;
  /** Version of the parameters. @throws {UsageError} `model_disposed` */
  version(): number;
  /**
   * Executes a batch of single steps within a turn, off the event loop, and leaves the final states in the state.
   *
   * @param room for at least this many sequences
   * @returns the outputs [B * outputs]
   */
  execute(batch: Batch, state: CarriedState, room: number): Promise<Float32Array>;
  /**
   * Executes steps of one sequence within a turn, off the event loop, and leaves the final states in the state.
   *
   * @param first number of the first step in its stream
   * @returns outputs of all steps [T * outputs]
   * @throws {NumericError} `non_finite_output`; the signal's reason; the state has not changed
   */
  read(batch: Batch, state: CarriedState, first: number, signal: AbortSignal | undefined): Promise<Float32Array>;
}

/** Steps of one stream at once. */
export interface StreamBlock {
  readonly rows: Rows;
  readonly steps: number;
  readonly state: CarriedState;
}

/** A step of several sessions. */
export interface Tick {
  /** Rows of the input, one for each session. */
  readonly rows: Rows;
  readonly count: number;
  /** Places of the sessions, the first `count`. */
  readonly places: Int32Array;
  readonly states: GroupStates;
  /** Steps of a session before this one. @param position of the session in the tick */
  counted(position: number): number;
}

/** Calls between which no change of the model was requested. */
interface Group {
  readonly calls: WaitingCalls;
  /** Changes that had been requested before. */
  readonly changes: number;
}

/** The rows of several steps, one after the other. */
function joined(steps: readonly StepCall[]): Rows {
  const [{ rows: first }] = steps as readonly StepCall[] as [StepCall];
  const width = first.length;
  const all = isInt32Array(first) ? new Int32Array(width * steps.length) : new Float32Array(width * steps.length);
  for (const [at, { rows }] of steps.entries()) all.set(rows, at * width);
  return all;
}

function joinedRows(rows: readonly Float32Array[], into?: Float32Array): Float32Array {
  const width = (rows[0] as Float32Array).length;
  const all = into ?? new Float32Array(width * rows.length);
  for (const [at, row] of rows.entries()) all.set(row, at * width);
  return all;
}

/** @param length numbers of the output @throws {NumericError} `non_finite_output` where the steps are not sound */
function requireSound({ output, columns, states }: StepProgram, length: number, first: number): void {
  const finals = () => states.map(({ name, after, units }) => [name, after.subarray(0, units)] as const);
  const unsound = unsoundSteps(output.subarray(0, length), columns, finals, first);
  if (unsound !== undefined) throw unsound;
}

/** @throws {NumericError} `non_finite_output` with the positions of the sessions that are not sound */
function requireSoundTick({ output, columns, states }: StepProgram, { count, counted }: Tick): void {
  if (areFinite(output, count * columns)) return;
  const found: (readonly [position: number, error: NumericError])[] = [];
  for (let row = 0; row < count; row++) {
    const part = (values: Float32Array, width: number) => values.subarray(row * width, (row + 1) * width);
    const finals = () => states.map(({ name, after, units }) => [name, part(after, units)] as const);
    const unsound = unsoundSteps(part(output, columns), columns, finals, counted(row));
    if (unsound !== undefined) found.push([row, unsound]);
  }
  const [first] = found;
  if (first === undefined) return;
  const [position, { code, message, details }] = first;
  const positions = found.map(([row]) => row);
  const others = found.length === 1 ? '' : ` (and ${found.length - 1} more)`;
  const text = `sessions[${position}]${others}: ${message}. No session of the tick has changed`;
  throw new NumericError(code, text, { ...details, position, positions });
}

function rowOf(values: Float32Array, row: number, rows: number): Float32Array {
  const width = values.length / rows;
  return values.subarray(row * width, (row + 1) * width);
}

/**
 * Computes the calls of all streams of a model. A call takes its place among the calls of the model when it is requested: it comes
 * before the changes of the model that are requested later. Steps of several streams that wait are computed together, one of each
 * stream. A row's result does not depend on its neighbours, so each step gets the bits that it would get alone.
 */
export class StreamSteps {
  readonly #model: SteppingModel;
  /** Groups with calls that wait or work, in the order of their places; calls join the last one until a change is requested. */
  readonly #groups = new Set<Group>();
  #open: Group | undefined;

  constructor(model: SteppingModel) {
    this.#model = model;
  }

  /**
   * One call of a stream, or of a group of streams, after its earlier ones. The outputs are a new array; the state is changed when the
   * call succeeds.
   *
   * @returns outputs of the step, or what the work of the call gives
   * @throws the signal's reason; errors of the execution; {UsageError} `model_busy` where it would wait for the function that
   *   makes it
   */
  call(call: StreamCall): Promise<Float32Array> {
    this.#model.queue.requireJoinable();
    const { signal } = call;
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    return new Promise<Float32Array>((resolve, reject) => {
      const { calls } = this.#groupNow();
      const waiting: WaitingCall = { ...call, resolve, reject };
      calls.add(waiting);
      if (signal === undefined) return;
      const stop = onAbort(signal, () => {
        calls.delete(waiting);
        reject(signal.reason);
      });
      const ended = <T>(settle: (value: T) => void) => {
        return (value: T) => {
          stop();
          settle(value);
        };
      };
      waiting.resolve = ended(resolve);
      waiting.reject = ended(reject);
    });
  }

  /**
   * Steps of one stream, on the calling thread. Nothing is allocated while their number stays the same and `into` is given.
   *
   * @param use keeps programs apart: that of single steps from that of long blocks
   * @param first number of the first step in its stream
   * @param isLast whether the outputs of the last step alone are returned
   * @param into memory for the result, which has room for it; default a new array
   * @returns [T * outputs], or [outputs]
   * @throws {NumericError} `non_finite_output`; errors of the input; the state has not changed
   */
  now(
    rows: Rows,
    steps: number,
    state: CarriedState,
    use: string,
    first: number,
    isLast: boolean,
    into: Float32Array | undefined,
  ): Float32Array {
    const { queue } = this.#model;
    queue.enterNow(state);
    try {
      const version = this.#model.version();
      const { programs } = this.#model;
      const sizes = programs.sizes(steps, 1);
      programs.check(rows, sizes);
      const program = programs.program(use, sizes);
      program.input?.set(rows);
      for (const { name, before } of program.states) before?.set(state.values.get(name) as Float32Array);
      program.execute(sizes, version);
      const { output, columns } = program;
      const length = program.outputLength(sizes);
      if (!areFinite(output, length))
        requireSound(program, length, programs.hasRowsPerStep ? first : first + steps - 1);
      const count = isLast ? columns : length;
      const result = into ?? new Float32Array(count); // from here on nothing can fail
      for (const { name, after } of program.states) state.values.get(name)?.set(after);
      state.markCarried();
      copyNumbers(output, length - count, result, 0, count);
      return result;
    } finally {
      queue.leaveNow();
    }
  }

  /**
   * A block of steps of one stream, on the calling thread: all of them, or none where one fails.
   *
   * @param into memory that has room for the outputs; default a new array
   * @returns outputs of all steps [T * outputs]
   */
  runNow(rows: Rows, steps: number, state: CarriedState, first: number, into: Float32Array | undefined): Float32Array {
    const { programs } = this.#model;
    if (programs.hasRowsPerStep) return this.now(rows, steps, state, 'read', first, false, into);
    return this.#oneByOne(rows, steps, state, first, into); // apart: its function would be an object for each call above, too
  }

  #oneByOne(rows: Rows, steps: number, state: CarriedState, first: number, into: Float32Array | undefined) {
    const { queue, programs } = this.#model;
    const { width } = programs;
    const before = state.clone();
    const outputs: Float32Array[] = [];
    return queue.readNow(() => {
      try {
        for (let step = 0; step < steps; step++) {
          const row = rows.subarray(step * width, (step + 1) * width);
          outputs.push(this.now(row, 1, state, 'stream', first + step, false, undefined));
        }
      } catch (error) {
        state.copyFrom(before);
        throw error;
      }
      return joinedRows(outputs, into);
    }, state);
  }

  /** A call that reads several steps of a stream, within its turn. @returns outputs of all steps that have one [T * outputs] */
  read({ rows, steps, state }: StreamBlock, first: number, signal?: AbortSignal): Promise<Float32Array> {
    const batch = { batchSizes: new Int32Array(steps).fill(1), inputs: { [this.#model.inputName]: rows } };
    return this.#model.read(batch, state, first, signal);
  }

  /** As `runNow`, within a turn, off the event loop. */
  async run(block: StreamBlock, first: number, signal?: AbortSignal): Promise<Float32Array> {
    const { programs } = this.#model;
    if (programs.hasRowsPerStep) return this.read(block, first, signal);
    const { rows, steps, state } = block;
    const { width } = programs;
    const before = state.clone();
    const outputs: Float32Array[] = [];
    try {
      for (let step = 0; step < steps; step++) {
        const row = rows.slice(step * width, (step + 1) * width);
        outputs.push(await this.read({ rows: row, steps: 1, state }, first + step, signal));
      }
    } catch (error) {
      state.copyFrom(before);
      throw error;
    }
    return joinedRows(outputs);
  }

  /** Checks the rows of a step of several sessions. Errors as of one step. */
  checkTick(rows: Rows, count: number): void {
    const { programs } = this.#model;
    programs.check(rows, programs.sizes(1, count));
  }

  /**
   * A step of several sessions, on the calling thread: of all of them, or of none.
   *
   * @param into memory that has room for the outputs; default a new array
   * @returns [B * outputs]
   * @throws {NumericError} `non_finite_output` with the positions of the sessions; errors of the input; no state has changed
   */
  tickNow(tick: Tick, into: Float32Array | undefined): Float32Array {
    const { queue } = this.#model;
    queue.enterNow();
    try {
      const version = this.#model.version();
      this.checkTick(tick.rows, tick.count);
      const { sizes, program } = this.#beginTick(tick, 'group');
      program.execute(sizes, version);
      requireSoundTick(program, tick);
      const length = program.outputLength(sizes);
      const result = into ?? new Float32Array(length); // from here on nothing can fail
      tick.states.scatter(program, tick.places, tick.count);
      copyNumbers(program.output, 0, result, 0, length);
      return result;
    } finally {
      queue.leaveNow();
    }
  }

  /** As `tickNow`, within a turn, off the event loop; the rows have been checked. @throws the signal's reason */
  async tick(tick: Tick, signal?: AbortSignal): Promise<Float32Array> {
    const version = this.#model.version();
    const { sizes, program } = this.#beginTick(tick, 'group in turn');
    await program.start(sizes, version, signal);
    signal?.throwIfAborted(); // the call has been rejected, and the states stay
    requireSoundTick(program, tick);
    const result = program.output.slice(0, program.outputLength(sizes));
    tick.states.scatter(program, tick.places, tick.count);
    return result;
  }

  #beginTick({ rows, count, places, states }: Tick, use: string) {
    const { programs } = this.#model;
    const sizes = programs.sizes(1, count);
    const program = programs.program(use, sizes);
    program.input?.set(rows);
    states.gather(program, places, count);
    return { sizes, program };
  }

  /** Refuses all calls of a stream, or of a group, that have not begun. @param line as in their calls */
  refuseWaiting(line: object, reason: unknown): void {
    for (const { calls } of this.#groups) for (const call of calls.takeAll(line)) call.reject(reason);
  }

  /** The group that a new call joins. */
  #groupNow(): Group {
    const { changesRequested: changes } = this.#model.queue;
    if (this.#open?.changes === changes) return this.#open;
    const group: Group = { calls: new WaitingCalls(), changes };
    this.#open = group;
    this.#groups.add(group);
    this.#run(group);
    return group;
  }

  async #run(group: Group): Promise<void> {
    const { queue } = this.#model;
    const { calls } = group;
    try {
      await queue.share({}, async () => {
        while (!calls.isEmpty) await queue.turn({}, () => this.#round(calls));
        this.#close(group);
      });
    } catch (error) {
      this.#close(group);
      for (const call of calls.takeAll()) call.reject(error);
    }
  }

  #close(group: Group): void {
    this.#groups.delete(group);
    if (this.#open === group) this.#open = undefined;
  }

  /** What one turn computes: steps of several streams, or a call that reads several steps. */
  async #round(calls: WaitingCalls): Promise<void> {
    const taken = calls.takeRound(MOST_TOGETHER);
    if (!Array.isArray(taken)) return taken.work().then(taken.resolve, taken.reject);
    const [only] = taken;
    if (only === undefined) return; // all of them were aborted
    try {
      await this.#execute(taken);
    } catch (error) {
      // Nothing has changed. One of them is at fault: each gets its own result.
      if (taken.length === 1) only.reject(error);
      else for (const step of taken) await this.#execute([step]).catch((reason: unknown) => step.reject(reason));
    }
  }

  async #execute(steps: readonly WaitingStep[]): Promise<void> {
    const count = steps.length;
    const { inputName } = this.#model;
    const state = this.#model.newState(count);
    for (const [name, values] of state.values) {
      const width = values.length / count;
      for (const [at, step] of steps.entries()) {
        values.set(step.state.values.get(name) as Float32Array, at * width);
      }
    }
    const batch = { batchSizes: Int32Array.of(count), inputs: { [inputName]: joined(steps) } };
    const room = 2 ** Math.ceil(Math.log2(count));
    const outputs = await this.#model.execute(batch, state, room);
    const columns = outputs.length / count;
    for (const [at, { state: own, signal, counted, resolve, reject }] of steps.entries()) {
      if (signal?.aborted === true) continue; // it has been rejected, and its state stays
      const result = outputs.slice(at * columns, (at + 1) * columns);
      const finals = [...state.values].map(([name, values]) => [name, rowOf(values, at, count)] as const);
      const unsound = unsoundSteps(result, columns, () => finals, counted());
      if (unsound !== undefined) {
        reject(unsound);
        continue;
      }
      for (const [name, values] of finals) own.values.get(name)?.set(values);
      own.markCarried();
      resolve(result);
    }
  }
}
