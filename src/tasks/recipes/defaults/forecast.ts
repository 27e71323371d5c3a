/** Defaults of `forecast`, with their reasons. */
import { LENGTH_RULES } from '../../building-blocks/training-length.js';
import type { ReasonedDefaults } from '../../definition/reasoned.js';

export const FORECAST = {
  valid: { value: 0.2, reason: 'of the rows; chosen by custom, not measured' },
  test: { value: 0.2, reason: 'of the rows; chosen by custom, not measured' },
  cell: {
    value: 'gru',
    reason: 'three quarters of the weights of an LSTM of its size; chosen by custom, not measured',
  },
  units: {
    value: [{ below: 501, units: 16 }, { below: 3001, units: 32 }, { units: 64 }],
    reason: 'by the training windows: small sets are overfitted in a few epochs by many units',
  },
  dropout: { value: 0.2, reason: 'windows overlap' },
  learningRate: { value: 1e-3, reason: 'chosen by custom, not measured' },
  schedule: { value: 'cosine', reason: 'the best weights come with a small rate at the end' },
  length: {
    value: { steps: 1500, epochs: [5, 60], batch: 64 },
    reason:
      'steps of a training, limits of its epochs, largest batch: steps until the validation error no longer falls, on sets of 100 to 10,000 rows',
  },
  ...LENGTH_RULES,
  horizon: {
    value: { usual: 24, heldOut: 1 / 2, training: 1 / 4 },
    reason:
      'a day of hours; at most half of a held-out part and a quarter of the training rows, so that there are several windows',
  },
  history: {
    value: { usual: 96, seasons: 3, most: 192, training: 1 / 3 },
    reason:
      'four days of hours, or three seasons: weights of a second and third season halve the error of weekly data with a year. At most a third of the training rows, since the other rows are what windows differ by',
  },
  fewestWindows: { value: 8, reason: 'of a training: a history that leaves fewer is shortened' },
  period: {
    value: { series: 0.4, changes: 0.25, errors: 3, rise: 0.2, repeated: 0.5, alike: 0.9 },
    reason:
      'by the time between the rows, else the strongest period of the autocorrelation. It must reach the thresholds of the series or of its changes, in which a trend or a random walk leaves no waves, and be so many standard errors of noise, which few rows have; stand out above the smallest one before it; and leave so much after another period: the waves of a random walk do not go on. Of periods that are about as strong the shortest one counts: its multiples repeat it. How strong is enough was chosen by custom, not measured',
  },
  periodRows: {
    value: { columns: 8, newest: 8192, longest: 400, part: 1 / 4 },
    reason:
      'columns and newest rows whose autocorrelation is looked at, since the season of a table is that of most columns; the longest period in rows, and as a part of them. Chosen by custom, not measured',
  },
  baseline: {
    value: { rule: 'linear', same: 1e-6 },
    reason:
      'the linear autoregression has the simpler rules in it: it is shrunk towards the best of them as far as windows do not tell it apart, and goes by the name of a rule whose error is the same but for the digits of weights. On 150 series of 70 to 1,200 rows it was behind the best simple rule by 4 % in the mean; the rule with the smallest error in the validation part was so by 11 %',
  },
  scaling: {
    value: { ratio: 3 },
    reason:
      'larger deviations between the series of a table than this ratio scale each window: one scale would hide the small series',
  },
  mode: { value: 'direct', reason: 'all steps in one output; chosen by custom, not measured' },
  fallback: { value: 'yes', reason: 'a network that is not ahead of its baseline is of no use' },
  gaps: {
    value: 'fill',
    reason:
      'a season keeps its place: with ten hours absent seven hours before the end of an hourly sine, the root mean square error of the next day is 2.3 where the season fills them in, 7.7 where a line does, 50 where rows follow each other, and 2.2 with all rows',
  },
} as const satisfies ReasonedDefaults;
