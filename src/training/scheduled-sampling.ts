/** Scheduled sampling: trains a decoder on some of its own predictions, not only on the correct symbols. */

import type { Batch } from '../batch/batch.js';
import { rejectUnknownKeys, requireNumber } from '../core/options.js';
import { Random } from '../core/random.js';
import { largestClasses } from '../metrics/confusion-matrix.js';
import type { Model } from '../model/model.js';

/** Which symbols are replaced. */
export interface ScheduledSamplingOptions {
  /** The input with the symbols before the predicted ones, on the axis `time`. */
  readonly input: string;
  /** Probability in [0, 1] that a symbol is replaced. The first symbol of a sequence is never replaced. */
  readonly rate: number;
  readonly seed: number;
  /** Number of the training step: the same seed and step replace the same symbols. */
  readonly step: number;
}

/**
 * A batch in which some symbols are replaced by the model's own: the most likely symbols after the correct symbols
 * before them. It costs one forward pass. All symbols are predicted together, so a prediction does not depend on other
 * replaced symbols.
 *
 * @throws {OptionError} `invalid_option` for a rate outside [0, 1]; others as `Model.predictPacked`
 * @see Bengio, Vinyals, Jaitly, Shazeer 2015; in two passes Mihaylova & Martins 2019
 */
export async function scheduledSampling(
  model: Pick<Model, 'predictPacked' | 'outputs'>,
  batch: Batch,
  options: ScheduledSamplingOptions,
): Promise<Batch> {
  rejectUnknownKeys('scheduledSampling', options, ['input', 'rate', 'seed', 'step']);
  const { input, rate, seed, step } = options;
  if (requireNumber('rate', rate, { min: 0, max: 1 }) === 0) return batch;
  const { outputs } = model;
  const scores = await model.predictPacked(batch);
  const mixed = (batch.inputs[input] as Int32Array).slice();
  const random = new Random(seed, `scheduled sampling/${step}`);
  const { batchSizes } = batch;
  let row = batchSizes[0] as number;
  for (let time = 1; time < batchSizes.length; time++) {
    // Row r of a step continues row r of the step before, which has at least as many rows.
    const before = row - (batchSizes[time - 1] as number);
    const alive = batchSizes[time] as number;
    for (let place = 0; place < alive; place++) {
      if (random.uniform() >= rate) continue;
      const from = (before + place) * outputs;
      mixed[row + place] = largestClasses(scores.subarray(from, from + outputs), outputs)[0] as number;
    }
    row += alive;
  }
  return { ...batch, inputs: { ...batch.inputs, [input]: mixed } };
}
