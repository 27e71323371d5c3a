/** A number that tells whether a table is the one that a run was started with. */
import { createHash } from 'node:crypto';
import type { MissingMode } from '../../../features/missing-values.js';
import type { SeriesTable } from './forecast-series.js';

/** Rows whose texts are joined at once. */
const ROWS_AT_ONCE = 10_000;

/**
 * SHA-256 of all that a training reads: numbers, weights, which numbers are missing where these are marked, where
 * windows break, and categories.
 */
export function digestOf(
  {
    values,
    weights,
    gaps,
    breaks = [],
    categories,
  }: Pick<SeriesTable, 'values' | 'weights' | 'gaps' | 'breaks' | 'categories'>,
  missing: MissingMode,
): string {
  const hash = createHash('sha256')
    .update(values)
    .update(weights ?? '');
  if (missing === 'mask' && gaps !== undefined)
    hash.update(Uint8Array.from(gaps, (value) => Number(Number.isNaN(value))));
  if (breaks.length > 0) hash.update(JSON.stringify(breaks));
  for (const [column, texts] of categories) {
    hash.update(JSON.stringify(column));
    for (let row = 0; row < texts.length; row += ROWS_AT_ONCE) {
      hash.update(JSON.stringify(texts.slice(row, row + ROWS_AT_ONCE)));
    }
  }
  return hash.digest('hex');
}
