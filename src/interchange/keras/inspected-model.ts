/** What a file says of its model, whether or not it can be taken over. */
import { DataError, InterchangeError } from '../../core/errors.js';
import { describeImported } from '../shared/import-notes.js';
import type { ImportedNetwork, InspectedOperator, Inspection } from '../shared/imported-network.js';
import type { SourceTensors } from '../sources/source-tensor.js';
import type { KerasLayer } from './keras-layer.js';
import { isKnownClass } from './known-layers.js';
import { heldBy } from './layer-weights.js';

/** How often each class of layers occurs, wrapped ones with what they wrap: `Bidirectional(LSTM)`. */
export function operatorsOf(root: KerasLayer): InspectedOperator[] {
  const counts = new Map<string, { count: number; isKnown: boolean }>();
  const count = (layer: KerasLayer) => {
    const inner = layer.parts[0]?.layer;
    const isWrapper = layer.className === 'Bidirectional' || layer.className === 'TimeDistributed';
    const name = isWrapper && inner !== undefined ? `${layer.className}(${inner.className})` : layer.className;
    const isKnown = isKnownClass(layer.className) && (!isWrapper || isKnownClass(inner?.className ?? ''));
    if (layer.model !== undefined) for (const each of heldBy(layer)) count(each);
    else if (name !== 'InputLayer') counts.set(name, { count: (counts.get(name)?.count ?? 0) + 1, isKnown });
  };
  count(root);
  return [...counts].map(([name, each]) => ({ name, ...each }));
}

/** What a configuration says, with the reason why it cannot be taken over. */
export function inspected(
  tensors: SourceTensors,
  facts: ReadonlyMap<string, string>,
  root: () => KerasLayer | undefined,
  network: () => Pick<ImportedNetwork, 'network' | 'notes'> | undefined,
): Inspection {
  let operators: InspectedOperator[] = [];
  try {
    const model = root();
    if (model !== undefined) operators = operatorsOf(model);
    const imported = network();
    return { tensors, facts, operators, ...(imported !== undefined && describeImported(imported)) };
  } catch (error) {
    if (!(error instanceof InterchangeError || error instanceof DataError)) throw error;
    return { tensors, facts, operators, obstacle: error.message };
  }
}
