/** The classes of Keras layers that can be taken over. */
import { FEED_FORWARD } from './feed-forward-layers.js';
import { JOINING } from './joining-layers.js';
import { type KerasLayer, type KerasSource, unsupportedLayer } from './keras-layer.js';
import { heldBy } from './layer-weights.js';
import { rescalingLayer } from './rescaling-layer.js';
import { WINDOWS } from './window-layers.js';

/** What converts layers that are neither recurrent nor wrappers, by their classes. */
export const CONVERTERS = new Map([...FEED_FORWARD, ...JOINING, ...WINDOWS, ['Rescaling', rescalingLayer] as const]);

/** The classes of recurrent layers. */
export const RECURRENT: readonly string[] = ['SimpleRNN', 'LSTM', 'GRU', 'RNN'];

/** Whether layers of the class can be taken over. */
export function isKnownClass(className: string): boolean {
  const others = [...RECURRENT, 'Bidirectional', 'TimeDistributed', 'InputLayer', 'Sequential', 'Functional', 'Model'];
  return others.includes(className) || CONVERTERS.has(className);
}

/**
 * All layers, also those that wrappers hold, are of classes that can be taken over. It is said before weights are looked for.
 *
 * @throws {InterchangeError} `unsupported_operator`
 */
export function requireKnownClasses(source: KerasSource, layer: KerasLayer): void {
  const { className } = layer;
  const isCell = className.endsWith('Cell') || className === 'StackedRNNCells';
  if (!isKnownClass(className) && !isCell && !className.startsWith('ops.')) {
    throw unsupportedLayer(source, layer, 'layers of this class are not known here');
  }
  for (const inner of heldBy(layer)) requireKnownClasses(source, inner);
}
