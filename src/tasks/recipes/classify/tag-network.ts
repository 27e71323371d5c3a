/** The network of a tagger: inputs, recurrent layers, a memory beside them, and the output of each step. */
import { type Network, network, sequential } from '../../../model/network.js';
import type { NodeDescription } from '../../../network/description.js';
import { dense, dropout } from '../../../network/layers/dense.js';
import type { AnyLayer } from '../../../network/layers/layers.js';
import { concatenate } from '../../../network/layers/merge.js';
import { rnn } from '../../../network/layers/recurrent.js';
import { type BodyOptions, recurrentBody, recurrentLayer } from '../../building-blocks/recurrent-body.js';

/** The options of these layers. */
export interface TagNetworkOptions extends BodyOptions {
  readonly memory: number | undefined;
}

/** What the data decide. */
export interface TagShape {
  readonly features: number | undefined;
  readonly classes: number;
}

/**
 * The network of a tagger. The name of its output layer is `dense`. The memory is a layer of tanh units without gates, whose orthogonal weights keep the length of its
 * state: what it has read stays there for many steps, where gates forget it or have yet to learn to keep it. It reads forward, but for recurrent layers that read backward alone.
 *
 * @param inputs the layers before the recurrent ones
 * @throws {OptionError} `invalid_option`, `unknown_option` for options that the recurrent layers do not have
 * @see Le, Jaitly, Hinton 2015, A simple way to initialize recurrent networks of rectified linear units
 */
export function tagNetwork(
  options: TagNetworkOptions,
  inputs: readonly AnyLayer[],
  { features, classes }: TagShape,
): Network {
  const { memory = 0, dropout: rate, direction } = options;
  const output = dense({ units: classes });
  const size = { ...(features !== undefined && { features }) };
  if (memory === 0) return sequential([...inputs, ...recurrentBody(options, 'none'), output], size);
  const { inputs: read, nodes, output: steps } = sequential([...inputs, recurrentLayer(options)], size).description;
  const layer = rnn({
    units: memory,
    initializer: 'orthogonal',
    ...(direction === 'reverse' && { direction }),
  });
  const source = (nodes.at(-1) as NodeDescription).inputs;
  const beside: readonly NodeDescription[] = [
    { name: 'memory', layer, inputs: source },
    { name: 'steps', layer: concatenate(), inputs: [steps as string, 'memory'] },
  ];
  const dropped: readonly NodeDescription[] =
    rate > 0 ? [{ name: 'steps_dropout', layer: dropout({ rate }), inputs: ['steps'] }] : [];
  const last: NodeDescription = { name: 'dense', layer: output, inputs: [rate > 0 ? 'steps_dropout' : 'steps'] };
  return network({ inputs: read, nodes: [...nodes, ...beside, ...dropped, last], output: 'dense' });
}
