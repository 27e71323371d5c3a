/** The layer Rescaling of Keras: numbers times a scale, plus an offset. */
import type { JsonValue } from '../../core/json.js';
import type { Conversion } from './conversion.js';
import type { Converter } from './feed-forward-layers.js';
import { describeLayer, type KerasLayer } from './keras-layer.js';
import type { KerasValue } from './keras-value.js';
import type { LayerOptions } from './layer-options.js';
import { numberRow } from './weight-sources.js';

/** x times, or plus, the numbers of an option: one for all columns, or one for each. */
function rescaled(
  to: Conversion,
  layer: KerasLayer,
  x: KerasValue,
  options: LayerOptions,
  [name, fallback]: readonly [string, number],
): KerasValue {
  const given = options.value(name) ?? fallback;
  const numbers: readonly JsonValue[] = Array.isArray(given) ? given : [given];
  const isKnown = numbers.length === 1 || numbers.length === x.columns;
  if (!isKnown || !numbers.every((number) => typeof number === 'number' && Math.abs(number) < 1e30)) {
    throw options.refuse(name, given, `expected a number, or a list of ${x.columns}, one for each column`);
  }
  const operationName = name === 'scale' ? 'multiply' : 'add';
  const [number, ...others] = new Set(numbers as readonly number[]);
  if (others.length === 0) {
    return number === fallback ? x : to.apply(operationName, [x], { number: number as number });
  }
  to.note(`The '${name}' of ${describeLayer(layer)} is a row of weights: training would change it.`);
  const row = numberRow(`'${name}' of ${describeLayer(layer)}`, numbers as readonly number[]);
  return to.apply(operationName, [x], { row: x.columns }, { row });
}

/** A number for all columns, or a list with one for each. */
export const rescalingLayer: Converter = (to, layer, inputs, options) => {
  const scaled = rescaled(to, layer, to.real(layer, inputs), options, ['scale', 1]);
  return rescaled(to, layer, scaled, options, ['offset', 0]);
};
