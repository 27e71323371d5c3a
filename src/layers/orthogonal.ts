/** Random orthogonal matrices, as initial recurrent weights that neither shrink nor grow a state. */
import type { Random } from '../core/random.js';

/** Dot product of two rows of `m`. Four chains: one would wait for each addition. */
function dotRows(m: Float64Array, a: number, b: number, length: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let k = 0;
  for (; k + 3 < length; k += 4) {
    s0 += (m[a + k] as number) * (m[b + k] as number);
    s1 += (m[a + k + 1] as number) * (m[b + k + 1] as number);
    s2 += (m[a + k + 2] as number) * (m[b + k + 2] as number);
    s3 += (m[a + k + 3] as number) * (m[b + k + 3] as number);
  }
  for (; k < length; k++) s0 += (m[a + k] as number) * (m[b + k] as number);
  return s0 + s1 + (s2 + s3);
}

/**
 * Fills row-major [rows, columns] with orthonormal rows, or columns where there are fewer of those: uniformly distributed.
 * Modified Gram-Schmidt in double on normal numbers, whose matrices are well-conditioned enough for one pass: the error
 * is far below the rounding to float32.
 *
 * @see Saxe, McClelland, Ganguli 2014
 */
export function orthogonal(out: Float32Array, rows: number, columns: number, random: Random): void {
  const count = Math.min(rows, columns);
  const length = Math.max(rows, columns);
  const basis = new Float64Array(count * length);
  for (let r = 0; r < count; r++) {
    const row = r * length;
    for (let k = 0; k < length; k++) basis[row + k] = random.normal();
    for (let other = 0; other < row; other += length) {
      const share = dotRows(basis, row, other, length);
      for (let k = 0; k < length; k++) basis[row + k] = (basis[row + k] as number) - share * (basis[other + k] as number);
    }
    const norm = Math.sqrt(dotRows(basis, row, row, length));
    for (let k = 0; k < length; k++) basis[row + k] = (basis[row + k] as number) / norm;
  }
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      out[r * columns + c] = basis[rows <= columns ? r * length + c : c * length + r] as number;
    }
  }
}
