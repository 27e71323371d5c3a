/** The asynchronous calls of streams: steps that wait at the same time are computed together. */
import type { Rows } from '../../batch/rows.js';
import { onAbort } from '../../core/on-abort.js';
import { isInt32Array } from '../../core/typed-array.js';
import { unsoundSteps } from '../execute/finite-states.js';
import type { SteppingModel } from './stepping-model.js';
import { StreamBlocks } from './stream-blocks.js';
import { StreamTicks } from './stream-ticks.js';
import { type StepCall, type StreamCall, type WaitingCall, WaitingCalls, type WaitingStep } from './waiting-calls.js';

/** Streams whose steps one execution computes, at most. */
const MOST_TOGETHER = 64;

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
  /** Steps of one stream, on the calling thread, or within the turn of a call. */
  readonly blocks: StreamBlocks;
  /** Steps of several sessions of a group, likewise. */
  readonly ticks: StreamTicks;
  readonly #model: SteppingModel;
  /** Groups with calls that wait or work, in the order of their places; calls join the last one until a change is requested. */
  readonly #groups = new Set<Group>();
  #open: Group | undefined;

  constructor(model: SteppingModel) {
    this.#model = model;
    this.blocks = new StreamBlocks(model);
    this.ticks = new StreamTicks(model);
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
