/** The weights of a new forecaster: those of its baseline. */
import { ConfigurationError } from '../../../core/errors.js';
import type { Model } from '../../../model/model.js';
import { type Part, sizeOf } from '../../definition/parts.js';
import { errorQuantiles } from './forecast-rules.js';
import type { WindowExample, WindowForm } from './forecast-windows.js';

/** The name of the last layer. */
const OUTPUT = 'dense';
/** Most windows whose errors are looked at. */
const MOST = 2048;

/**
 * Makes the output zero, so that the forecasts of a new model are those of its baseline; with quantiles it makes them the quantiles of the
 * errors of the baseline.
 *
 * @throws {ConfigurationError} `invalid_task` when the model has no such output
 */
export function startFromRule(model: Model, training: Part, { levels }: WindowForm): void {
  const parameter = (name: string) => {
    const found = model.parameters.get(`${OUTPUT}.${name}`)?.data;
    if (found !== undefined) return found;
    throw new ConfigurationError('invalid_task', `the layer '${OUTPUT}' has no ${name}`, { layer: OUTPUT });
  };
  parameter('weight').fill(0);
  const bias = parameter('bias').fill(0);
  if (levels.length > 0) {
    const count = sizeOf(training);
    const most = Math.min(MOST, count);
    const indices = Int32Array.from({ length: most }, (_, at) => Math.floor((at * count) / most));
    // Windows of a table are made at once, not read later.
    const examples = ('read' in training ? training.read(indices) : training) as readonly WindowExample[];
    const errors = examples.map(({ target }) => target as Float32Array);
    for (const [at, values] of errorQuantiles(errors, levels).entries()) bias.set(values, at * values.length);
  }
  model.parametersChanged();
}
