/** The asynchronous steps of streams: those that wait at the same time are computed together. */
import type { Batch } from '../../batch/batch.js';
import type { Rows } from '../../batch/rows.js';
import { onAbort } from '../../core/on-abort.js';
import { isInt32Array } from '../../core/typed-array.js';
import type { CarriedState } from '../execute/carried-state.js';
import type { ExecutionQueue } from '../execute/execution-queue.js';

/** Streams whose steps one execution computes, at most. */
const MOST_TOGETHER = 64;

/** One step of one stream. */
export interface StreamStep {
  /** The row of the step: an index, or features. */
  readonly rows: Rows;
  /** Of one sequence. */
  readonly state: CarriedState;
  readonly signal?: AbortSignal | undefined;
}

/** The part of a model that steps need. */
export interface SteppingModel {
  /** Name of the only input. */
  readonly inputName: string;
  readonly queue: Pick<ExecutionQueue, 'share' | 'turn' | 'changesRequested'>;
  newState(batch: number): CarriedState;
  /**
   * Executes a batch of single steps within a turn, off the event loop, and leaves the final states in the state.
   *
   * @param room for at least this many sequences
   * @returns the outputs [B * outputs]
   */
  execute(batch: Batch, state: CarriedState, room: number): Promise<Float32Array>;
}

/** A step that waits. */
interface WaitingStep extends StreamStep {
  resolve(outputs: Float32Array): void;
  reject(reason: unknown): void;
}

/** Steps that may be computed together: no change of the model was requested between them. */
interface Group {
  readonly steps: Set<WaitingStep>;
  /** Changes that had been requested before. */
  readonly changes: number;
}

/** The rows of several steps, one after the other. */
function joined(steps: readonly StreamStep[]): Rows {
  const [{ rows: first }] = steps as [StreamStep];
  const width = first.length;
  const all = isInt32Array(first) ? new Int32Array(width * steps.length) : new Float32Array(width * steps.length);
  for (const [at, { rows }] of steps.entries()) all.set(rows, at * width);
  return all;
}

/**
 * Computes the steps of all streams of a model. A step waits for its turn among the calls of the model; meanwhile those of other
 * streams join it. A row's result does not depend on its neighbours, so each step gets the bits that it would get alone.
 */
export class StreamSteps {
  readonly #model: SteppingModel;
  #open: Group | undefined;

  constructor(model: SteppingModel) {
    this.#model = model;
  }

  /**
   * One step; a stream has one at a time. The outputs are a new array; the state is changed when the step succeeds.
   *
   * @throws the signal's reason; errors of the execution
   */
  step(step: StreamStep): Promise<Float32Array> {
    const { signal } = step;
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    return new Promise<Float32Array>((resolve, reject) => {
      const group = this.#groupNow();
      const waiting: WaitingStep = { ...step, resolve, reject };
      group.steps.add(waiting);
      if (signal === undefined) return;
      const stop = onAbort(signal, () => {
        group.steps.delete(waiting);
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

  /** The group that a new step joins. */
  #groupNow(): Group {
    const { queue } = this.#model;
    if (this.#open?.changes === queue.changesRequested) return this.#open;
    const group: Group = { steps: new Set(), changes: queue.changesRequested };
    this.#open = group;
    this.#run(group);
    return group;
  }

  async #run(group: Group): Promise<void> {
    const { queue } = this.#model;
    try {
      await queue.share({}, async () => {
        while (group.steps.size > 0) await queue.turn({}, () => this.#runTogether(group));
        this.#close(group);
      });
    } catch (error) {
      this.#close(group);
      for (const step of group.steps) step.reject(error);
    }
  }

  #close(group: Group): void {
    if (this.#open === group) this.#open = undefined;
  }

  async #runTogether(group: Group): Promise<void> {
    const steps = [...group.steps].slice(0, MOST_TOGETHER);
    for (const step of steps) group.steps.delete(step);
    try {
      await this.#execute(steps);
    } catch (error) {
      // Nothing has changed. One of them is at fault: each gets its own result.
      if (steps.length === 1) steps[0]?.reject(error);
      else for (const step of steps) await this.#execute([step]).catch((reason: unknown) => step.reject(reason));
    }
  }

  async #execute(steps: readonly WaitingStep[]): Promise<void> {
    const count = steps.length;
    if (count === 0) return; // all of them were aborted
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
    for (const [at, { state: own, signal, ...step }] of steps.entries()) {
      if (signal?.aborted === true) continue; // it has been rejected, and its state stays
      for (const [name, values] of state.values) {
        const width = values.length / count;
        own.values.get(name)?.set(values.subarray(at * width, (at + 1) * width));
      }
      own.markCarried();
      step.resolve(outputs.slice(at * columns, (at + 1) * columns));
    }
  }
}
