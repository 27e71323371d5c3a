import { CheckpointError } from '../../core/errors.js';
import { rejectUnknownKeys, requireNumber } from '../../core/options.js';
import type { Schedule, ScheduleContext, ScheduleState } from './schedule.js';

/** PyTorch ignores reductions that are smaller than this (its `eps`). */
const SMALLEST_REDUCTION = 1e-8;

/** Options of {@link reduceOnPlateau}. */
export interface ReduceOnPlateauOptions {
  /** What the rate is multiplied by, in (0, 1); default 0.1. */
  readonly factor?: number;
  /** Validations without improvement that are tolerated, integer >= 0; default 10. */
  readonly patience?: number;
  /** Relative improvement that counts as one, in [0, 1); default 1e-4. */
  readonly threshold?: number;
  /** Validations after a reduction during which nothing is counted, integer >= 0; default 0. */
  readonly cooldown?: number;
  /** Lowest rate, >= 0; default 0. */
  readonly minimum?: number;
}

/** A rate that drops when the validation loss has stopped falling. */
export interface ReduceOnPlateauDescription {
  readonly kind: 'reduceOnPlateau';
  readonly factor: number;
  readonly patience: number;
  readonly threshold: number;
  readonly cooldown: number;
  readonly minimum: number;
}

/**
 * The rate is multiplied by `factor` when more than `patience` validations in a row did not bring the loss below
 * `(1 - threshold)` times the best one. Needs a run with validation.
 *
 * The same as torch.optim.lr_scheduler.ReduceLROnPlateau (mode min, relative threshold).
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 */
export function reduceOnPlateau(options: ReduceOnPlateauOptions = {}): ReduceOnPlateauDescription {
  rejectUnknownKeys('reduceOnPlateau', options, ['factor', 'patience', 'threshold', 'cooldown', 'minimum']);
  return Object.freeze({
    kind: 'reduceOnPlateau' as const,
    factor: requireNumber('reduceOnPlateau.factor', options.factor ?? 0.1, { exclusiveMin: 0, exclusiveMax: 1 }),
    patience: requireNumber('reduceOnPlateau.patience', options.patience ?? 10, { min: 0, integer: true }),
    threshold: requireNumber('reduceOnPlateau.threshold', options.threshold ?? 1e-4, { min: 0, exclusiveMax: 1 }),
    cooldown: requireNumber('reduceOnPlateau.cooldown', options.cooldown ?? 0, { min: 0, integer: true }),
    minimum: requireNumber('reduceOnPlateau.minimum', options.minimum ?? 0, { min: 0 }),
  });
}

/** The schedule of {@link reduceOnPlateau}. */
export function reduceOnPlateauSchedule(description: ReduceOnPlateauDescription, context: ScheduleContext): Schedule {
  const { factor, patience, threshold, cooldown, minimum } = description;
  let rate = context.learningRate;
  let best = Number.POSITIVE_INFINITY;
  let badValidations = 0;
  let cooldownLeft = 0;
  return {
    rate: () => rate,
    observe: (validationLoss) => {
      if (validationLoss < best * (1 - threshold)) {
        best = validationLoss;
        badValidations = 0;
      } else {
        badValidations += 1;
      }
      if (cooldownLeft > 0) {
        cooldownLeft -= 1;
        badValidations = 0;
      }
      if (badValidations > patience) {
        const reduced = Math.max(rate * factor, minimum);
        if (rate - reduced > SMALLEST_REDUCTION) rate = reduced;
        cooldownLeft = cooldown;
        badValidations = 0;
      }
    },
    // JSON has no Infinity: before the first validation the best loss is null.
    state: () => ({ rate, best: Number.isFinite(best) ? best : null, badValidations, cooldownLeft }),
    restore: (state) => {
      const restored = {
        rate: requireStateNumber(state, 'rate'),
        badValidations: requireStateNumber(state, 'badValidations'),
        cooldownLeft: requireStateNumber(state, 'cooldownLeft'),
        best: state?.best === null ? Number.POSITIVE_INFINITY : requireStateNumber(state, 'best'),
      };
      ({ rate, badValidations, cooldownLeft, best } = restored);
    },
  };
}

function requireStateNumber(state: ScheduleState, name: string): number {
  const value = state?.[name];
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new CheckpointError(
    'checkpoint_mismatch',
    `schedule state: reduceOnPlateau needs the number ${name}, the checkpoint has ${JSON.stringify(value) ?? 'none'}`,
    { name: `schedule.${name}`, value },
  );
}
