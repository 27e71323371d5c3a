/** One sequence, step by step: for text generation, and for signals that arrive step by step. */

import type { Batch } from '../../batch/batch.js';
import { checkArray, checkType } from '../../batch/check-arrays.js';
import type { PlainForm } from '../../batch/plain-examples.js';
import { type PlainField, type PlainSequence, rowsOfSequence } from '../../batch/plain-sequences.js';
import type { Rows } from '../../batch/rows.js';
import { requireList, requireObject } from '../../core/arguments.js';
import { RangeIndexError, UsageError } from '../../core/errors.js';
import { describeValue, requireNumber } from '../../core/options.js';
import type { NetworkDescription } from '../../network/description.js';
import { notStreamable, type StreamObstacle } from '../build/causality.js';
import { type CarriedState, isState } from '../execute/carried-state.js';
import { checkExecutionOptions, type ExecutionOptions } from '../execute/execution-options.js';
import type { StreamSteps } from './stream-steps.js';
import type { StreamCall } from './waiting-calls.js';

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
}

/** Options of asynchronous steps. */
export type StreamStepOptions = Pick<ExecutionOptions, 'signal'>;

/** The state of a stream at one moment; a copy, which later steps do not change. */
export interface StreamState {
  readonly steps: number;
  readonly state: CarriedState;
}

const ONE_STEP = Int32Array.of(1);

/**
 * A sequence that is still growing. All streams of a model share one program of a single step; each has its own state.
 *
 * `step` computes on the calling thread, at once, also while the model is trained: with the weights from before the training step
 * that works, or from after it. `stepAsync` takes its turn among the calls of the model, off the event loop, and steps of many
 * streams that wait at the same time are computed together, which is faster than one by one. Both give the same bits.
 */
export class Stream {
  readonly #model: StreamedModel;
  readonly #state: CarriedState;
  readonly #inputName: string;
  readonly #field: PlainField;
  readonly #together: StreamSteps;
  /** Asynchronous calls that wait or work. */
  #underWay = 0;
  #steps = 0;
  #closed = false;

