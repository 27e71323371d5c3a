/** One sequence, step by step: for text generation, and for signals that arrive step by step. */

import type { Batch } from '../../batch/batch.js';
import { RangeIndexError, UsageError } from '../../core/errors.js';
import type { NetworkDescription } from '../../network/description.js';
import { notStreamable, type StreamObstacle } from '../build/causality.js';
import type { CarriedState } from '../execute/carried-state.js';
import type { ExecutionOptions } from '../execute/execution-options.js';

/** The part of a model that a stream needs. */
export interface StreamedModel {
  readonly description: NetworkDescription;
  /** The first layer that cannot be read step by step. */
  readonly streamObstacle: StreamObstacle | undefined;
  newState(batch: number): CarriedState;
  /** Numbers in a row of the output. */
  readonly outputs: number;
  predictPackedSync(batch: Batch, options: Pick<ExecutionOptions, 'state'> & { readonly use?: string }): Float32Array;
}

/** The state of a stream at one moment; a copy, which later steps do not change. */
export interface StreamState {
  readonly steps: number;
  readonly state: CarriedState;
}

const ONE_STEP = Int32Array.of(1);

/** A sequence that is still growing. All streams of a model share one program of a single step; each has its own state. */
export class Stream {
  readonly #model: StreamedModel;
  readonly #state: CarriedState;
  readonly #inputName: string;
  #steps = 0;
  #closed = false;

  /** Use `model.stream()`. @throws {UsageError} as there */
  constructor(model: StreamedModel) {
    const obstacle = model.streamObstacle;
    if (obstacle !== undefined) throw notStreamable(obstacle, 'it has no streams; predict whole sequences');
    const names = Object.keys(model.description.inputs);
    if (names.length !== 1) {
      const message = `a stream needs a model of one input, this one has ${names.length}`;
      throw new UsageError('state_mismatch', message, { inputs: names });
    }
    this.#model = model;
    this.#state = model.newState(1);
    this.#inputName = names[0] as string;
  }

  /** Steps since the beginning or the last reset. */
  get steps(): number {
    return this.#steps;
  }

  /**
   * Reads one step and returns the outputs [outputs] as a new array.
   *
   * @param input an index, or the features of the step
   * @throws {RangeIndexError} `index_out_of_range`; the state has not changed
   * @throws {ShapeError} `rank_mismatch`, `length_mismatch`
   * @throws {UsageError} `stream_closed`, `model_busy` while the model trains
   */
  step(input: number | Float32Array): Float32Array {
    const rows = typeof input === 'number' ? Int32Array.of(input) : input;
    // A typed array would turn NaN into 0 and 1.5 into 1.
    if (typeof input === 'number' && rows[0] !== input) {
      const message = `${this.#inputName} has index ${input}, expected a whole number of 32 bits`;
      throw new RangeIndexError('index_out_of_range', message, { name: this.#inputName, row: 0, index: input });
    }
    return this.#execution({ batchSizes: ONE_STEP, inputs: { [this.#inputName]: rows } }, 'stream');
  }

  /**
   * Reads several steps at once, faster than one by one, and returns the outputs of the last: [outputs].
   * Errors as `step`.
   */
  read(inputs: Int32Array): Float32Array {
    const batchSizes = new Int32Array(inputs.length).fill(1);
    const outputs = this.#execution({ batchSizes, inputs: { [this.#inputName]: inputs } }, 'read');
    return outputs.slice(-this.#model.outputs);
  }

  /** Returns to the state before the first step. */
  reset(): void {
    this.#state.reset();
    this.#steps = 0;
  }

  /** The state at this moment. */
  snapshot(): StreamState {
    return { steps: this.#steps, state: this.#state.clone() };
  }

  /** Continues from a snapshot. @throws {UsageError} `state_mismatch` when the snapshot belongs to another model */
  restore(snapshot: StreamState): void {
    this.#state.copyFrom(snapshot.state);
    this.#steps = snapshot.steps;
  }

  /** Ends the stream; further steps are refused. */
  close(): void {
    this.#closed = true;
  }

  #execution(batch: Batch, use: string): Float32Array {
    if (this.#closed) throw new UsageError('stream_closed', 'the stream has been closed');
    const outputs = this.#model.predictPackedSync(batch, { state: this.#state, use });
    this.#steps += batch.batchSizes.length;
    return outputs;
  }
}
