/** One sequence, step by step: for text generation, and for signals that arrive step by step. */

import type { Batch } from '../../batch/batch.js';
import type { PlainForm } from '../../batch/plain-examples.js';
import { type PlainField, type PlainSequence, plainRows } from '../../batch/plain-sequences.js';
import type { Rows } from '../../batch/rows.js';
import { requireList, requireObject } from '../../core/arguments.js';
import { RangeIndexError, UsageError } from '../../core/errors.js';
import { describeValue, requireNumber } from '../../core/options.js';
import type { NetworkDescription } from '../../network/description.js';
import { notStreamable, type StreamObstacle } from '../build/causality.js';
import { type CarriedState, isState } from '../execute/carried-state.js';
import type { ExecutionOptions } from '../execute/execution-options.js';

/** The part of a model that a stream needs. */
export interface StreamedModel {
  readonly description: NetworkDescription;
  /** The first layer that cannot be read step by step. */
  readonly streamObstacle: StreamObstacle | undefined;
  /** The form of a sequence. */
  readonly plainForm: Pick<PlainForm, 'inputs'>;
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
  readonly #field: PlainField;
  #steps = 0;
  #closed = false;

  /** Use `model.stream()`. @throws {UsageError} as there */
  constructor(model: StreamedModel) {
    const names = Object.keys(model.description.inputs);
    if (names.length !== 1) {
      const message = `a stream needs a model of one input, this one has ${names.length}: predict whole sequences`;
      throw new UsageError('state_mismatch', message, { inputs: names });
    }
    const obstacle = model.streamObstacle;
    if (obstacle !== undefined) throw notStreamable(obstacle, 'it has no streams; predict whole sequences');
    this.#model = model;
    this.#state = model.newState(1);
    this.#inputName = names[0] as string;
    this.#field = model.plainForm.inputs.get(this.#inputName) as PlainField;
  }

  /** Steps since the beginning or the last reset. */
  get steps(): number {
    return this.#steps;
  }

  /**
   * Reads one step and returns the outputs [outputs] as a new array.
   *
   * @param input an index, or the features of the step: a number where there is one
   * @throws {RangeIndexError} `index_out_of_range`; the state has not changed
   * @throws {ShapeError} `rank_mismatch`, `length_mismatch`
   * @throws {UsageError} `stream_closed`, `model_busy` while a training step of the model works
   */
  step(input: number | readonly number[] | Float32Array): Float32Array {
    return this.#execution(ONE_STEP, this.#rowOf(input), 'stream');
  }

  #rowOf(input: number | readonly number[] | Float32Array): Rows {
    if (ArrayBuffer.isView(input)) return input;
    if (this.#field.ids === undefined) return this.#plainRows([typeof input === 'number' ? [input] : input]);
    const [index = Number.NaN, ...others] = typeof input === 'number' ? [input] : requireList('a step', input);
    // A typed array would turn NaN into 0 and 1.5 into 1.
    if (others.length === 0 && Int32Array.of(index)[0] === index) return Int32Array.of(index);
    const message = `${this.#inputName} has index ${describeValue(input)}, expected a whole number of 32 bits`;
    throw new RangeIndexError('index_out_of_range', message, { name: this.#inputName, row: 0, index: input });
  }

  #plainRows(sequence: PlainSequence): Rows {
    return plainRows(this.#field, [sequence])[0] as Rows;
  }

  /**
   * Reads several steps at once, faster than one by one, and returns the outputs of the last: [outputs].
   *
   * @param inputs indices, or rows of features, as `predict` takes a sequence
   * @throws as `step`; {DataError} `empty_data`, `non_finite_data` for plain arrays
   */
  read(inputs: PlainSequence): Float32Array {
    const rows = ArrayBuffer.isView(inputs) ? inputs : this.#plainRows(inputs);
    const outputs = this.#execution(new Int32Array(rows.length / this.#field.width).fill(1), rows, 'read');
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
    const { state, steps } = requireObject('a snapshot', snapshot);
    if (!isState(state)) {
      const message = `restore takes what snapshot gave, got ${describeValue(snapshot)}`;
      throw new UsageError('state_mismatch', message, { value: snapshot });
    }
    requireNumber('steps', steps, { integer: true, min: 0 });
    this.#state.copyFrom(state);
    this.#steps = steps;
  }

  /** Ends the stream; further steps are refused. */
  close(): void {
    this.#closed = true;
  }

  #execution(batchSizes: Int32Array, rows: Rows, use: string): Float32Array {
    if (this.#closed) throw new UsageError('stream_closed', 'the stream has been closed');
    const batch = { batchSizes, inputs: { [this.#inputName]: rows } };
    const outputs = this.#model.predictPackedSync(batch, { state: this.#state, use });
    this.#steps += batchSizes.length;
    return outputs;
  }
}
