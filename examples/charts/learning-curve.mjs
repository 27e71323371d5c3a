/** How a loss, or another measure, goes on in training. */
import { line } from 'd3-shape';
import { axes, COLORS, extent, legend, picture, place } from './frame.mjs';

/**
 * A line for each series; the best point of each is marked.
 *
 * @param {{ name: string, x: number[], y: number[], best?: 'least' | 'greatest' | 'none' }[]} series as many places x as values y;
 *   `best` is the least unless told otherwise
 * @param {{ title: string, xLabel: string, yLabel: string, width?: number, height?: number }} options width and height in pixels
 * @returns the text of an SVG file
 */
export function learningCurve(series, { title, xLabel, yLabel, width = 720, height = 400 }) {
  for (const { name, x, y } of series) {
    if (x.length !== y.length) throw new RangeError(`series ${name} has ${x.length} places, but ${y.length} values`);
  }
  const frame = axes({
    width,
    height,
    xDomain: extent(...series.map(({ x }) => x)),
    yDomain: extent(...series.map(({ y }) => y)),
    xLabel,
    yLabel,
  });
  const colorOf = (index) => COLORS[index % COLORS.length];
  const lines = series.flatMap(({ x, y, best = 'least' }, index) => {
    const color = colorOf(index);
    const path = line(
      (_, at) => frame.x(x[at]),
      (value) => frame.y(value),
    ).digits(2)(y);
    const parts = [`<path d="${path}" fill="none" stroke="${color}" stroke-width="2" stroke-linejoin="round"/>`];
    if (best !== 'none') {
      const at = y.indexOf(extent(y)[best === 'least' ? 0 : 1]);
      if (at >= 0)
        parts.push(`<circle cx="${place(frame.x(x[at]))}" cy="${place(frame.y(y[at]))}" r="4" fill="${color}"/>`);
    }
    return parts;
  });
  const entries = series.map(({ name }, index) => ({ name, color: colorOf(index) }));
  return picture(width, height, title, [...frame.parts, ...lines, ...legend(entries)]);
}
