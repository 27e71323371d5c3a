import { OptionError } from '../../core/errors.js';
import { rejectUnknownKeys, requireNumber, requireOneOf } from '../../core/options.js';
import type { Schedule, ScheduleContext } from './schedule.js';
import { stateless } from './stateless.js';

/** Options of {@link oneCycle}. */
export interface OneCycleOptions {
  /** Highest rate, > 0; default the learning rate of the optimizer. */
  readonly maximum?: number;
  /** Optimizer steps of the whole cycle, integer >= 1; default the length of the run. Give at most one of `steps` and `epochs`. */
  readonly steps?: number;
  /** The same in epochs, > 0; needs a run whose epochs have a known length. */
  readonly epochs?: number;
  /** Part of the cycle in which the rate rises, in [0, 1], with three phases in [0, 0.5]; default 0.3. */
  readonly warmUp?: number;
  /** The first rate is the maximum divided by this, >= 1; default 25. */
  readonly startDivisor?: number;
  /** The last rate is the first one divided by this, >= 1; default 1e4. */
  readonly endDivisor?: number;
  /** How the rate goes from one end of a phase to the other; default `cosine`. */
  readonly shape?: 'cosine' | 'linear';
  /** Whether the rate falls back to the first one in as many steps as it rose, and only then to the last; default false. */
  readonly threePhase?: boolean;
}

/** A rate that rises once and falls once over the run. */
export interface OneCycleDescription {
  readonly kind: 'oneCycle';
  readonly maximum?: number;
  readonly steps?: number;
  readonly epochs?: number;
  readonly warmUp: number;
  readonly startDivisor: number;
  readonly endDivisor: number;
  readonly shape: 'cosine' | 'linear';
  readonly threePhase: boolean;
}

/** Names of the options. */
export const ONE_CYCLE_OPTIONS = [
  'maximum',
  'steps',
  'epochs',
  'warmUp',
  'startDivisor',
  'endDivisor',
  'shape',
  'threePhase',
] as const satisfies readonly (keyof OneCycleOptions)[];

/**
 * One cycle: from `maximum / startDivisor` up to `maximum`, then down to `maximum / startDivisor / endDivisor`, step by step; behind
 * the cycle the rate stays there.
 *
 * Smith & Topin 2019; the same rates as torch.optim.lr_scheduler.OneCycleLR with `cycle_momentum=False`: it changes the learning
 * rate alone, never the momentum of the optimizer.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @example new Trainer(model, { epochs: 20, schedule: oneCycle({ maximum: 1e-2 }) })
 */
export function oneCycle(options: OneCycleOptions = {}): OneCycleDescription {
  rejectUnknownKeys('oneCycle', options, ONE_CYCLE_OPTIONS);
  const { maximum, steps, epochs, warmUp = 0.3, startDivisor = 25, endDivisor = 1e4 } = options;
  const { shape = 'cosine', threePhase = false } = options;
  if (steps !== undefined && epochs !== undefined) {
    throw new OptionError('invalid_option', 'oneCycle takes either steps or epochs, not both', {
      name: 'oneCycle.steps',
    });
  }
  requireOneOf('oneCycle.threePhase', threePhase, [true, false]);
  return Object.freeze({
    kind: 'oneCycle' as const,
    ...(maximum !== undefined && { maximum: requireNumber('oneCycle.maximum', maximum, { exclusiveMin: 0 }) }),
    ...(steps !== undefined && { steps: requireNumber('oneCycle.steps', steps, { min: 1, integer: true }) }),
    ...(epochs !== undefined && { epochs: requireNumber('oneCycle.epochs', epochs, { exclusiveMin: 0 }) }),
    warmUp: requireNumber('oneCycle.warmUp', warmUp, { min: 0, max: threePhase ? 0.5 : 1 }),
    startDivisor: requireNumber('oneCycle.startDivisor', startDivisor, { min: 1 }),
    endDivisor: requireNumber('oneCycle.endDivisor', endDivisor, { min: 1 }),
    shape: requireOneOf('oneCycle.shape', shape, ['cosine', 'linear']),
    threePhase,
  });
}

/** Length of the cycle in optimizer steps. @throws {OptionError} `invalid_option` when nothing says it */
function cycleSteps({ steps, epochs }: OneCycleDescription, { totalSteps, stepsPerEpoch }: ScheduleContext): number {
  if (epochs !== undefined && stepsPerEpoch !== undefined) return Math.max(1, Math.round(epochs * stepsPerEpoch));
  const known = steps ?? (epochs === undefined ? totalSteps : undefined);
  if (known !== undefined) return known;
  const what = epochs === undefined ? 'this run' : 'an epoch';
  const message = `oneCycle.steps must be given: the length of ${what} is not known beforehand`;
  throw new OptionError('invalid_option', message, { name: 'oneCycle.steps' });
}

/**
 * The schedule of {@link oneCycle}.
 *
 * @throws {OptionError} `invalid_option` when neither the description nor the run says how many steps there are
 */
export function oneCycleSchedule(description: OneCycleDescription, context: ScheduleContext): Schedule {
  const { warmUp, startDivisor, endDivisor, shape, threePhase } = description;
  const steps = cycleSteps(description, context);
  const { maximum = context.learningRate } = description;
  const first = maximum / startDivisor;
  const last = first / endDivisor;
  const top = { end: warmUp * steps - 1, rate: maximum };
  const points = [{ end: 0, rate: first }, top, { end: steps - 1, rate: last }];
  if (threePhase) points.splice(2, 0, { end: 2 * warmUp * steps - 2, rate: first });
  return stateless((step) => {
    if (step >= steps) return last;
    const at = points.findIndex(({ end }, index) => index > 0 && step <= end);
    const [from, to] = [points[at - 1], points[at]] as [typeof top, typeof top];
    const width = to.end - from.end;
    // A phase of no width has no middle: it is at its end.
    const part = width === 0 ? 1 : (step - from.end) / width;
    if (shape === 'linear') return from.rate + (to.rate - from.rate) * part;
    return to.rate + ((from.rate - to.rate) / 2) * (1 + Math.cos(Math.PI * part));
  });
}
