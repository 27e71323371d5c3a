/** What the runs of a model and the model itself tell. */

/** What a training step tells. */
export interface StepResult {
  /** Mean over the valid steps, nats for cross-entropies. */
  readonly loss: number;
  /** Euclidean norm of the whole gradient before `clipNorm`. */
  readonly gradientNorm: number;
  /** Valid steps N of the batch. */
  readonly steps: number;
}

/** What an evaluation tells. */
export interface EvaluationResult {
  readonly loss: number;
  readonly steps: number;
}

/** Planned memory in bytes. */
export interface ModelMemory {
  readonly parameters: number;
  readonly gradients: number;
  readonly optimizer: number;
  /** Arenas of the programs compiled so far. */
  readonly arena: number;
  /** Native scratch memory of those programs. */
  readonly scratch: number;
  readonly total: number;
}
