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
