import type { Schedule, ScheduleContext } from './schedule.js';
import { stateless } from './stateless.js';

/** The optimizer's learning rate throughout. */
export interface ConstantDescription {
  readonly kind: 'constant';
}

/**
 * Constant learning rate, that of the optimizer.
 *
 * @example const trainer = new Trainer(model, { epochs: 10, schedule: constant() });
 */
export function constant(): ConstantDescription {
  return Object.freeze({ kind: 'constant' as const });
}

/** The schedule of {@link constant}. */
export function constantSchedule(_description: ConstantDescription, context: ScheduleContext): Schedule {
  return stateless(() => context.learningRate);
}
