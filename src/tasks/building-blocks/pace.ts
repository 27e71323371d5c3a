/** Lets the event loop run in long computations, and ends them. */
import { TimeSlices } from '../../core/time-slices.js';
import type { Pace } from '../definition/naive-rule.js';

const SECOND_MS = 1000;

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
  const end = performance.now() + seconds * SECOND_MS;
  const slices = new TimeSlices();
  return async () => {
    if (performance.now() > end) throw new TimeIsOver();
    if (!slices.isOver) return;
    await slices.pause();
    signal?.throwIfAborted();
  };
}
