/**
 * Packed batch: sequences sorted by length (longest first), time-major; only valid steps are stored.
 *
 * T steps, B sequences, N rows: row r of step t belongs to sequence r - (batchSizes[0] + ... + batchSizes[t-1]).
 */
export interface Batch {
  /** [T] sequences alive at each step: non-increasing, >= 1; B = batchSizes[0], N = their sum. */
  readonly batchSizes: Int32Array;
  /** Packed rows by input name: ids [N], or features [N*F]. Sequential models name theirs `input`. */
  readonly inputs: Readonly<Record<string, Int32Array | Float32Array>>;
  /**
   * Targets by name; networks name theirs `target`. Packed rows: class ids [N] (-1 = ignored), or rows [N*F]. For a network
   * with one output per sequence one for each, in the batch's order: class ids [B], or rows [B*F].
   */
  readonly targets?: Readonly<Record<string, Int32Array | Float32Array>>;
}
