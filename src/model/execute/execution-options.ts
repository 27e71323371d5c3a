/** Options of the executions of a model, and their checks. */
import { requireSignal } from '../../core/arguments.js';
import { UsageError } from '../../core/errors.js';
import { describeValue, rejectUnknownKeys, requireNumber } from '../../core/options.js';
import { requireRate } from '../../network/optimizers/definition.js';
import { hyperparameters } from '../../network/optimizers/emit-update.js';
import type { OptimizerDescription } from '../../network/optimizers/optimizer.js';
import { type CarriedState, isState } from './carried-state.js';

/** Options of an execution. */
export interface ExecutionOptions {
  /**
   * Initial states of every recurrent layer and direction, in the order in which the sequences were packed. When the
   * execution succeeds the final states replace them. Default: the states are zero at the start, and the final ones are
   * not kept. A network with a layer that looks at later steps or leaves steps out has no states to carry (`not_streamable`);
   * layers that read backwards take initial states, but not those that an execution has left.
   */
  readonly state?: CarriedState;
  /** Stops the execution before it changes anything; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Options of a training step. */
export interface TrainOptions extends ExecutionOptions {
  /** At most 1e30; default: the learning rate of the optimizer. */
  readonly learningRate?: number;
  /** Scales the gradient down to this norm; default no limit. */
  readonly clipNorm?: number;
  /** Limits every element of the gradient to this size, before the norm is measured; default no limit. */
  readonly clipValue?: number;
}

/** @throws {UsageError} `state_mismatch` when the state does not belong to a model */
export function requireState(state: unknown): void {
  if (isState(state)) return;
  throw new UsageError('state_mismatch', `state is ${describeValue(state)}, expected one that newState made`);
}

/**
 * Checks the options of an execution.
 *
 * @param allowed names of the options that this execution has
 * @throws {OptionError} `unknown_option`, `invalid_option`
 * @throws {UsageError} `state_mismatch` when the state does not belong to a model
 */
export function checkExecutionOptions(execution: string, options: ExecutionOptions, allowed: readonly string[]): void {
  rejectUnknownKeys(execution, options, allowed, ['state']);
  const { state, signal } = options;
  if (state !== undefined) requireState(state);
  requireSignal(signal); // an exception after the end of an execution would have no caller
}

/** The numbers of a training step that are set at run time. */
export interface TrainingNumbers {
  /** 0 is no limit. */
  readonly clipNorm: number;
  readonly clipValue: number;
  readonly hyperparameters: readonly number[];
  readonly seed: number;
  /** Number of training steps done before. */
  readonly step: number;
}

/**
 * The numbers of a training step, with their defaults.
 *
 * @param step training steps done before
 * @throws {OptionError} `invalid_option`
 */
export function trainingNumbers(
  { learningRate, clipNorm = 0, clipValue = 0 }: TrainOptions,
  { optimizer, seed, step }: { readonly optimizer: OptimizerDescription; readonly seed: number; readonly step: number },
): TrainingNumbers {
  const rate = requireRate('learningRate', learningRate ?? optimizer.learningRate);
  return {
    clipNorm: requireNumber('clipNorm', clipNorm, { min: 0 }),
    clipValue: requireNumber('clipValue', clipValue, { min: 0 }),
    hyperparameters: hyperparameters(optimizer, rate, step + 1),
    seed,
    step,
  };
}
