/** A forecast with the interval that it gives, beside what came true. */
import { area, line } from 'd3-shape';
import { axes, COLORS, extent, legend, picture } from './frame.mjs';

/**
 * The history, then the forecast's middle line in its band, then what came true.
 *
 * @param {{ history: number[], actual?: number[], median: number[], lower: number[], upper: number[] }} forecast numbers step by
 *   step; `actual` (may be shorter, or missing), `median`, `lower` and `upper` begin at the step after the history
 * @param {{ title: string, xLabel: string, yLabel: string, band: string, width?: number, height?: number }} options `band` is the
 *   name of the interval, such as '10 % to 90 %'; width and height are in pixels
 * @returns the text of an SVG file
 */
export function forecastBand(forecast, { title, xLabel, yLabel, band, width = 720, height = 400 }) {
  const { history, median, lower, upper, actual = [] } = forecast;
  for (const [name, values] of Object.entries({ lower, upper })) {
    if (values.length === median.length) continue;
    throw new RangeError(`${name} has ${values.length} steps, but the median ${median.length}`);
  }
  const frame = axes({
    width,
    height,
    xDomain: [1 - history.length, median.length],
    yDomain: extent(history, actual, median, lower, upper),
    xLabel,
    yLabel,
  });
  // Step 0 is the last one that is known, step 1 the first one of the forecast.
  const lineFrom = (step) =>
    line(
      (_, at) => frame.x(step + at),
      (value) => frame.y(value),
    ).digits(2);
  const bandOf = area()
    .x((_, at) => frame.x(1 + at))
    .y0((_, at) => frame.y(lower[at]))
    .y1((_, at) => frame.y(upper[at]))
    .digits(2);
  const [known, predicted] = ['#444', COLORS[1]];
  const [bottom, top] = frame.y.range();
  const parts = [
    `<path d="${bandOf(median)}" fill="${predicted}" fill-opacity="0.2"/>`,
    `<path d="M${frame.x(0.5).toFixed(2)} ${bottom}V${top}" stroke="#888" stroke-dasharray="3 3" fill="none"/>`,
    `<path d="${lineFrom(1 - history.length)(history)}" fill="none" stroke="${known}" stroke-width="1.5"/>`,
    `<path d="${lineFrom(1)(median)}" fill="none" stroke="${predicted}" stroke-width="2"/>`,
  ];
  /** @type {import('./frame.mjs').LegendEntry[]} */
  const entries = [
    { name: 'history', color: known },
    { name: 'forecast', color: predicted },
    { name: band, color: predicted, area: true },
  ];
  if (actual.length > 0) {
    // Also from the last known step, so that the line is not broken.
    const [first, ...rest] = [...history.slice(-1), ...actual];
    const path = lineFrom(history.length > 0 ? 0 : 1)([first, ...rest]);
    parts.push(`<path d="${path}" fill="none" stroke="${known}" stroke-width="1.5" stroke-dasharray="4 3"/>`);
    entries.push({ name: 'what came true', color: known, dash: '4 3' });
  }
  return picture(width, height, title, [...frame.parts, ...parts, ...legend(entries)]);
}
