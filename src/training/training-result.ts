import type { LossSummary } from './validation.js';

/** Why a run ended: it reached its length, validation stopped getting better, or a callback called `stop`. */
export type StopReason = 'epochs' | 'steps' | 'earlyStopping' | 'callback';

/** What a run came to. */
export interface TrainingResult {
  readonly stoppedBy: StopReason;
  /** Optimizer steps, those before a resume included. */
  readonly steps: number;
  /** Complete epochs. */
  readonly epochs: number;
  /** Mean training loss (nats) of the last complete epoch, or of the epoch under way when there is none. */
  readonly trainingLoss: number | undefined;
  /** The last validation. */
  readonly validation: LossSummary | undefined;
  /** The validation with the lowest loss, and its checkpoint. */
  readonly best:
    | (LossSummary & { readonly step: number; readonly epoch: number; readonly checkpoint?: string })
    | undefined;
  /** Predictions trained on, those before a resume included. */
  readonly tokens: number;
  /** Speed of the training steps of this call of `fit`; 0 when there were none. */
  readonly tokensPerSecond: number;
  /** Seconds that this call of `fit` took. */
  readonly seconds: number;
  /** The newest checkpoint. */
  readonly checkpoint: string | undefined;
}
