/** Settings of a compilation, and their checks. */
import { rejectUnknownKeys, requireNumber, requireOneOf } from '../../core/options.js';
import { threadCount } from '../../native/threads.js';
import type { NetworkDescription } from '../../network/description.js';
import { requireInitializer } from '../../network/initializers/initializer.js';
import { optimizerFromJSON } from '../../network/optimizers/named-optimizer.js';
import { adam, type OptimizerDescription } from '../../network/optimizers/optimizer.js';
import { checkLosses, type LossOptions, type ModelLoss } from '../../network/output-losses.js';
import { PRECISIONS, type Precision } from './precision.js';

/** Settings of a model or a cell. */
export interface ParameterOptions {
  /** Default `adam()`. */
  readonly optimizer?: OptimizerDescription;
  /** Seed of all random numbers in the model: initial values, dropout. Integer >= 0, default 1. */
  readonly seed?: number;
  /** Threads that an execution uses at most; default `BPTT_THREADS`, else all processors. Results do not depend on it. */
  readonly threads?: number;
  /** Initial values, as in layers/initializer; default `default`. */
  readonly initializer?: string;
  /**
   * `float32` (the default) or `bf16`: products with weights are computed in bfloat16 and summed in float32. Parameters and all else
   * stay float32.
   */
  readonly precision?: Precision;
}

/** Settings of a compilation. */
export interface CompileOptions extends ParameterOptions, LossOptions {}

/** Settings of a compilation with their defaults. */
export interface CheckedCompileOptions extends Required<ParameterOptions> {
  readonly loss: ModelLoss;
}

/** Each option has its name here: the compiler asks for those that are missing. */
const PARAMETER_NAMES: Readonly<Record<keyof ParameterOptions, true>> = {
  optimizer: true,
  seed: true,
  threads: true,
  initializer: true,
  precision: true,
};
const LOSS_NAMES: Readonly<Record<keyof LossOptions, true>> = { loss: true, losses: true, lossWeights: true };
const LOSS_OPTIONS = Object.keys(LOSS_NAMES);
const PARAMETER_OPTIONS = Object.keys(PARAMETER_NAMES);

/** The names of all settings of a compilation. */
export const COMPILE_OPTIONS: readonly string[] = [...PARAMETER_OPTIONS, ...LOSS_OPTIONS];

/**
 * The settings with their defaults.
 *
 * @param owner name of the function, for messages
 * @param others names of further options, which the caller checks
 * @throws {OptionError} `invalid_option`, `unknown_option`
 */
export function checkParameterOptions(
  owner: string,
  options: ParameterOptions,
  others: readonly string[],
): Required<ParameterOptions> {
  rejectUnknownKeys(owner, options, [...others, ...PARAMETER_OPTIONS]);
  const { optimizer = adam(), seed = 1, threads, initializer = 'default', precision = 'float32' } = options;
  return {
    optimizer: optimizerFromJSON(optimizer),
    seed: requireNumber('seed', seed, { min: 0, integer: true }),
    threads: threadCount(threads),
    initializer: requireInitializer(initializer),
    precision: requireOneOf('precision', precision, PRECISIONS),
  };
}

/** As `checkParameterOptions`, with the losses. */
export function checkCompileOptions(description: NetworkDescription, options: CompileOptions): CheckedCompileOptions {
  const checked = checkParameterOptions('compile', options, LOSS_OPTIONS);
  return { ...checked, loss: checkLosses(description, options) };
}
