/** Rows of features that other programs have computed from recordings. */
import { corrupt, requireBytes, viewOf } from './file-bytes.js';

/** Features of a recording. */
export interface RecordedFeatures {
  /** Numbers in a row. */
  readonly columns: number;
  /** [rows * columns], row-major. */
  readonly values: Float32Array;
}

/** How numbers lie in a file. */
export interface NumberLayout {
  readonly begin: number;
  readonly rows: number;
  readonly columns: number;
  /** Bytes of a number, a float. */
  readonly size: 4 | 8;
  readonly isLittle: boolean;
}

/**
 * Numbers of a file as rows. The file is checked before memory is taken for them.
 *
 * @param source name of the bytes in messages
 * @throws {DataError} `file_truncated` with both sizes, `file_corrupt` for no rows, or a number that is not finite, with its place
 */
export function rowsAt(
  bytes: Uint8Array,
  source: string,
  { begin, rows, columns, size, isLittle }: NumberLayout,
): RecordedFeatures {
  if (rows < 1 || columns < 1) {
    throw corrupt(source, `has ${rows} rows of ${columns} numbers, expected at least one of each`, { rows, columns });
  }
  requireBytes(bytes, source, `the matrix of ${rows} rows of ${columns} numbers`, begin + rows * columns * size);
  const view = viewOf(bytes);
  const values = new Float32Array(rows * columns);
  for (let at = 0, place = begin; at < values.length; at++, place += size) {
    values[at] = size === 4 ? view.getFloat32(place, isLittle) : view.getFloat64(place, isLittle);
  }
  return requireFinite({ columns, values }, source);
}

/** @throws {DataError} `file_corrupt` for a number that is not finite in single precision */
export function requireFinite(rows: RecordedFeatures, source: string): RecordedFeatures {
  const { columns, values } = rows;
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return rows;
  const place = { row: Math.floor(wrong / columns), column: wrong % columns };
  throw corrupt(source, `has the number ${values[wrong]} in row ${place.row}, column ${place.column}`, place);
}
