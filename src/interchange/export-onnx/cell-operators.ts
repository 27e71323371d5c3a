/** Cells that RNN, LSTM and GRU of ONNX can say: one operator for all steps of one direction. */
import { attributeOf, type Node, type Value } from '../../graph/value.js';
import { activationOf, type CellName, type CellOperands, inputProduct } from './cell-operands.js';
import type { Emission } from './emission.js';
import { type Attribute, float, int } from './onnx-graph.js';
import { type Piece, rowsOf } from './weights.js';

/** What differs between the operators. */
interface OnnxCell {
  readonly operator: 'RNN' | 'LSTM' | 'GRU';
  /** Which block of the library stands at each place, null for zeros in place of a gate that does not exist. */
  readonly order: readonly (number | null)[];
  /** The same of the peepholes. */
  readonly peepholes?: readonly (number | null)[];
  /** Attributes with the activations, in the order of the operator. */
  readonly activations: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** Gates of ONNX: i o f c of an LSTM, z r h of a GRU. Those of the library: i f g o, coupled i g o; r z n. */
const CELLS: Readonly<Record<CellName, OnnxCell>> = {
  rnn: { operator: 'RNN', order: [0], activations: ['activation'], attributes: {} },
  lstm: {
    operator: 'LSTM',
    order: [0, 3, 1, 2],
    peepholes: [0, 2, 1],
    activations: ['gate', 'activation', 'output'],
    attributes: {},
  },
  lstmCoupled: {
    operator: 'LSTM',
    order: [0, 2, null, 1],
    peepholes: [0, 1, null],
    activations: ['gate', 'activation', 'output'],
    attributes: { input_forget: int(1) },
  },
  gru: {
    operator: 'GRU',
    order: [1, 0, 2],
    activations: ['gate', 'activation'],
    attributes: { linear_before_reset: int(1) },
  },
  gruResetBefore: {
    operator: 'GRU',
    order: [1, 0, 2],
    activations: ['gate', 'activation'],
    attributes: { linear_before_reset: int(0) },
  },
};

/**
 * The options that no operator of ONNX has, by the operands and attributes that they become; the operators' clip is inputClip, not
 * cellClip.
 */
const BEYOND = {
  operands: { gain: 'layerNormalization', cellGain: 'layerNormalization', pr: 'projection' },
  attributes: { clip: 'cellClip', zoneout: 'zoneout', zoneoutCell: 'zoneout' },
} as const;

/** The options of a cell that no operator of ONNX has, or `input` where its input is no product. */
export function beyondOperators(node: Node): string[] {
  const { attributes } = node.operation;
  const operands = Object.entries(BEYOND.operands).filter(([name]) => node.inputs.has(name));
  const numbers = Object.entries(BEYOND.attributes).filter(
    ([name]) => attributes.includes(name) && attributeOf(node, name) !== 0,
  );
  const options = new Set<string>([...operands, ...numbers].map(([, option]) => option));
  return options.size === 0 && inputProduct(node) === undefined ? ['input'] : [...options];
}

function activations(operation: Emission, names: readonly string[]): Record<string, Attribute> {
  const used = names.map((name) =>
    operation.node.operation.name === 'rnn'
      ? activationOf(operation, name, ['alpha', 'beta'])
      : activationOf(operation, name),
  );
  // One list of all alphas and one of all betas, of those activations that have them, in the order of the activations.
  const alphas = used.flatMap(({ alpha }) => alpha ?? []);
  const betas = used.flatMap(({ beta }) => beta ?? []);
  return {
    activations: { texts: used.map(({ name }) => name) },
    ...(alphas.length > 0 && { activation_alpha: { floats: alphas } }),
    ...(betas.length > 0 && { activation_beta: { floats: betas } }),
  };
}

/** Blocks of a row, or zeros where there is no such row. */
function biasBlocks(row: Value | undefined, order: OnnxCell['order'], units: number): Piece[] {
  return order.map((block) =>
    row === undefined || block === null ? { zeros: units } : { value: row, begin: block * units, count: units },
  );
}

/** The tensors W, R, B and P of the operator; an empty name for one that is left out. */
function weightsOf(operation: Emission, cell: CellOperands, onnxCell: OnnxCell) {
  const { weights } = operation;
  const { units, input, recurrent } = cell;
  const { order } = onnxCell;
  const { packed, bias: bW } = input as NonNullable<CellOperands['input']>;
  const { columns } = packed.matrix;
  const rows = (width: number, piece: (block: number) => Piece) =>
    order.map((block) => (block === null ? { zeros: units * width } : piece(block)));
  const bR = operation.optional('bR');
  const peepholes = operation.optional('peepholes');
  const biasName = (bW ?? bR)?.name?.replace(/bias_(ih|hh)/, 'bias');
  const biases = () => [...biasBlocks(bW, order, units), ...biasBlocks(bR, order, units)];
  return {
    W: weights.joined(
      operation,
      rows(columns, (block) => rowsOf(packed, block * units, units)),
      [1, order.length * units, columns],
    ),
    R: weights.joined(
      operation,
      rows(units, (block) => recurrent(block * units, units)),
      [1, order.length * units, units],
    ),
    B:
      bW === undefined && bR === undefined
        ? ''
        : weights.joined(operation, biases(), [1, 2 * order.length * units], biasName),
    P:
      peepholes === undefined
        ? ''
        : weights.joined(operation, biasBlocks(peepholes, onnxCell.peepholes ?? [], units), [1, 3 * units]),
  };
}

/** Names without empty ones at the end. */
function trimmed(names: readonly string[]): string[] {
  let end = names.length;
  while (end > 0 && names[end - 1] === '') end--;
  return names.slice(0, end);
}

/** Emits the operator. @returns the outputs y, hT and cT */
export function emitOperator(operation: Emission, cell: CellOperands): Record<string, string> {
  const { onnx, axes } = operation;
  const { name, units, axis, isReverse, input } = cell;
  const onnxCell = CELLS[name];
  const { W, R, B, P } = weightsOf(operation, cell, onnxCell);
  const x = operation.tensorOf((input as NonNullable<CellOperands['input']>).x);
  const state = (operand: string) => {
    const initial = operation.stateTensor(operand);
    return initial === undefined ? '' : onnx.unsqueeze(initial, 0);
  };
  const isLstm = onnxCell.operator === 'LSTM';
  const clip = operation.attribute('inputClip');
  const inputs = [x, W, R, B, axes.shortLengths(axis) ?? '', state('h0'), ...(isLstm ? [state('c0'), P] : [])];
  const results = ['y', 'hT', ...(isLstm ? ['cT'] : [])];
  const outputs = results.map((result) =>
    operation.isNeeded(result) ? onnx.local(`${onnxCell.operator}.${result}`) : '',
  );
  onnx.add(onnxCell.operator, trimmed(inputs), trimmed(outputs), {
    hidden_size: int(units),
    direction: { text: isReverse ? 'reverse' : 'forward' },
    ...activations(operation, onnxCell.activations),
    ...(clip > 0 && { clip: float(clip) }),
    ...onnxCell.attributes,
  });
  const whole = results.map((result, at) => [result, outputs[at] as string] as const);
  const needed = whole.filter(([, output]) => output !== '');
  return Object.fromEntries(needed.map(([result, output]) => [result, onnx.squeeze(output, result === 'y' ? 1 : 0)]));
}
