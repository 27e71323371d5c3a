/** What the user should know of an imported network, whatever its format. */
import { outputNodes } from '../../network/description.js';
import { isKind } from '../../network/layers/layers.js';
import type { ImportedNetwork, Inspection } from './imported-network.js';

type Described = Pick<ImportedNetwork, 'network' | 'notes'>;

/** Names of the nodes that give an output and are a softmax. */
function softmaxOutputs({ network: { description } }: Described): string[] {
  const outputs = new Set(outputNodes(description).values());
  return description.nodes.flatMap(({ name, layer }) => {
    const isFunction = isKind(layer, 'activation') || isKind(layer, 'operation');
    return outputs.has(name) && isFunction && layer.name === 'softmax' ? [name] : [];
  });
}

/** The notes of the format, and those that concern every network. */
export function importNotes(imported: Described): string[] {
  const softmax = softmaxOutputs(imported).map(
    (name) =>
      `'${name}' is a softmax and gives probabilities. The loss softmaxCrossEntropy takes logits and has a softmax of its own: to train on, cut this one off before the export, or give a loss of probabilities.`,
  );
  return [...imported.notes, ...softmax];
}

/** The network of a file that is inspected, and what an import would say of it. */
export function describeImported(imported: Described): Pick<Inspection, 'network' | 'notes'> {
  return { network: imported.network.summary(), notes: importNotes(imported) };
}
