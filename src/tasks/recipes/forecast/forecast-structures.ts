/** Structures of forecasts that `auto` compares. */
import type { JsonObject } from '../../../core/json.js';
import { bodyStructures } from '../../building-blocks/body-structures.js';
import type { Structure } from '../../definition/structure.js';
import { BASELINES } from './forecast-options.js';

/** The options that the structures differ in. */
interface ForecastStructureOptions {
  readonly cell: 'rnn' | 'lstm' | 'gru';
  readonly layers: number;
  readonly units: number;
  readonly dropout: number;
  readonly baseline: string;
  readonly period: number | undefined;
  readonly mode: string;
  readonly recurrent: JsonObject;
}

/** Other baselines, which the windows are relative to, and other recurrent layers. */
export function forecastStructures(
  options: ForecastStructureOptions,
): readonly Structure<'cell' | 'layers' | 'units' | 'dropout' | 'baseline'>[] {
  const hasSeason = (options.period ?? 1) > 1;
  const others =
    options.mode === 'autoregressive'
      ? []
      : BASELINES.filter((name) => name !== options.baseline && (name !== 'season' || hasSeason));
  return [
    ...others.map((baseline) => ({ name: `baseline ${baseline}`, options: { baseline }, readsAnew: true })),
    ...bodyStructures(options),
  ];
}
