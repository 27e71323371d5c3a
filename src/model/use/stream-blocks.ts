/** Steps of one stream: single ones, and blocks that one call of the native code computes. */
import type { Rows } from '../../batch/rows.js';
import { areFinite } from '../../core/finite.js';
import type { CarriedState } from '../execute/carried-state.js';
import { unsoundSteps } from '../execute/finite-states.js';
import { copyNumbers, hasFiniteStates, type StepProgram } from '../execute/step-program.js';
import type { SteppingModel } from './stepping-model.js';

/** Steps of one stream at once. */
export interface StreamBlock {
  readonly rows: Rows;
  readonly steps: number;
  readonly state: CarriedState;
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

/** Executes steps of one stream at a time. */
export class StreamBlocks {
  readonly #model: SteppingModel;

  constructor(model: SteppingModel) {
    this.#model = model;
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
      if (!areFinite(output, length) || !hasFiniteStates(program, 1))
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
    const reached = state.clone(); // who aborts the call goes on with the state from before it, perhaps at once
    const outputs: Float32Array[] = [];
    for (let step = 0; step < steps; step++) {
      const row = rows.slice(step * width, (step + 1) * width);
      outputs.push(await this.read({ rows: row, steps: 1, state: reached }, first + step, signal));
    }
    signal?.throwIfAborted();
    state.copyFrom(reached);
    return joinedRows(outputs);
  }
}
