/** What every chart has: a canvas, a title, axes with round numbers, a legend. All of it is text of SVG. */
import { scaleLinear } from 'd3-scale';

/** Colours that readers with any colour vision can tell apart (Okabe and Ito 2008). */
export const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'];

const MARGIN = { top: 66, right: 20, bottom: 48, left: 64 };
const FONT = 'font-family="system-ui, sans-serif"';

/** Text that may stand in SVG, also within quotes. */
export function escapeText(text) {
  const names = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return String(text).replace(/[&<>"]/g, (character) => names[character]);
}

/** A coordinate in hundredths of a pixel, so that files stay small and equal from run to run. */
export function place(value) {
  if (!Number.isFinite(value)) throw new RangeError(`a place in a chart must be finite, got ${value}`);
  return String(Math.round(value * 100) / 100);
}

/** Text at a place; `anchor` is start, middle or end. */
export function label(x, y, text, { anchor = 'start', size = 12, fill = '#333', turn = 0, weight = 'normal' } = {}) {
  const turned = turn === 0 ? '' : ` transform="rotate(${turn} ${place(x)} ${place(y)})"`;
  return (
    `<text x="${place(x)}" y="${place(y)}" text-anchor="${anchor}" font-size="${size}" fill="${fill}" ` +
    `font-weight="${weight}"${turned}>${escapeText(text)}</text>`
  );
}

/** The whole picture, on white so that it can be read on any page. */
export function picture(width, height, title, parts) {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ${FONT} role="img">`,
    `<title>${escapeText(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    label(16, 24, title, { size: 15, fill: '#111', weight: 'bold' }),
    ...parts,
    '</svg>\n',
  ].join('\n');
}

/** The least and the greatest number of all lists. */
export function extent(...lists) {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const list of lists) {
    for (const value of list) {
      if (!Number.isFinite(value)) throw new RangeError(`a chart shows finite numbers only, got ${value}`);
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  if (low > high) throw new RangeError('a chart needs at least one number');
  return low === high ? [low - 1, high + 1] : [low, high];
}

/**
 * Two axes with their grid.
 *
 * @param options xDomain, yDomain: [least, greatest]; xLabel, yLabel: what they are and in which unit
 * @returns x and y, from numbers to pixels; `parts`, the SVG of grid and axes
 */
export function axes({ width, height, xDomain, yDomain, xLabel, yLabel }) {
  const [left, right] = [MARGIN.left, width - MARGIN.right];
  const [top, bottom] = [MARGIN.top, height - MARGIN.bottom];
  const x = scaleLinear(xDomain, [left, right]);
  const y = scaleLinear(yDomain, [bottom, top]).nice(6);
  const parts = [];
  const [xTicks, yTicks] = [x.ticks(8), y.ticks(6)];
  const [xText, yText] = [x.tickFormat(8), y.tickFormat(6)];
  for (const tick of yTicks) {
    parts.push(`<path d="M${left} ${place(y(tick))}H${right}" stroke="#e2e2e2" fill="none"/>`);
    parts.push(label(left - 8, y(tick) + 4, yText(tick), { anchor: 'end' }));
  }
  for (const tick of xTicks) {
    parts.push(`<path d="M${place(x(tick))} ${bottom}v5" stroke="#888" fill="none"/>`);
    parts.push(label(x(tick), bottom + 19, xText(tick), { anchor: 'middle' }));
  }
  parts.push(`<path d="M${left} ${bottom}H${right}" stroke="#888" fill="none"/>`);
  parts.push(label((left + right) / 2, height - 10, xLabel, { anchor: 'middle' }));
  parts.push(label(18, (top + bottom) / 2, yLabel, { anchor: 'middle', turn: -90 }));
  return { x, y, parts };
}

/** @typedef {{ name: string, color: string, dash?: string, area?: boolean }} LegendEntry A line, dashed or not, or an area. */

/**
 * The entries side by side below the title, where they cover nothing.
 *
 * @param {LegendEntry[]} entries
 */
export function legend(entries) {
  let left = MARGIN.left;
  return entries.flatMap(({ name, color, dash = 'none', area = false }) => {
    const begin = left;
    left += 50 + 7 * [...name].length;
    return [
      area
        ? `<rect x="${begin}" y="39" width="22" height="12" fill="${color}" fill-opacity="0.2"/>`
        : `<path d="M${begin} 45h22" stroke="${color}" stroke-width="2" stroke-dasharray="${dash}"/>`,
      label(begin + 28, 49, name),
    ];
  });
}
