/** Which recurrent layers PyTorch has itself. */
import type { AnyLayer } from '../../network/layers/layers.js';
import { isKind } from '../../network/layers/layers.js';
import type { RecurrentDescription } from '../../network/layers/recurrent.js';
import { normalizationEpsilon, zoneoutRates } from '../../network/layers/recurrent-options.js';

/** Whether a layer is a recurrent one. */
export function isRecurrent(layer: AnyLayer | undefined): layer is RecurrentDescription {
  return isKind(layer, 'rnn') || isKind(layer, 'lstm') || isKind(layer, 'gru');
}

function hasPlainCell(layer: RecurrentDescription): boolean {
  if (layer.inputClip !== undefined) return false;
  if (layer.kind === 'rnn')
    return layer.activation === undefined || ['tanh', 'relu'].includes(layer.activation as string);
  const { gateActivation = 'sigmoid', activation = 'tanh' } = layer;
  if (gateActivation !== 'sigmoid' || activation !== 'tanh') return false;
  if (layer.kind === 'gru') return layer.resetAfter !== false;
  const { outputActivation = 'tanh', peepholes = false, coupledGates = false, cellClip, projection, units } = layer;
  const hasProjection = projection === undefined || projection < units;
  return outputActivation === 'tanh' && !peepholes && !coupledGates && cellClip === undefined && hasProjection;
}

/**
 * Whether nn.RNN, nn.LSTM or nn.GRU compute what a layer computes outside of training. The others are written out, step by step.
 */
export function isTorchRecurrent(layer: AnyLayer | undefined): layer is RecurrentDescription {
  if (!isRecurrent(layer)) return false;
  const { direction = 'forward', merge = 'concatenate', residual = false } = layer;
  const { hidden, cell } = zoneoutRates(layer);
  return (
    hasPlainCell(layer) &&
    direction !== 'reverse' &&
    (merge === 'concatenate' || direction === 'forward') &&
    !residual &&
    hidden === 0 &&
    cell === 0 &&
    normalizationEpsilon(layer) === undefined
  );
}
