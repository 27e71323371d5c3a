import type { Batch } from '../batch/batch.js';
import { DataError, NumericError } from '../core/errors.js';
import { isInt32Array } from '../core/typed-array.js';
import { type LossPart, LossSums, partsOf } from '../model/execute/loss-sums.js';
import { type Metric, RunningMetrics } from '../model/use/metric.js';
import { isClassLoss, isLikelihoodLoss } from '../network/losses/losses.js';
import { firstCarriedState } from './carried-state.js';
import type { StepCounts, TrainableModel } from './trainable-model.js';
import type { BatchReader } from './training-data.js';

/** A mean loss and, for a language model, the numbers that follow from it. */
export interface LossSummary {
  /** Mean over the predictions, in nats. */
  readonly loss: number;
  /** e to the loss: the number of symbols among which the model is undecided. For the cross-entropy of classes only. */
  readonly perplexity?: number;
  /** The loss in bits. For the cross-entropy of classes only. */
  readonly bitsPerToken?: number;
  /**
   * Number of counted predictions: the weight of the mean, not the number of steps that were read. With weights their
   * sum.
   */
  readonly tokens: number;
  /** The user's own metrics, by name. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** The loss of a model and, for the cross-entropy of classes, its other forms. */
export function summarizeLoss(model: Pick<TrainableModel, 'loss'>, loss: number, tokens: number): LossSummary {
  if (!isLikelihoodLoss(model.loss)) return { loss, tokens };
  return { loss, perplexity: Math.exp(loss), bitsPerToken: loss / Math.LN2, tokens };
}

/**
 * Number of predictions in a batch, which is the weight of its mean loss: the rows of its target (one for each step or
 * for each sequence) without the rows of the ignored class (-1). A loss of several outputs counts the rows of the
 * first, and a CTC loss counts its sequences.
 */
export function countPredictions(
  batch: Batch,
  targets: number,
  loss: TrainableModel['loss'] = 'softmaxCrossEntropy',
): number {
  if (!isClassLoss(loss)) return targets;
  const [target] = Object.values(batch.targets ?? {});
  if (!isInt32Array(target)) return targets;
  let ignored = 0;
  for (const id of target) if (id < 0) ignored += 1;
  return target.length - ignored;
}

/** The losses of a batch: as the model of this library remembers them, or the one loss that another model gave. */
export function lossParts(
  batch: Batch,
  result: StepCounts & { readonly loss: number },
  loss: TrainableModel['loss'],
): readonly LossPart[] {
  const remembered = partsOf(result);
  if (remembered !== undefined) return remembered;
  const total = result.weight ?? countPredictions(batch, result.targets, loss);
  return [{ output: '', factor: 1, loss: result.loss, total, isSum: false }];
}

/**
 * Loss over all batches of a reader, without randomness and without training; a carried state starts from zero.
 *
 * @throws {DataError} `empty_data` when there is no prediction
 * @param metrics the user's own, computed over all batches
 * @throws {NumericError} `non_finite_loss`, `non_finite_metric`
 * @throws {UsageError} `not_streamable` when a state would be carried through a network that reads later steps
 * @throws the signal's reason when it is aborted
 */
export async function evaluateOn(
  model: Pick<TrainableModel, 'evaluate' | 'newState' | 'streamObstacle' | 'loss'>,
  reader: BatchReader,
  { signal, metrics }: { readonly signal?: AbortSignal | undefined; readonly metrics?: readonly Metric[] } = {},
): Promise<LossSummary> {
  const running = metrics && new RunningMetrics(metrics);
  const state = firstCarriedState(model, reader);
  const sums = new LossSums();
  let predictions = 0;
  for await (const batch of reader.batches(0, 0)) {
    const result = await model.evaluate(batch, {
      ...(state && { state }),
      ...(signal && { signal }),
      ...(running && { metrics: running.asMetrics() }),
    });
    const { loss, targets, weight } = result;
    if (!Number.isFinite(loss)) {
      throw new NumericError(
        'non_finite_loss',
        `the validation loss is ${loss}, after ${predictions} finite predictions`,
        {
          loss,
        },
      );
    }
    const total = weight ?? countPredictions(batch, targets, model.loss);
    predictions += total;
    sums.add(lossParts(batch, result, model.loss));
  }
  if (predictions === 0) throw new DataError('empty_data', 'there is nothing to predict in the validation data');
  return { ...summarizeLoss(model, sums.loss, predictions), ...(running && { metrics: running.results() }) };
}
