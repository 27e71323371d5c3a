import type { RunState, ValidationRecord } from './run-state.js';
import type { TrainableModel } from './trainable-model.js';
import { type LossSummary, summarizeLoss } from './validation.js';

/** Why a run ended: it reached its length, validation stopped improving, or a callback called `stop`. */
export type StopReason = 'epochs' | 'steps' | 'earlyStopping' | 'callback';

/** The result of a run. */
export interface TrainingResult {
  readonly stoppedBy: StopReason;
  /** Optimizer steps, including those before a resume. */
  readonly steps: number;
  /** Complete epochs. */
  readonly epochs: number;
  /** Mean training loss (nats) of the last complete epoch, or of the current epoch when none is complete. */
  readonly trainingLoss: number | undefined;
  /** The last validation. */
  readonly validation: LossSummary | undefined;
  /** Which weights the model has: those of the best validation, or of the last step. See `TrainerOptions.keep`. */
  readonly weights: 'best' | 'last';
  /** The step with the best weights, if there was a validation; `best` has more about it. */
  readonly bestStep: number | undefined;
  /** The best validation by loss, score or monitored metric, and its checkpoint. */
  readonly best:
    | (LossSummary & {
        readonly step: number;
        readonly epoch: number;
        readonly score?: number;
        readonly checkpoint?: string;
      })
    | undefined;
  /**
   * Valid steps of the training batches, including those before a resume, also where nothing is predicted; in a
   * language model these are its predictions.
   */
  readonly tokens: number;
  /** Tokens per second of training steps in this call of `fit`; 0 when there were none. */
  readonly tokensPerSecond: number;
  /** Seconds that this call of `fit` took. */
  readonly seconds: number;
  /** The newest checkpoint. */
  readonly checkpoint: string | undefined;
}

/** The result of a run in its final state. */
export function trainingResult(
  model: Pick<TrainableModel, 'loss'>,
  state: RunState,
  facts: Pick<TrainingResult, 'stoppedBy' | 'weights' | 'tokensPerSecond' | 'seconds' | 'checkpoint'> & {
    readonly bestCheckpoint: string | undefined;
  },
): TrainingResult {
  const { bestCheckpoint, ...rest } = facts;
  const { step, epoch, tokens, lastEpochLoss, epochLoss, lastValidation, best } = state;
  const summarize = ({ loss, tokens, metrics }: ValidationRecord) => {
    return { ...summarizeLoss(model, loss, tokens), ...(metrics && { metrics }) };
  };
  return {
    ...rest,
    steps: step,
    epochs: epoch,
    trainingLoss: lastEpochLoss ?? epochLoss.countedLoss,
    validation: lastValidation && summarize(lastValidation),
    bestStep: best?.step,
    best: best && {
      step: best.step,
      epoch: best.epoch,
      ...summarize(best),
      ...(best.score !== undefined && { score: best.score }),
      ...(bestCheckpoint !== undefined && { checkpoint: bestCheckpoint }),
    },
    tokens,
  };
}
