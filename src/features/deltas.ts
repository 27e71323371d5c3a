/** The change of features from frame to frame. */
import { rejectUnknownKeys, requireNumber, requireOneOf } from '../core/options.js';
import { requireColumns } from './columns.js';

/** Options of `appendDeltas`. */
export interface DeltaOptions {
  /** 1: deltas. 2: also deltas of the deltas. Default 1. */
  readonly order?: 1 | 2;
  /** Number of frames R on each side for the fit of a slope. Integer >= 1; default 2. */
  readonly reach?: number;
}

/** d_t = sum_r r (c_(t+r) - c_(t-r)) / (2 sum_r r^2), r = 1..R; beyond its ends a sequence repeats its last row. */
function slopes(rows: Float32Array, columns: number, reach: number): Float32Array {
  const last = rows.length / columns - 1;
  const divisor = (reach * (reach + 1) * (2 * reach + 1)) / 3;
  return rows.map((_, at) => {
    const frame = Math.floor(at / columns);
    const column = at % columns;
    let sum = 0;
    for (let r = 1; r <= reach; r++) {
      const after = rows[Math.min(frame + r, last) * columns + column] as number;
      const before = rows[Math.max(frame - r, 0) * columns + column] as number;
      sum += r * (after - before);
    }
    return sum / divisor;
  });
}

/**
 * Features with their deltas, and with double deltas if asked for: [T, C] becomes [T, C * (1 + order)], each row its
 * features, then their deltas, then the double deltas.
 *
 * @throws {ShapeError} `shape_mismatch` when the numbers are not whole rows
 * @throws {DataError} `empty_data`, `non_finite_data`
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @see Young et al., "The HTK Book", 2006, section 5.9
 */
export function appendDeltas(rows: Float32Array, columns: number, options: DeltaOptions = {}): Float32Array {
  rejectUnknownKeys('appendDeltas', options, ['order', 'reach']);
  const order = requireOneOf('order', options.order ?? 1, [1, 2]);
  const reach = requireNumber('reach', options.reach ?? 2, { integer: true, min: 1, max: 1000 });
  requireColumns(rows, columns);
  const parts = [rows];
  for (let part = 0; part < order; part++) parts.push(slopes(parts[part] as Float32Array, columns, reach));
  const together = new Float32Array(rows.length * parts.length);
  for (let frame = 0; frame < rows.length / columns; frame++) {
    for (const [index, part] of parts.entries()) {
      const begin = (frame * parts.length + index) * columns;
      together.set(part.subarray(frame * columns, (frame + 1) * columns), begin);
    }
  }
  return together;
}
