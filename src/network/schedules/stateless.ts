import { CheckpointError } from '../../core/errors.js';
import type { Schedule } from './schedule.js';

/** A schedule that depends on step and epoch only: `rate` is the whole of it. */
export function stateless(rate: (step: number, epoch: number) => number): Schedule {
  return {
    rate,
    observe: () => {},
    state: () => null,
    restore: (state) => {
      if (state !== null) {
        throw new CheckpointError(
          'checkpoint_mismatch',
          'schedule state: this schedule has none, the checkpoint has one',
          {
            name: 'schedule',
          },
        );
      }
    },
  };
}
