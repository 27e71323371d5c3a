/** A network of two inputs that are joined, for tests. */
import type { NetworkDescription } from '../../src/model/network.js';
import { activation, dense } from '../../src/network/layers/dense.js';
import { embedding } from '../../src/network/layers/embedding.js';
import { concatenate, sum } from '../../src/network/layers/layers.js';
import { gru } from '../../src/network/layers/recurrent.js';
import { randomNumbers } from './small-models.js';

/** Symbols and features, each through a layer of its own, joined; and one layer that reads both joints. */
export const TWO_INPUTS: NetworkDescription = {
  inputs: { symbols: { kind: 'indices', size: 7 }, frames: { kind: 'features', units: 3 } },
  nodes: [
    { name: 'letters', layer: embedding({ size: 7, units: 4 }), inputs: ['symbols'] },
    { name: 'signal', layer: dense({ units: 4 }), inputs: ['frames'] },
    { name: 'squashed', layer: activation('tanh'), inputs: ['signal'] },
    { name: 'joined', layer: concatenate(), inputs: ['letters', 'squashed', 'frames'] },
    { name: 'memory', layer: gru({ units: 6 }), inputs: ['joined'] },
    { name: 'short', layer: dense({ units: 6 }), inputs: ['joined'] },
    { name: 'both', layer: sum(), inputs: ['memory', 'short'] },
    { name: 'out', layer: dense({ units: 2 }), inputs: ['both'] },
  ],
  output: 'out',
};

/** Two sequences for it. */
export const TWO_INPUTS_BATCH = {
  batchSizes: Int32Array.of(2, 2, 1),
  inputs: { symbols: Int32Array.of(0, 6, 2, 2, 5), frames: randomNumbers(15) },
  targets: { target: randomNumbers(10, 2) },
};
