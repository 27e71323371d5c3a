/** Steps of several sessions of a group together. */
import type { Rows } from '../../batch/rows.js';
import { NumericError } from '../../core/errors.js';
import { areFinite } from '../../core/finite.js';
import { unsoundSteps } from '../execute/finite-states.js';
import type { GroupStates } from '../execute/group-states.js';
import { copyNumbers, hasFiniteStates, type StepProgram } from '../execute/step-program.js';
import type { SteppingModel } from './stepping-model.js';

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

/** @throws {NumericError} `non_finite_output` with the positions of the sessions that are not sound */
function requireSoundTick(program: StepProgram, { count, counted }: Tick): void {
  const { output, columns, states } = program;
  if (areFinite(output, count * columns) && hasFiniteStates(program, count)) return;
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

/** Executes ticks: a step of each of their sessions. */
export class StreamTicks {
  readonly #model: SteppingModel;

  constructor(model: SteppingModel) {
    this.#model = model;
  }

  /** Checks the rows of a step of several sessions. Errors as of one step. */
  check(rows: Rows, count: number): void {
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
  now(tick: Tick, into: Float32Array | undefined): Float32Array {
    const { queue } = this.#model;
    queue.enterNow();
    try {
      const version = this.#model.version();
      this.check(tick.rows, tick.count);
      const { sizes, program } = this.#begin(tick, 'group');
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

  /** As `now`, within a turn, off the event loop; the rows have been checked. @throws the signal's reason */
  async inTurn(tick: Tick, signal?: AbortSignal): Promise<Float32Array> {
    const version = this.#model.version();
    const { sizes, program } = this.#begin(tick, 'group in turn');
    await program.start(sizes, version, signal);
    signal?.throwIfAborted(); // the call has been rejected, and the states stay
    requireSoundTick(program, tick);
    const result = program.output.slice(0, program.outputLength(sizes));
    tick.states.scatter(program, tick.places, tick.count);
    return result;
  }

  #begin({ rows, count, places, states }: Tick, use: string) {
    const { programs } = this.#model;
    const sizes = programs.sizes(1, count);
    const program = programs.program(use, sizes);
    program.input?.set(rows);
    states.gather(program, places, count);
    return { sizes, program };
  }
}
