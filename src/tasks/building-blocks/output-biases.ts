/** Biases of the output that begin with what is known before training. */
import { ConfigurationError } from '../../core/errors.js';
import type { Model } from '../../model/model.js';

/** What is added to each count, so that the logarithm of none is finite. */
const SMOOTHING = 1;

/**
 * Sets the biases of the output to the logarithms of the frequencies of classes or symbols. The first loss is then the entropy of the
 * frequencies, and no step is spent on learning them.
 *
 * @param layer the name of the affine layer before the softmax
 * @param counts how often each class occurs in training
 * @throws {ConfigurationError} `invalid_task` when the layer has no bias of that size
 */
export function startFromFrequencies(model: Model, layer: string, counts: ArrayLike<number>): void {
  const bias = model.parameters.get(`${layer}.bias`);
  if (bias?.data.length !== counts.length) {
    const message = `the layer '${layer}' has no bias of ${counts.length} classes`;
    throw new ConfigurationError('invalid_task', message, { layer, classes: counts.length });
  }
  let all = 0;
  for (let at = 0; at < counts.length; at++) all += (counts[at] as number) + SMOOTHING;
  for (let at = 0; at < counts.length; at++) bias.data[at] = Math.log(((counts[at] as number) + SMOOTHING) / all);
  model.parametersChanged();
}
