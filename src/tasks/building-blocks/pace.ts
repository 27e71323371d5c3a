/** Lets the event loop run in long computations. */
import { setImmediate } from 'node:timers/promises';
import type { Pace } from '../definition/naive-rule.js';

const SECOND_MS = 1000;
/** Longest time that a computation keeps the event loop. */
const SLICE_MS = 20;

/** Says that a computation has used up its time. */
export class TimeIsOver extends Error {}

/**
 * A pace for one computation.
 *
 * @param limit.seconds after which it is over; default: never
 * @throws {TimeIsOver} from the pace when its time is over; the signal's reason when it is aborted
 */
export function paceOf({
  seconds = Number.POSITIVE_INFINITY,
  signal,
}: {
  readonly seconds?: number;
  readonly signal?: AbortSignal | undefined;
} = {}): Pace {
  const begin = performance.now();
  let slice = begin;
  return async () => {
    const now = performance.now();
    if (now - begin > seconds * SECOND_MS) throw new TimeIsOver();
    if (now - slice < SLICE_MS) return;
    await setImmediate();
    signal?.throwIfAborted();
    slice = performance.now();
  };
}
