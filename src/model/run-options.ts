/** Options of the runs of a model, and their checks. */
import { OptionError, UsageError } from '../core/errors.js';
import { describeValue, rejectUnknownKeys, requireNumber } from '../core/options.js';
import { CarriedState } from './carried-state.js';

/** Options of a run. */
export interface RunOptions {
  /** Initial states; replaced by the final ones when the run succeeds. Zero and forgotten where it is left out. */
  readonly state?: CarriedState;
  /** Stops the run before it changes anything; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Options of a training step. */
export interface TrainOptions extends RunOptions {
  /** Default that of the optimizer. */
  readonly learningRate?: number;
  /** Scales the gradient down to this norm; default no limit. */
  readonly clipNorm?: number;
  /** Limits every element of the gradient to this size, before the norm is measured; default no limit. */
  readonly clipValue?: number;
}

/**
 * Checks the options of a run.
 *
 * @param allowed names of the options that this run has
 * @throws {OptionError} `unknown_option`, `invalid_option`
 * @throws {UsageError} `state_mismatch` when the state is none of a model's
 */
export function checkRunOptions(run: string, options: RunOptions, allowed: readonly string[]): void {
  rejectUnknownKeys(run, options, allowed);
  const { state, signal } = options;
  if (state !== undefined && !(state instanceof CarriedState)) {
    throw new UsageError('state_mismatch', `state is ${describeValue(state)}, expected one that model.newState made`);
  }
  // Both are called: an exception when a run has ended would have no caller to go to.
  const isSignal = typeof signal?.addEventListener === 'function' && typeof signal.removeEventListener === 'function';
  if (signal !== undefined && !isSignal) {
    const message = `option 'signal' must be an AbortSignal, got ${describeValue(signal)}`;
    throw new OptionError('invalid_option', message, { name: 'signal', value: signal });
  }
}

/** The numbers of a training step, with their defaults; 0 is no limit. @throws {OptionError} `invalid_option` */
export function trainingNumbers(
  { learningRate, clipNorm = 0, clipValue = 0 }: TrainOptions,
  defaultLearningRate: number,
): { readonly learningRate: number; readonly clipNorm: number; readonly clipValue: number } {
  return {
    learningRate: requireNumber('learningRate', learningRate ?? defaultLearningRate, { min: 0 }),
    clipNorm: requireNumber('clipNorm', clipNorm, { min: 0 }),
    clipValue: requireNumber('clipValue', clipValue, { min: 0 }),
  };
}
