/** Simple forecasts as weights of the features of windows. */
import type { FeatureWeights, Moments } from './window-moments.js';

/** The weights that follow from windows. */
export type WeightsOf = (fit: Moments) => FeatureWeights;

/** The last season, again and again; with a period of 1 the last known step, the difference from which is 0. */
export function seasonWeights(period: number): WeightsOf {
  return ({ size, horizon }) => {
    const weights = new Float64Array(size * horizon);
    for (let step = 0; step < horizon; step++) {
      // The last known step is a feature by itself: the difference from it is none.
      const back = period - (step % period);
      if (back > 1) weights[(size - 1 - back) * horizon + step] = 1;
    }
    return weights;
  };
}

/** The mean of the last known steps of the windows. */
export const meanWeights: WeightsOf = ({ size, horizon, count, features }) => {
  const [last, one] = [size - 2, size - 1];
  const mean = (features[last * size + one] as number) / Math.max(1, count);
  return new Float64Array(size * horizon).fill(-1, last * horizon, one * horizon).fill(mean, one * horizon);
};
