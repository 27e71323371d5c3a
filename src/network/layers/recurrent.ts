/**
 * Recurrent layers: vanilla RNN, LSTM, GRU, stacked over packed sequences.
 *
 * Each direction of each layer has parameters of its own, in this order. Their names go on with the layer, `_l0`, and in
 * reverse `_reverse`: `lstm.weight_ih_l1_reverse`. H are the units, P is the size of the hidden state (the projection, else H),
 * G the number of gates, I the width of the layer's input.
 *
 * | name        | shape   | there is one                                                                         |
 * |-------------|---------|--------------------------------------------------------------------------------------|
 * | `weight_ih` | [GH, I] | always                                                                               |
 * | `weight_hh` | [GH, P] | always                                                                               |
 * | `bias_ih`   | [GH]    | with `biases` `one` or `two`, but not in an `rnn` with layer normalisation           |
 * | `bias_hh`   | [GH]    | with `biases` `two`; in an `rnn` with layer normalisation also with `one`            |
 * | `weight_hr` | [P, H]  | with `projection`                                                                    |
 * | `peepholes` | [3, H]  | with `peepholes`: rows i f o; [2, H] with coupled gates: rows i o                    |
 * | `gain_ih`   | [GH]    | with layer normalisation, of the input's product; not in an `rnn`                    |
 * | `gain_hh`   | [GH]    | with layer normalisation, of the recurrent product; in an `rnn` of the sum of both   |
 * | `gain_c`    | [H]     | with layer normalisation in an `lstm`, of the cell's state on its way to the output  |
 * | `shift_c`   | [H]     | beside `gain_c`, unless `biases` is `none`                                           |
 *
 * Rows that belong to gates, H of each, stand in the order i f g o in an `lstm`, i g o with coupled gates, r z n in a `gru`; an
 * `rnn` has no gates, G = 1.
 */
import type { Value } from '../../graph/value.js';
import { CELLS, cellOf } from './cells.js';
import { realInput } from './dense.js';
import { buildDirection, suffixOf } from './directions.js';
import type { BuildContext, LayerDefinition } from './layer.js';
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
 * Vanilla recurrent layer: packed sequence [N, input] -> [N, width], or [B, width] with `output` `last`. The width is
 * `units`, twice that where two directions are concatenated.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @see Elman 1990; agrees with torch.nn.RNN (test/golden)
 */
export function rnn(options: RnnOptions): RnnDescription {
  return describeRecurrent('rnn', options, CELLS.rnn);
}

/**
 * Long short-term memory layer: packed sequence [N, input] -> [N, width], or [B, width] with `output` `last`. The width is
 * the `projection`, `units` without one, twice that where two directions are concatenated.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @example const network = sequential([embedding({ size: 65, units: 128 }), lstm({ units: 512, layers: 2 }), dense({ units: 65 })]);
 * @see Hochreiter & Schmidhuber 1997; agrees with torch.nn.LSTM (test/golden)
 */
export function lstm(options: LstmOptions): LstmDescription {
  return describeRecurrent('lstm', options, CELLS.lstm);
}

/**
 * Gated recurrent unit layer: packed sequence [N, input] -> [N, width], or [B, width] with `output` `last`. The width is
 * `units`, twice that where two directions are concatenated.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @see Cho et al. 2014; agrees with torch.nn.GRU (test/golden)
 */
export function gru(options: GruOptions): GruDescription {
  return describeRecurrent('gru', options, CELLS.gru);
}

/** Whether each direction of a layer reads the sequences in reverse. */
const DIRECTIONS = { forward: [false], reverse: [true], bidirectional: [false, true] } as const;

/** Names of the states of a recurrent layer, for example `h_l0` and `c_l0`, in the order of layers and directions. */
export function stateNames(description: RecurrentDescription): string[] {
  const { layers = 1, direction = 'forward' } = description;
  const places = Array.from({ length: layers }, (_, layer) =>
    DIRECTIONS[direction].map((isReverse) => ({ layer, isReverse })),
  );
  return places.flat().flatMap((place) => cellOf(description).states.map((state) => state + suffixOf(place)));
}

/** The definition of the stacked layers of one kind of cell. */
function recurrentLayer<D extends RecurrentDescription>(
  kind: D['kind'],
  fromOptions: (options: Omit<D, 'kind'>) => D,
): LayerDefinition<D> {
  return { kind, fromOptions, states: stateNames, build: buildStack };
}

/** The definitions of all recurrent layers. */
export const recurrentLayers = [
  recurrentLayer('rnn', rnn),
  recurrentLayer('lstm', lstm),
  recurrentLayer('gru', gru),
] as const;

/** Builds a stack of recurrent layers. */
function buildStack(description: RecurrentDescription, context: BuildContext, inputs: readonly Value[]): Value {
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
      results.map((outputs) => outputs.get('y') as Value),
    );
    last = results.map((outputs) => outputs.get('hT') as Value);
    x = residual && layer > 0 ? merged(graph, 'sum', [y, x]) : y;
  }
  addPenalties(context, x, activationPenalty, temporalPenalty);
  if (output === 'sequence') return x;
  // With a residual the output is more than the state; only forward is its last step the end of the walk.
  return residual && layers > 1 ? graph.apply('lastStep', { x }).y : merged(graph, merge, last);
}
