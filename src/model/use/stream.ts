/** One sequence, step by step: for text generation, and for signals that arrive step by step. */

import { checkArray, checkType } from '../../batch/check-arrays.js';
import { type PlainField, type PlainSequence, rowsOfSequence } from '../../batch/plain-sequences.js';
import type { Rows } from '../../batch/rows.js';
import { DataError, RangeIndexError, ShapeError, UsageError } from '../../core/errors.js';
import type { CarriedState } from '../execute/carried-state.js';
import { checkExecutionOptions } from '../execute/execution-options.js';
import { checkStepOptions, requireRoom, written } from './step-memory.js';
import { StepRow, type StreamInput } from './step-row.js';
import type { StreamSteps } from './stream-steps.js';
import {
  requireSnapshot,
  type StreamedModel,
  type StreamReadOptions,
  type StreamState,
  type StreamStepOptions,
  streamInput,
} from './streamed-model.js';
import type { StreamCall } from './waiting-calls.js';

/**
 * A sequence that is still growing. All streams of a model share one program of a single step; each has its own state.
 *
 * `step` computes on the calling thread, at once, also while the model is trained: with the weights from before the training step
 * that works, or from after it. `stepAsync` takes its turn among the calls of the model, off the event loop, and steps of many
 * streams that wait at the same time are computed together, which is faster than one by one. `run` and `runAsync` compute a block of
 * steps in one call of the native code. All of them give the same bits.
 *
 * `step` and `run` allocate nothing when they are given a typed array, or one number, and memory for the outputs; `run` while the
 * blocks have the same number of steps.
 */
export class Stream {
  readonly #model: StreamedModel;
  readonly #state: CarriedState;
  readonly #inputName: string;
  readonly #field: PlainField;
  readonly #together: StreamSteps;
  readonly #row: StepRow;
  /** What messages call the input. */
  readonly #title: string;
  /** Asynchronous calls that wait or work. */
  #underWay = 0;
  #steps = 0;
  #closed = false;

  /** Use `model.stream()`. @param together the steps of all streams of the model @throws {UsageError} as there */
  constructor(model: StreamedModel, together: StreamSteps) {
    this.#inputName = streamInput(model);
    this.#model = model;
    this.#together = together;
    this.#state = model.newState(1);
    this.#field = model.plainForm.inputs.get(this.#inputName) as PlainField;
    this.#title = `input '${this.#inputName}'`;
    this.#row = new StepRow(this.#inputName, this.#field);
  }

  /** Steps since the beginning or the last reset. */
  get steps(): number {
    return this.#steps;
  }

