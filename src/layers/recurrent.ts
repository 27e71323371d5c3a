/** Recurrent layers: vanilla RNN, LSTM, GRU, stacked over packed sequences. */
import { rejectUnknownKeys, requireNumber, requireOneOf } from '../core/options.js';
import { affine } from '../graph/operations/linear.js';
import { only, type Value } from '../graph/value.js';
import { realInput } from './dense.js';
import { requireInitializer } from './initializer.js';
import type { BuildContext, LayerRule } from './layer.js';

/** Options that all recurrent layers have. */
export interface RecurrentOptions {
  /** Hidden size H of every layer, integer >= 1. */
  readonly units: number;
  /** Stacked layers, integer >= 1; default 1. */
  readonly layers?: number;
  /** Probability in [0, 1) that an element between two layers is dropped while training; default 0. */
  readonly dropout?: number;
  /** Initial values, as in layers/initializer; default that of the model. */
  readonly initializer?: string;
}

/** Options of a vanilla RNN. */
export interface RnnOptions extends RecurrentOptions {
  /** Default `tanh`. */
  readonly activation?: 'tanh' | 'relu';
}

/** Options of a GRU. */
export interface GruOptions extends RecurrentOptions {
  /**
   * Whether the reset gate acts after the recurrent product (PyTorch, cuDNN) or before it (Cho et al. 2014); default
   * true.
   */
  readonly resetAfter?: boolean;
}

/** Frozen descriptions. */
export interface RnnDescription extends RnnOptions {
  readonly kind: 'rnn';
}
export interface LstmDescription extends RecurrentOptions {
  readonly kind: 'lstm';
}
export interface GruDescription extends GruOptions {
  readonly kind: 'gru';
}
export type RecurrentDescription = RnnDescription | LstmDescription | GruDescription;

const SHARED = ['units', 'layers', 'dropout', 'initializer'];

function check(options: RecurrentOptions): void {
  requireNumber('units', options.units, { min: 1, integer: true });
  if (options.layers !== undefined) requireNumber('layers', options.layers, { min: 1, integer: true });
  if (options.dropout !== undefined) requireNumber('dropout', options.dropout, { min: 0, exclusiveMax: 1 });
  if (options.initializer !== undefined) requireInitializer(options.initializer);
}

/**
 * Vanilla recurrent layer: packed sequence [N, input] -> [N, units].
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @see Elman 1990; agrees with torch.nn.RNN (test/golden)
 */
export function rnn(options: RnnOptions): RnnDescription {
  rejectUnknownKeys('rnn', options, [...SHARED, 'activation']);
  check(options);
  if (options.activation !== undefined) requireOneOf('activation', options.activation, ['tanh', 'relu']);
  return Object.freeze({ kind: 'rnn', ...options });
}

/**
 * Long short-term memory layer: packed sequence [N, input] -> [N, units].
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @example sequential([embedding({ size: 65, units: 128 }), lstm({ units: 512, layers: 2 }), dense({ units: 65 })])
 * @see Hochreiter & Schmidhuber 1997; agrees with torch.nn.LSTM (test/golden)
 */
export function lstm(options: RecurrentOptions): LstmDescription {
  rejectUnknownKeys('lstm', options, SHARED);
  check(options);
  return Object.freeze({ kind: 'lstm', ...options });
}

/**
 * Gated recurrent unit layer: packed sequence [N, input] -> [N, units].
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @see Cho et al. 2014; agrees with torch.nn.GRU (test/golden)
 */
export function gru(options: GruOptions): GruDescription {
  rejectUnknownKeys('gru', options, [...SHARED, 'resetAfter']);
  check(options);
  if (options.resetAfter !== undefined) requireOneOf('resetAfter', options.resetAfter, [true, false]);
  return Object.freeze({ kind: 'gru', ...options });
}

const GATES = { rnn: 1, lstm: 4, gru: 3 } as const;
const FORGET_GATE = { rnn: -1, lstm: 1, gru: -1 } as const;

/** Parameters of one layer of a stack, named and laid out as PyTorch's. */
interface CellParameters {
  readonly W: Value;
  readonly R: Value;
  readonly bW: Value;
  readonly bR: Value;
}

function parametersOf(
  description: RecurrentDescription,
  layer: number,
  inputs: number,
  context: BuildContext,
): CellParameters {
  const { kind, units, initializer } = description;
  const gates = GATES[kind];
  const rows = gates * units;
  const shared = { units, gates, forgetGate: FORGET_GATE[kind], initializer };
  const matrix = (name: string, role: 'input' | 'recurrent', columns: number) =>
    context.parameter(`${name}_l${layer}`, { role, rows, columns, shape: [rows, columns], fanIn: columns, ...shared });
  const bias = (name: string, role: 'inputBias' | 'recurrentBias') =>
    context.parameter(`${name}_l${layer}`, { role, rows: 1, columns: rows, shape: [rows], fanIn: units, ...shared });
  return {
    W: matrix('weight_ih', 'input', inputs),
    R: matrix('weight_hh', 'recurrent', units),
    bW: bias('bias_ih', 'inputBias'),
    bR: bias('bias_hh', 'recurrentBias'),
  };
}

/** Emits the sequence loop of one layer over its input projection `a`, and returns the outputs by name. */
function buildCell(
  description: RecurrentDescription,
  { R, bR }: CellParameters,
  a: Value,
  states: Readonly<Record<string, Value>>,
  context: BuildContext,
): Record<string, Value> {
  const { graph } = context;
  const pack = (name: string, O: number, rowBegin = 0) => only(graph.apply(name, { w: R }, { rowBegin }, { O }), 'p');
  const { units } = description;
  switch (description.kind) {
    case 'rnn': {
      const activation = description.activation === 'relu' ? 1 : 0;
      return graph.apply('rnn', { a, p: pack('pack', units), bR, ...states }, { activation });
    }
    case 'lstm':
      return graph.apply('lstm', { a, p: pack('packGates4', 4 * units), bR, ...states });
    case 'gru': {
      if (description.resetAfter ?? true) {
        return graph.apply('gru', { a, p: pack('packGates3', 3 * units), bR, ...states });
      }
      const p = pack('packGates2', 2 * units);
      return graph.apply('gruResetBefore', { a, p, pn: pack('pack', units, 2 * units), bR, ...states });
    }
  }
}

/** Builds a stack of recurrent layers. */
export const recurrentRule: LayerRule<RecurrentDescription> = {
  build(description, context, inputs) {
    const { units, layers = 1, dropout = 0, kind } = description;
    let x = realInput(kind, inputs);
    for (let layer = 0; layer < layers; layer++) {
      if (layer > 0 && dropout > 0 && context.training) {
        const attributes = { rate: dropout, operationId: context.operationId() };
        x = only(context.graph.apply('dropout', { x, key: context.dropoutKey() }, attributes), 'y');
      }
      const parameters = parametersOf(description, layer, x.columns, context);
      const states: Record<string, Value> = { h0: context.initialState(`h_l${layer}`, units) };
      if (kind === 'lstm') states['c0'] = context.initialState(`c_l${layer}`, units);
      const a = affine(context, x, parameters.W, parameters.bW);
      const outputs = buildCell(description, parameters, a, states, context);
      context.finalState(`h_l${layer}`, only(outputs, 'hT'));
      if (kind === 'lstm') context.finalState(`c_l${layer}`, only(outputs, 'cT'));
      x = only(outputs, 'y');
    }
    return x;
  },
};
