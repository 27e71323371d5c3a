/** Recurrent layers: vanilla RNN, LSTM, GRU, stacked over packed sequences. */

import { only, type Value } from '../graph/value.js';
import { CELLS } from './cells.js';
import { realInput } from './dense.js';
import { buildDirection } from './directions.js';
import type { LayerRule } from './layer.js';
import { merged } from './merge.js';
import { dropElements, dropPerSequence } from './noise.js';
import { addPenalties } from './penalty.js';
import {
  describeRecurrent,
  type GruDescription,
  type GruOptions,
  type LstmDescription,
  type LstmOptions,
  type RecurrentDescription,
  type RnnDescription,
  type RnnOptions,
} from './recurrent-options.js';

export type * from './recurrent-options.js';

/**
 * Vanilla recurrent layer: packed sequence [N, input] -> [N, units].
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @see Elman 1990; agrees with torch.nn.RNN (test/golden)
 */
export function rnn(options: RnnOptions): RnnDescription {
  return describeRecurrent('rnn', options, CELLS.rnn);
}

/**
 * Long short-term memory layer: packed sequence [N, input] -> [N, units].
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @example sequential([embedding({ size: 65, units: 128 }), lstm({ units: 512, layers: 2 }), dense({ units: 65 })])
 * @see Hochreiter & Schmidhuber 1997; agrees with torch.nn.LSTM (test/golden)
 */
export function lstm(options: LstmOptions): LstmDescription {
  return describeRecurrent('lstm', options, CELLS.lstm);
}

/**
 * Gated recurrent unit layer: packed sequence [N, input] -> [N, units].
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @see Cho et al. 2014; agrees with torch.nn.GRU (test/golden)
 */
export function gru(options: GruOptions): GruDescription {
  return describeRecurrent('gru', options, CELLS.gru);
}

/** Whether each direction of a layer reads the sequences in reverse. */
const DIRECTIONS = { forward: [false], reverse: [true], bidirectional: [false, true] } as const;

/** Builds a stack of recurrent layers. */
export const recurrentRule: LayerRule<RecurrentDescription> = {
  build(description, context, inputs) {
    const { kind, layers = 1, dropout = 0, inputDropout = 0, residual = false } = description;
    const { direction = 'forward', merge = 'concatenate', output = 'sequence' } = description;
    const { activationPenalty = 0, temporalPenalty = 0 } = description;
    const { graph } = context;
    let x = realInput(kind, inputs);
    let last: Value[] = [];
    for (let layer = 0; layer < layers; layer++) {
      const between = layer === 0 ? x : dropElements(context, x, dropout);
      const read = dropPerSequence(context, between, inputDropout);
      const results = DIRECTIONS[direction].map((isReverse) =>
        buildDirection(description, { layer, isReverse }, read, context),
      );
      const y = merged(
        graph,
        merge,
        results.map((outputs) => only(outputs, 'y')),
      );
      last = results.map((outputs) => only(outputs, 'hT'));
      x = residual && layer > 0 ? merged(graph, 'sum', [y, x]) : y;
    }
    addPenalties(context, x, activationPenalty, temporalPenalty);
    if (output === 'sequence') return x;
    // With a residual the output is more than the state; only forward is its last step the end of the walk.
    return residual && layers > 1 ? only(graph.apply('lastStep', { x }), 'y') : merged(graph, merge, last);
  },
};
