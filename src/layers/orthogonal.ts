/** Random orthogonal matrices, as initial recurrent weights that neither shrink nor grow a state. */
import type { Random } from '../core/random.js';

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k] as number) * (b[k] as number);
  return sum;
}

/** Subtracts from `row` its parts along `others`; twice, since once leaves a rounding rest (Giraud et al. 2005). */
function orthogonalize(row: Float64Array, others: readonly Float64Array[]): void {
  for (let pass = 0; pass < 2; pass++) {
    for (const other of others) {
      const share = dot(row, other);
      for (let k = 0; k < row.length; k++) row[k] = (row[k] as number) - share * (other[k] as number);
    }
  }
}

/**
 * Fills row-major [rows, columns] with orthonormal rows, or columns where there are fewer of those: uniformly distributed
 * (Gram-Schmidt on normal numbers).
 *
 * @see Saxe, McClelland, Ganguli 2014
 */
export function orthogonal(out: Float32Array, rows: number, columns: number, random: Random): void {
  const count = Math.min(rows, columns);
  const length = Math.max(rows, columns);
  const basis: Float64Array[] = [];
  while (basis.length < count) {
    const row = Float64Array.from({ length }, () => random.normal());
    orthogonalize(row, basis);
    const norm = Math.sqrt(dot(row, row));
    for (let k = 0; k < length; k++) row[k] = (row[k] as number) / norm;
    basis.push(row);
  }
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      out[r * columns + c] = (rows <= columns ? basis[r]?.[c] : basis[c]?.[r]) as number;
    }
  }
}