  /** Use `model.stream()`. @param together the steps of all streams of the model @throws {UsageError} as there */
  constructor(model: StreamedModel, together: StreamSteps) {
    const names = Object.keys(model.description.inputs);
    if (names.length !== 1) {
      const message = `a stream needs a model of one input, this one has ${names.length}: predict whole sequences`;
      throw new UsageError('state_mismatch', message, { inputs: names });
    }
    const obstacle = model.streamObstacle;
    if (obstacle !== undefined) throw notStreamable(obstacle, 'it has no streams; predict whole sequences');
    this.#model = model;
    this.#together = together;
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
   * @throws {NumericError} `non_finite_output` when the step gives NaN, or a state that is not finite; the stream is as it was before
   * @throws {UsageError} `stream_closed`; `model_busy` while an asynchronous step of this stream works or waits, and during
   *   `model.whileIdle`
   */
  step(input: number | readonly number[] | Float32Array): Float32Array {
    this.#requireOpen();
    return this.#execution({ batchSizes: ONE_STEP, inputs: { [this.#inputName]: this.#rowOf(input) } }, 'stream');
  }

  /**
   * As `step`, off the event loop, when its turn comes: after the earlier steps of this stream, and after the training steps that
   * were requested before it; those that are requested later wait for it, whether the earlier steps have ended or not. The input
   * is copied. After a step that fails or is stopped the stream is as it was before, and later steps go on from there.
   *
   * @param options.signal takes the step out of the queue; the promise rejects with the signal's reason
   * @throws as `step`; {UsageError} `model_disposed`; `model_busy` within a function of `model.whileIdle`, or of
   *   `model.whileUnchanged` where a training step that waits for that function would come first
   * @example
   * const streams = [model.stream(), model.stream()];
   * const outputs = await Promise.all(streams.map((stream) => stream.stepAsync(3)));
   */
  async stepAsync(
    input: number | readonly number[] | Float32Array,
    options: StreamStepOptions = {},
  ): Promise<Float32Array> {
    this.#requireOpen();
    checkExecutionOptions('stepAsync', options, ['signal']);
    const rows = this.#checkedRow(input);
    const { signal } = options;
    return this.#inTurn(rows, { steps: 1, isRead: false, signal });
  }

  /** A copy of the row of a step, which is refused alone: it is computed together with those of other streams. */
  #checkedRow(input: number | readonly number[] | Float32Array): Rows {
    const { ids, width } = this.#field;
    const rows = this.#rowOf(input);
    checkArray(`input '${this.#inputName}'`, rows, ids !== undefined, width);
    const [index] = rows as ArrayLike<number> as readonly [number];
    if (ids === undefined || (index >= ids.low && index < ids.high)) return rows.slice();
    const [low, high] = [ids.low, ids.high - 1];
    const message = `${this.#inputName} has index ${index} at row 0, expected ${low}..${high}`;
    throw new RangeIndexError('index_out_of_range', message, { name: this.#inputName, row: 0, index, low, high });
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
    return rowsOfSequence(this.#field, sequence);
  }

  /**
   * Reads several steps at once, faster than one by one, and returns the outputs of the last: [outputs].
   *
   * @param inputs indices, or rows of features, as `predict` takes a sequence
   * @throws as `step`; {DataError} `empty_data`, `non_finite_data` for plain arrays
   */
  read(inputs: PlainSequence): Float32Array {
    this.#requireOpen();
    return this.#lastOf(this.#execution(this.#batchOf(this.#rowsOf(inputs)), 'read'));
  }

  /** As `read`, off the event loop, when its turn comes; options and errors as `stepAsync`. */
  async readAsync(inputs: PlainSequence, options: StreamStepOptions = {}): Promise<Float32Array> {
    this.#requireOpen();
    checkExecutionOptions('readAsync', options, ['signal']);
    const rows = this.#rowsOf(inputs);
    checkType(`input '${this.#inputName}'`, rows, this.#field.ids !== undefined);
    const how = { steps: this.#stepsOf(rows), isRead: true, signal: options.signal };
    return this.#lastOf(await this.#inTurn(rows.slice(), how));
  }

  #rowsOf(inputs: PlainSequence): Rows {
    return ArrayBuffer.isView(inputs) ? inputs : this.#plainRows(inputs);
  }

  #lastOf(outputs: Float32Array): Float32Array {
    return outputs.slice(-this.#model.outputs);
  }

  /** Returns to the state before the first step. @throws {UsageError} `model_busy` while an asynchronous step works or waits */
  reset(): void {
    this.#requireAtRest();
    this.#state.reset();
    this.#steps = 0;
  }

  /** The state at this moment. @throws {UsageError} `model_busy` while an asynchronous step works or waits */
  snapshot(): StreamState {
    this.#requireAtRest();
    return { steps: this.#steps, state: this.#state.clone() };
  }

  /**
   * Continues from a snapshot.
   *
   * @throws {UsageError} `state_mismatch` when the snapshot belongs to another model; `model_busy` while an asynchronous step
   *   works or waits
   * @throws {DataError} `non_finite_data` for a state with NaN or an infinity; the stream is as it was before
   */
  restore(snapshot: StreamState): void {
    this.#requireAtRest();
    const { state, steps } = requireObject('a snapshot', snapshot);
    if (!isState(state)) {
      const message = `restore takes what snapshot gave, got ${describeValue(snapshot)}`;
      throw new UsageError('state_mismatch', message, { value: snapshot });
    }
    requireNumber('steps', steps, { integer: true, min: 0 });
    this.#state.copyFrom(state);
    this.#steps = steps;
  }

  /** Ends the stream: further steps are refused, and so are asynchronous ones that wait (`stream_closed`). */
  close(): void {
    this.#closed = true;
    this.#together.refuseWaiting(this.#state, closed());
  }

  #requireOpen(): void {
    if (this.#closed) throw closed();
  }

  #requireAtRest(): void {
    if (this.#underWay === 0) return;
    const message = 'an asynchronous step of this stream works or waits: wait for its promise, or use stepAsync';
    throw new UsageError('model_busy', message);
  }

  #batchOf(rows: Rows): Batch {
    const batchSizes = new Int32Array(this.#stepsOf(rows)).fill(1);
    return { batchSizes, inputs: { [this.#inputName]: rows } };
  }

  #stepsOf(rows: Rows): number {
    return Math.floor(rows.length / this.#field.width);
  }

  #execution(batch: Batch, use: string): Float32Array {
    this.#requireAtRest();
    const outputs = this.#together.now(batch, this.#state, use, this.#steps);
    this.#steps += batch.batchSizes.length;
    return outputs;
  }

  async #inTurn(rows: Rows, how: Pick<StreamCall, 'steps' | 'isRead' | 'signal'>): Promise<Float32Array> {
    this.#underWay++;
    try {
      const outputs = await this.#together.call({ ...how, rows, state: this.#state, counted: () => this.#steps });
      this.#steps += how.steps;
      return outputs;
    } finally {
      this.#underWay--;
    }
  }
}

function closed(): UsageError {
  return new UsageError('stream_closed', 'the stream has been closed');
}
