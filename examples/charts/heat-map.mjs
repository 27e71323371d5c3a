/** A matrix as coloured cells: attention, confusion of classes. */
import { scaleLinear } from 'd3-scale';
import { escapeText, extent, label, picture, place } from './frame.mjs';

/** From white to dark blue, darker by even steps (ColorBrewer's Blues). */
const SHADES = ['#f7fbff', '#c6dbef', '#6baed6', '#2171b5', '#08306b'];

/** Pixels that the longest name takes at 12 pixels a character's height. Characters of East Asia are twice as wide. */
function nameWidth(names) {
  return names.reduce((most, name) => {
    const units = [...name].reduce((sum, character) => sum + (character.codePointAt(0) > 0x2e7f ? 12.5 : 7), 0);
    return Math.max(most, units);
  }, 0);
}

/**
 * A cell for each number, darker for greater ones; the rows from the top.
 *
 * @param {number[][]} matrix rows of one length
 * @param {{ rows: string[], columns: string[] }} labels a name for each row and column
 * @param {object} options
 * @param {string} options.title
 * @param {string} options.rowLabel what the rows are
 * @param {string} options.columnLabel what the columns are
 * @param {number} [options.cell] side of a cell in pixels
 * @param {(value: number) => string} [options.numbers] the text in the cell of a number; none by default
 * @param {boolean} [options.zeroBased] whether colours begin at 0 rather than at the least number
 * @returns the text of an SVG file
 */
export function heatMap(matrix, labels, { title, rowLabel, columnLabel, cell = 32, numbers, zeroBased = true }) {
  const { rows, columns } = labels;
  if (matrix.length !== rows.length) throw new RangeError(`there are ${matrix.length} rows, but ${rows.length} names`);
  for (const [index, row] of matrix.entries()) {
    if (row.length === columns.length) continue;
    throw new RangeError(`row ${index} has ${row.length} numbers, but there are ${columns.length} names of columns`);
  }
  const [low, high] = extent(...matrix);
  const begin = zeroBased ? Math.min(0, low) : low;
  const shade = scaleLinear(
    SHADES.map((_, index) => begin + ((high - begin) * index) / (SHADES.length - 1)),
    SHADES,
  );
  const turned = nameWidth(columns) > cell - 4;
  const left = 44 + nameWidth(rows);
  const top = 68 + (turned ? nameWidth(columns) * 0.71 + 8 : 16);
  const [right, bottom] = [left + cell * columns.length, top + cell * rows.length];
  // Turned names reach beyond the last column.
  const width = Math.ceil(Math.max(right + 76 + (turned ? nameWidth(columns) * 0.3 : 0), 60 + title.length * 8.5));
  const height = Math.ceil(Math.max(bottom + 20, top + 140));
  const parts = [
    label((left + right) / 2, 52, columnLabel, { anchor: 'middle' }),
    label(18, (top + bottom) / 2, rowLabel, { anchor: 'middle', turn: -90 }),
  ];
  for (const [index, name] of columns.entries()) {
    const x = left + cell * (index + 0.5);
    parts.push(turned ? label(x, top - 8, name, { turn: -45 }) : label(x, top - 8, name, { anchor: 'middle' }));
  }
  for (const [index, row] of matrix.entries()) {
    const y = top + cell * index;
    parts.push(label(left - 8, y + cell / 2 + 4, rows[index], { anchor: 'end' }));
    for (const [column, value] of row.entries()) {
      const x = left + cell * column;
      const tip = escapeText(`${rows[index]}, ${columns[column]}: ${value}`);
      parts.push(
        `<rect x="${place(x)}" y="${place(y)}" width="${cell}" height="${cell}" fill="${shade(value)}" stroke="#fff"><title>${tip}</title></rect>`,
      );
      if (numbers === undefined) continue;
      const fill = value - begin > 0.55 * (high - begin) ? '#fff' : '#222';
      parts.push(label(x + cell / 2, y + cell / 2 + 4, numbers(value), { anchor: 'middle', size: 11, fill }));
    }
  }
  parts.push(...shadeKey(right + 16, top, begin, high));
  return picture(width, height, title, parts);
}

/** The shades with the numbers at their ends. */
function shadeKey(x, y, low, high) {
  const text = scaleLinear([low, high], [0, 1]).tickFormat(10);
  return [
    '<defs><linearGradient id="shades" x1="0" y1="1" x2="0" y2="0">',
    ...SHADES.map((color, index) => `<stop offset="${index / (SHADES.length - 1)}" stop-color="${color}"/>`),
    '</linearGradient></defs>',
    `<rect x="${place(x)}" y="${place(y)}" width="12" height="100" fill="url(#shades)" stroke="#ccc"/>`,
    label(x + 18, y + 9, text(high)),
    label(x + 18, y + 100, text(low)),
  ];
}
