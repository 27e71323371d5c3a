/** The sequences of one time axis of a batch. */
export interface AxisSizes {
  /** [T] sequences alive at each step: non-increasing, >= 1; B = batchSizes[0], N = their sum. */
  readonly batchSizes: Int32Array;
  /**
   * [B] the sample of each sequence: each of 0..B-1 once. Two sequences of different axes belong together when they
   * have the same sample. A batch with a single axis may omit it.
   */
  readonly order?: Int32Array;
}

/**
 * Packed batch: sequences sorted by length (longest first), time-major; only valid steps are stored.
 *
 * T steps, B sequences, N rows: row r of step t belongs to sequence r - (batchSizes[0] + ... + batchSizes[t-1]). These
 * sizes are those of the axis `time`. Each axis is sorted by its own lengths, and all have the same number of
 * sequences.
 */
export interface Batch extends AxisSizes {
  /**
   * The other time axes by name, where the network has any. A CTC loss has its labels on the axis `OUTPUT/labels`.
   * Axes that layers make of others have no sizes here.
   */
  readonly axes?: Readonly<Record<string, AxisSizes>>;
  /**
   * Packed rows by input name: ids [N], or features [N*F], or for an input per sequence ids [B], or features [B*F], in the
   * axis' order. Sequential models name theirs `input`.
   */
  readonly inputs: Readonly<Record<string, Int32Array | Float32Array>>;
  /**
   * Targets by name: the target of a single output is `target`; others have the names of their outputs. Packed rows:
   * class ids [N] (-1 = ignored), or rows [N*F]. An output per sequence has one target for each sequence, in the
   * batch's order: class ids [B], or rows [B*F]. A CTC loss has the result of `ctcTarget`, packed on the axis of the
   * labels.
   */
  readonly targets?: Readonly<Record<string, Int32Array | Float32Array>>;
}
