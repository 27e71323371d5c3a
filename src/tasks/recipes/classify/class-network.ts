/** The network of a classifier: inputs, recurrent layers, pooling over time, and the layers of the output. */
import { type Network, network, sequential } from '../../../model/network.js';
import type { NodeDescription } from '../../../network/description.js';
import { activation, dense, dropout } from '../../../network/layers/dense.js';
import type { AnyLayer } from '../../../network/layers/layers.js';
import { concatenate } from '../../../network/layers/merge.js';
import { pool } from '../../../network/layers/pool.js';
import { stateNames } from '../../../network/layers/recurrent.js';
import { type BodyOptions, type Pooling, recurrentBody, recurrentLayer } from '../../building-blocks/recurrent-body.js';

/** How the steps of a sequence become one row. Of two parts the rows stand beside each other. */
export const POOLINGS = ['last', 'mean', 'max', 'last+max', 'mean+max', 'last+mean+max', 'attention'] as const;

/** The options of these layers. */
export interface ClassNetworkOptions extends BodyOptions {
  readonly pooling: (typeof POOLINGS)[number];
  readonly hidden: number | undefined;
}

/** What the data decide. */
export interface ClassShape {
  readonly features: number | undefined;
  readonly classes: number;
}

/**
 * The network of a classifier of whole sequences. The name of its output layer is `dense`.
 *
 * @param inputs the layers before the recurrent ones
 * @throws {OptionError} `invalid_option`, `unknown_option` for options that the recurrent layers do not have
 */
export function classNetwork(
  options: ClassNetworkOptions,
  inputs: readonly AnyLayer[],
  { features, classes }: ClassShape,
): Network {
  const { pooling, hidden = 0, dropout: rate } = options;
  const size = features === undefined ? {} : { features };
  const output = dense({ units: classes });
  if (hidden === 0 && isSingle(pooling)) {
    return sequential([...inputs, ...recurrentBody(options, pooling), output], size);
  }
  const recurrent = recurrentLayer(options);
  const { description } = sequential([...inputs, recurrent], size);
  const steps = description.output as string;
  const states = stateNames(recurrent).filter((name) => name.startsWith(`h_l${options.layers - 1}`));
  const pooled = pooling.split('+').map((part): readonly NodeDescription[] => {
    if (part === 'last') return [];
    return [{ name: part, layer: pool({ over: part as 'mean' | 'max' | 'attention' }), inputs: [steps] }];
  });
  const read = pooling
    .split('+')
    .flatMap((part) => (part === 'last' ? states.map((name) => `${steps}.${name}`) : part));
  const tail: readonly (readonly [string, AnyLayer])[] = [
    ...(rate > 0 ? [['pooled_dropout', dropout({ rate })] as const] : []),
    ...(hidden > 0 ? [['hidden', dense({ units: hidden })] as const, ['activation', activation('relu')] as const] : []),
    ['dense', output],
  ];
  const nodes: NodeDescription[] = [
    ...description.nodes,
    ...pooled.flat(),
    { name: 'pooled', layer: concatenate(), inputs: read },
  ];
  let previous = 'pooled';
  for (const [name, layer] of tail) {
    nodes.push({ name: name === 'activation' ? 'hidden_activation' : name, layer, inputs: [previous] });
    previous = nodes.at(-1)?.name as string;
  }
  return network({ inputs: description.inputs, nodes, output: previous });
}

function isSingle(pooling: string): pooling is Exclude<Pooling, 'none'> {
  return !pooling.includes('+');
}
