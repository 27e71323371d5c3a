/**
 * The quantile ("pinball") loss: outputs that are exceeded by given parts of the targets.
 * Source: Koenker and Bassett, "Regression quantiles", 1978.
 */
import { OptionError, ShapeError } from '../../core/errors.js';
import { describeValue, rejectUnknownKeys, requireNumber } from '../../core/options.js';
import type { EmittedLoss, LossBuildContext, LossDefinition, LossDescriptionObject } from './loss.js';
import { requireWeights, rowWeights, type WeightOptions } from './weighting.js';

/** Options of the loss. */
export interface QuantileOptions extends WeightOptions {
  /** Which quantiles, in (0, 1) and ascending: `[0.1, 0.5, 0.9]`. */
  readonly levels: readonly number[];
}

/**
 * The levels, in new frozen memory.
 *
 * @param name what they are called in messages
 * @throws {OptionError} `invalid_option` when there is none, or one lies outside (0, 1) or not above the one before
 */
export function requireLevels(name: string, levels: unknown): readonly number[] {
  if (!Array.isArray(levels) || levels.length === 0) return refuse(name, 'a list of numbers in (0, 1)', levels);
  // Not map(): it skips the holes of a sparse array.
  const checked = Array.from(levels, (level, at) =>
    requireNumber(`${name}[${at}]`, level, { exclusiveMin: 0, exclusiveMax: 1 }),
  );
  const isAscending = checked.every((level, at) => at === 0 || level > (checked[at - 1] as number));
  return isAscending ? Object.freeze(checked) : refuse(name, 'ascending', levels);
}

function refuse(name: string, expected: string, value: unknown): never {
  const message = `option '${name}' must be ${expected}, got ${describeValue(value)}`;
  throw new OptionError('invalid_option', message, { name, value });
}

/**
 * Emits the mean over all targets and levels of q (y - p) where the target y is above the prediction p, (1 - q) (p - y) where
 * it is below; the factor 2 that some write before it is left out, so that at q = 0.5 it is half the absolute error. The
 * gradient is 0 where the two are equal. A target that is NaN makes the loss NaN.
 *
 * The outputs are [R, levels * targets]: all targets of the first level, then all of the second, and so on.
 *
 * @throws {OptionError} `invalid_option` as `requireLevels`
 * @throws {ShapeError} `shape_mismatch` when there are not as many columns for every level
 */
export function emitQuantile(context: LossBuildContext, options: QuantileOptions): EmittedLoss {
  const { graph, outputs: predictions } = context;
  const levels = requireLevels('levels', options.levels);
  const { rows, columns } = predictions;
  if (columns % levels.length !== 0) {
    const message = `a quantile loss of ${levels.length} levels needs a multiple of so many outputs, got ${columns}`;
    throw new ShapeError('shape_mismatch', message, { columns, levels: levels.length });
  }
  const targets = columns / levels.length;
  const truth = context.target({ rows, columns: targets });
  const weights = rowWeights(context, options);
  const losses = levels.map((level, at) => {
    const sliced = { begin: at * targets };
    const prediction =
      levels.length === 1 ? predictions : graph.apply('slice', { x: predictions }, sliced, { D: targets }).y;
    return graph.apply('quantileLoss', { prediction, target: truth, weights }, { level });
  });
  const sum = losses.map(({ loss }) => loss).reduce((a, b) => graph.apply('add', { a, b }).y);
  const loss = levels.length === 1 ? sum : graph.apply('scale', { x: sum }, { factor: 1 / levels.length }).y;
  return { loss, total: (losses[0] as (typeof losses)[number]).total, isWeighted: weights !== undefined };
}

/** The definition of the loss. */
export const quantileLoss: LossDefinition<QuantileOptions & LossDescriptionObject> = {
  kind: 'quantile',
  fromOptions(name, options) {
    rejectUnknownKeys(name, options, ['levels', 'weights']);
    const levels = requireLevels(`${name}.levels`, options.levels);
    return Object.freeze({ kind: 'quantile', levels, ...requireWeights(name, options) });
  },
  build: (options, context) => emitQuantile(context, options),
};