  /**
   * Reads one step and returns the outputs: [outputs].
   *
   * @param input an index, or the features of the step: a number where there is one
   * @param into memory for the outputs, at least [outputs]; it is returned. Default: a new array
   * @throws {RangeIndexError} `index_out_of_range`; the state has not changed
   * @throws {ShapeError} `rank_mismatch`, `length_mismatch`
   * @throws {NumericError} `non_finite_output` when the step gives NaN, or a state that is not finite; the stream is as it was before
   * @throws {UsageError} `stream_closed`; `model_busy` while an asynchronous step of this stream works or waits, and during
   *   `model.whileIdle`
   * @example
   * const stream = model.stream();
   * const output = new Float32Array(model.outputs);
   * for (const id of [3, 1, 4]) console.log(stream.step(id, output)); // the same memory each time: nothing is allocated
   */
  step(input: StreamInput, into?: Float32Array): Float32Array {
    this.#requireOpen();
    if (into !== undefined) requireRoom(into, this.#model.outputs);
    const row = this.#row.of(input);
    this.#requireAtRest();
    const outputs = this.#together.blocks.now(row, 1, this.#state, 'stream', this.#steps, false, into);
    this.#steps++;
    return outputs;
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
  async stepAsync(input: StreamInput, options: StreamStepOptions = {}): Promise<Float32Array> {
    this.#requireOpen();
    const { signal, into } = checkStepOptions('stepAsync', options, this.#model.outputs);
    const rows = this.#checkedRow(input);
    const [line, state] = [this.#state, this.#state];
    const outputs = await this.#inTurn({ line, rows, state, signal, counted: () => this.#steps }, 1);
    return written(outputs, into);
  }

  /** A copy of the row of a step, which is refused alone: it is computed together with those of other streams. */
  #checkedRow(input: StreamInput): Rows {
    const { ids, width } = this.#field;
    const rows = this.#row.of(input);
    checkArray(this.#title, rows, ids !== undefined, width);
    const [index] = rows as ArrayLike<number> as readonly [number];
    if (ids === undefined || (index >= ids.low && index < ids.high)) return rows.slice();
    const [low, high] = [ids.low, ids.high - 1];
    const message = `${this.#inputName} has index ${index} at row 0, expected ${low}..${high}`;
    throw new RangeIndexError('index_out_of_range', message, { name: this.#inputName, row: 0, index, low, high });
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
    const rows = this.#rowsOf(inputs);
    this.#requireAtRest();
    const steps = this.#stepsOf(rows);
    const outputs = this.#together.blocks.now(rows, steps, this.#state, 'read', this.#steps, true, undefined);
    this.#steps += steps;
    return outputs;
  }

  /** As `read`, off the event loop, when its turn comes; options and errors as `stepAsync`. */
  async readAsync(inputs: PlainSequence, options: StreamReadOptions = {}): Promise<Float32Array> {
    this.#requireOpen();
    checkExecutionOptions('readAsync', options, ['signal']);
    const rows = this.#rowsOf(inputs);
    checkType(this.#title, rows, this.#field.ids !== undefined);
    const block = { rows: rows.slice(), steps: this.#stepsOf(rows), state: this.#state };
    const { signal } = options;
    const work = () => this.#together.blocks.read(block, this.#steps, signal);
    const outputs = await this.#inTurn({ line: this.#state, signal, work }, block.steps);
    return outputs.slice(-this.#model.outputs);
  }

  /**
   * Reads a block of T steps in one call of the native code, and returns the outputs of all of them, row-major: [T * outputs]. They are
   * the bits that T calls of `step` give, and the state is the one after the last. Either all steps are read, or none: an error leaves
   * the stream as it was before.
   *
   * The number of steps is free. A block that is longer than all before needs a new program; others need nothing. A network with one
   * output for each sequence (`output: 'last'`) is computed step by step.
   *
   * @param block T indices, or T rows of features one after the other; plain arrays as `predict` takes a sequence
   * @param into memory for the outputs, at least [T * outputs]; it is returned. Default: a new array
   * @throws {ShapeError} `rank_mismatch`; `shape_mismatch` where the block is not made of whole rows; `length_mismatch` where `into` is
   *   too short
   * @throws {DataError} `empty_data` for a block without steps; `non_finite_data`
   * @throws others as `step`
   * @example
   * const stream = model.stream();
   * const block = Int32Array.of(3, 1, 4); // of features: a Float32Array [T * features]
   * const outputs = stream.run(block, new Float32Array(block.length * model.outputs));
   * outputs.length; // => 6
   */
  run(block: PlainSequence, into?: Float32Array): Float32Array {
    this.#requireOpen();
    const rows = this.#rowsOf(block);
    const steps = this.#blockSteps(rows);
    if (into !== undefined) requireRoom(into, steps * this.#model.outputs);
    this.#requireAtRest();
    const outputs = this.#together.blocks.runNow(rows, steps, this.#state, this.#steps, into);
    this.#steps += steps;
    return outputs;
  }

  /** As `run`, off the event loop, when its turn comes: a block has a turn of its own. Options and errors as `stepAsync`; the block is copied. */
  async runAsync(block: PlainSequence, options: StreamStepOptions = {}): Promise<Float32Array> {
    this.#requireOpen();
    const rows = this.#rowsOf(block);
    const steps = this.#blockSteps(rows);
    const { signal, into } = checkStepOptions('runAsync', options, steps * this.#model.outputs);
    const copy = { rows: rows.slice(), steps, state: this.#state };
    const work = () => this.#together.blocks.run(copy, this.#steps, signal);
    return written(await this.#inTurn({ line: this.#state, signal, work }, steps), into);
  }

  /** Steps of a block. @throws as `run` */
  #blockSteps(rows: Rows): number {
    const { ids, width } = this.#field;
    checkType(this.#title, rows, ids !== undefined);
    if (rows.length === 0) throw new DataError('empty_data', `${this.#title} has no steps`, { name: this.#inputName });
    if (rows.length % width === 0) return rows.length / width;
    const message = `${this.#title} has ${rows.length} numbers, expected rows of ${width}: a multiple of ${width}`;
    throw new ShapeError('shape_mismatch', message, { name: this.#inputName, length: rows.length, width });
  }

  #rowsOf(inputs: PlainSequence): Rows {
    return ArrayBuffer.isView(inputs) ? inputs : this.#plainRows(inputs);
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
    const { state, steps } = requireSnapshot(snapshot);
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

  #stepsOf(rows: Rows): number {
    return Math.floor(rows.length / this.#field.width);
  }

  async #inTurn(call: StreamCall, steps: number): Promise<Float32Array> {
    this.#underWay++;
    try {
      const outputs = await this.#together.call(call);
      this.#steps += steps;
      return outputs;
    } finally {
      this.#underWay--;
    }
  }
}

function closed(): UsageError {
  return new UsageError('stream_closed', 'the stream has been closed');
}
