/** Lets the event loop run during a long computation on its thread. */
import { setImmediate } from 'node:timers/promises';

/** Longest time without a pause, beside the longest piece of work. */
const SLICE_MS = 20;

/** Slices of time. To be called between pieces of work of some milliseconds each. */
export class TimeSlices {
  #begin = performance.now();

  /** Whether the slice is over: then `pause` must be awaited. */
  get isOver(): boolean {
    return performance.now() - this.#begin >= SLICE_MS;
  }

  /** Lets the event loop run, and begins the next slice. */
  async pause(): Promise<void> {
    await setImmediate();
    this.#begin = performance.now();
  }
}

/** Work in pieces: it yields between pieces of some milliseconds each, and returns its result. */
export type Pieces<T> = Generator<undefined, T, undefined>;

/** Does all pieces at once. */
export function atOnce<T>(work: Pieces<T>): T {
  let step = work.next();
  while (step.done !== true) step = work.next();
  return step.value;
}

/** Does the pieces one after the other, and lets the event loop run between them. @throws the signal's reason, and errors of the work */
export async function inSlices<T>(work: Pieces<T>, signal?: AbortSignal): Promise<T> {
  const slices = new TimeSlices();
  let step = work.next();
  while (step.done !== true) {
    if (slices.isOver) {
      await slices.pause();
      signal?.throwIfAborted();
    }
    step = work.next();
  }
  return step.value;
}
