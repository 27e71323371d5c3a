/** All descriptions of learning-rate schedules. */
import type { ConstantDescription } from './constant.js';
import type { CosineDescription } from './cosine.js';
import type { ExponentialDescription } from './exponential.js';
import type { OneCycleDescription } from './one-cycle.js';
import type { ReduceOnPlateauDescription } from './reduce-on-plateau.js';
import type { StepDecayDescription } from './step-decay.js';

/** Any learning-rate schedule as frozen JSON data; it is saved with the run. */
export type ScheduleDescription =
  | ConstantDescription
  | StepDecayDescription
  | ExponentialDescription
  | CosineDescription
  | OneCycleDescription
  | WarmUpDescription
  | ReduceOnPlateauDescription
  | DefinedSchedule;

declare const isDefined: unique symbol;

/** Description of a schedule that a user has defined; only what `defineSchedule` returns makes such. */
export interface DefinedSchedule {
  readonly kind: string;
  readonly [isDefined]: true;
}

/** A rate that rises linearly before another schedule takes over. */
export interface WarmUpDescription {
  readonly kind: 'warmUp';
  readonly steps?: number;
  readonly epochs?: number;
  readonly start: number;
  readonly then: ScheduleDescription;
}
