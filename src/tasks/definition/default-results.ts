/** What tasks return that do not define it themselves. */

/** Metrics of a task that does not define its evaluation. */
export type LossMetrics = {
  /** Mean loss of the part. */
  readonly loss: number;
  /** e to the loss, for the cross-entropy of classes. */
  readonly perplexity?: number;
  /** The loss in bits, for the cross-entropy of classes. */
  readonly bitsPerToken?: number;
  /** Number of counted predictions. */
  readonly tokens: number;
};

/** The prediction of a task that does not define its predictions: the output, or the outputs of all steps. */
export type OutputPrediction = {
  /** [outputs], for one output per sequence. */
  readonly output?: readonly number[];
  /** [steps][outputs], for an output at every step. */
  readonly outputs?: readonly (readonly number[])[];
};
