/** An encoder-decoder: it reads a whole sequence, and writes another one with attention to it. */

import { type Network, type NodeDescription, network } from '../../../model/network.js';
import { attention } from '../../../network/layers/attention.js';
import { activation, dense, dropout } from '../../../network/layers/dense.js';
import { embedding } from '../../../network/layers/embedding.js';
import { concatenate } from '../../../network/layers/layers.js';
import { stateNames } from '../../../network/layers/recurrent.js';
import { recurrentLayer } from '../../building-blocks/recurrent-body.js';
import type { CommonTable } from '../../definition/common-options.js';
import type { Checked } from '../../definition/task-options.js';

/** The kind of the decoder's attention to its encoder. */
export const ATTENTIONS = ['general', 'dot', 'additive', 'none'] as const;

/** Options of an encoder-decoder. */
interface ShapeOptions extends Checked<CommonTable> {
  readonly embedding: number;
  readonly attention: (typeof ATTENTIONS)[number];
  readonly output: 'tied' | 'own';
}

/** Embeddings that are also an output layer must be small: with N(0, 1) the logits would be as large as sqrt(units). */
const EMBEDDING = 'uniform:0.1';

/**
 * Embeddings; an encoder; a decoder whose initial states are computed from the encoder's final states by a dense layer
 * for each; attention of the decoder over the encoder; a dense layer with tanh over both; and the logits of the next
 * symbol.
 *
 * @param sizes number of symbols of the source and of the target
 * @see Luong, Pham, Manning 2015 (without input feeding); Bahdanau, Cho, Bengio 2015 for additive scores
 */
export function encoderDecoder(
  options: ShapeOptions,
  sizes: { readonly source: number; readonly target: number },
): Network {
  const { units, dropout: rate, attention: score, embedding: width, output } = options;
  const nodes: NodeDescription[] = [];
  const add = (name: string, layer: NodeDescription['layer'], ...inputs: readonly string[]) => {
    nodes.push({ name, layer, inputs });
    return name;
  };
  const dropped = (name: string) => (rate > 0 ? add(`${name}Dropped`, dropout({ rate }), name) : name);
  const embedded = (name: string, size: number, input: string) =>
    dropped(add(name, embedding({ size, units: width, initializer: EMBEDDING }), input));

  const read = embedded('sourceEmbedding', sizes.source, 'source');
  const encoder = recurrentLayer(options);
  add('encoder', encoder, read);
  const written = embedded('targetEmbedding', sizes.target, 'previous');
  const decoder = recurrentLayer({ ...options, direction: 'forward' });
  const states = Object.fromEntries(
    stateNames(decoder).map((state) => [state, addBridge(options, state, stateNames(encoder), add)]),
  );
  nodes.push({ name: 'decoder', layer: decoder, inputs: [written], states });
  let seen = 'decoder';
  if (score !== 'none') {
    // Scores that are plain products need a memory as wide as the decoder.
    const memory = score === 'dot' ? add('memory', dense({ units: widthOf(options) }), 'encoder') : 'encoder';
    add('context', attention({ score, ...(score === 'additive' && { units }) }), seen, memory);
    seen = add('joined', concatenate(), seen, 'context');
  }
  add('combined', dense({ units: output === 'tied' ? width : units }), dropped(seen));
  const squashed = dropped(add('squashed', activation('tanh'), 'combined'));
  add('words', dense({ units: sizes.target, ...(output === 'tied' && { tied: 'targetEmbedding' }) }), squashed);
  return network({
    inputs: {
      source: { kind: 'indices', size: sizes.source, axis: 'source' },
      previous: { kind: 'indices', size: sizes.target },
    },
    nodes,
    output: 'words',
  });
}

/** Width of a hidden state. */
function widthOf({ units, recurrent }: ShapeOptions): number {
  return Number(recurrent['projection'] ?? units);
}

/** An initial state of the decoder from the final states of the same layer of the encoder. */
function addBridge(
  options: ShapeOptions,
  state: string,
  ends: readonly string[],
  add: (name: string, layer: NodeDescription['layer'], ...inputs: readonly string[]) => string,
): string {
  const from = ends.filter((end) => end === state || end === `${state}_reverse`).map((end) => `encoder.${end}`);
  const [first = ''] = from;
  const joined = from.length > 1 ? add(`${state}Ends`, concatenate(), ...from) : first;
  const isHidden = state.startsWith('h');
  const bridge = add(`${state}Bridge`, dense({ units: isHidden ? widthOf(options) : options.units }), joined);
  return isHidden ? add(`${state}First`, activation('tanh'), bridge) : bridge;
}
