import type { RunState, ValidationRecord } from './run-state.js';
import type { TrainableModel } from './trainable-model.js';
import { type LossSummary, summarizeLoss } from './validation.js';

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
  /** Which weights the model holds: those of the best validation, or of the last step. See `TrainerOptions.keep`. */
  readonly weights: 'best' | 'last';
  /** The step whose weights are the best, where there was a validation; more of it in `best`. */
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
   * Valid steps of the batches trained on, whatever was predicted of them, those before a resume included; in a language model
   * its predictions.
   */
  readonly tokens: number;
  /** Of the same tokens, a second in the training steps of this call of `fit`; 0 when there were none. */
  readonly tokensPerSecond: number;
  /** Seconds that this call of `fit` took. */
  readonly seconds: number;
  /** The newest checkpoint. */
  readonly checkpoint: string | undefined;
}

/** The result of a run in its last state. */
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
    trainingLoss: lastEpochLoss ?? epochLoss.value,
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
