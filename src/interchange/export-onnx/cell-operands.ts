/** What the two ways of exporting a cell share: its sizes, its input, its states and its activations. */
import type { Node, Value } from '../../graph/value.js';
import { activationOfNumbers, type CELL_ACTIVATIONS } from '../../network/layers/cell-activations.js';
import type { Emission } from './emission.js';
import { type Attributes, float, type OnnxGraph } from './onnx-graph.js';
import { type PackedRows, type Piece, packedRows, rowsOf } from './weights.js';

/** The cells, and where the blocks of their gates stand. */
export type CellName = 'rnn' | 'lstm' | 'lstmCoupled' | 'gru' | 'gruResetBefore';

/** Gates of each cell, which are stacked in the rows of its weights. */
export const GATES: Readonly<Record<CellName, number>> = {
  rnn: 1,
  lstm: 4,
  lstmCoupled: 3,
  gru: 3,
  gruResetBefore: 3,
};

/** The product of the input: what is multiplied, by which weights, with which bias. */
export interface InputProduct {
  readonly x: Value;
  readonly packed: PackedRows;
  readonly bias: Value | undefined;
}

/** A cell, and what it reads. */
export interface CellOperands {
  readonly name: CellName;
  readonly gates: number;
  readonly units: number;
  /** Size of the hidden state. */
  readonly width: number;
  readonly axis: string;
  readonly isReverse: boolean;
  /** Undefined where the input comes as something else than a product, such as a normalised one. */
  readonly input: InputProduct | undefined;
  /** Rows of the recurrent weights from one on, wherever they were packed. */
  recurrent(begin: number, count: number): Piece;
}

/** The product of the input of a cell, which may be an operation of its own before it. */
export function inputProduct({ inputs }: Node): InputProduct | undefined {
  const [x, pW] = [inputs.get('x'), inputs.get('pW')];
  if (x !== undefined && pW !== undefined) return { x, packed: packedRows(pW), bias: inputs.get('bW') };
  const product = inputs.get('a')?.node;
  if (product?.operation.name !== 'linear') return undefined;
  const packed = packedRows(product.inputs.get('p') as Value);
  if (packed.isTransposed) return undefined;
  return { x: product.inputs.get('x') as Value, packed, bias: product.inputs.get('b') };
}

/** Operands that only training has. */
const NOISE = ['mask', 'zone', 'zoneCell'];

/** What the outputs are that are computed for every step, and kept by training alone. */
const RESULTS = ['y', 'hT', 'cT'];

/** What a cell reads. @throws {InterchangeError} `not_exportable` for what belongs to training */
export function cellOperands(operation: Emission, name: CellName): CellOperands {
  const noise = NOISE.find((operand) => operation.optional(operand) !== undefined);
  if (noise !== undefined) operation.refuse(`its cell reads random numbers (${noise}), which belong to training`);
  const kept = [...operation.node.outputs.keys()].find((each) => !RESULTS.includes(each) && operation.isNeeded(each));
  if (kept !== undefined) operation.refuse(`'${kept}' of its cell is read, which belongs to training`);
  const y = operation.output('y') as Value;
  const gates = GATES[name];
  const [p, pn] = [packedRows(operation.value('p')), operation.optional('pn')];
  const units = name === 'gruResetBefore' ? p.matrix.columns : p.rows / gates;
  const candidate = pn === undefined ? undefined : packedRows(pn);
  return {
    name,
    gates,
    units,
    width: y.columns,
    axis: operation.axisOf(y),
    isReverse: operation.attribute('reverse') === 1,
    input: inputProduct(operation.node),
    recurrent: (begin, count) =>
      candidate !== undefined && begin >= 2 * units
        ? rowsOf(candidate, begin - 2 * units, count)
        : rowsOf(p, begin, count),
  };
}

/** An activation as the operators of cells name it, with its numbers. */
export interface OnnxActivation {
  readonly name: string;
  readonly alpha?: number;
  readonly beta?: number;
}

/** `Affine` leaves a number as it is. */
const ONNX_NAMES: Readonly<Record<(typeof CELL_ACTIVATIONS)[number], OnnxActivation>> = {
  tanh: { name: 'Tanh' },
  relu: { name: 'Relu' },
  sigmoid: { name: 'Sigmoid' },
  identity: { name: 'Affine', alpha: 1, beta: 0 },
  hardSigmoid: { name: 'HardSigmoid', alpha: 1 / 6, beta: 0.5 },
  hardSigmoid02: { name: 'HardSigmoid', alpha: 0.2, beta: 0.5 },
  softsign: { name: 'Softsign' },
  softplus: { name: 'Softplus' },
};

/** The activation of an attribute of a cell; `numbers` are the attributes with its alpha and beta. */
export function activationOf(
  operation: Emission,
  attribute: string,
  numbers: readonly [string, string] = [`${attribute}Alpha`, `${attribute}Beta`],
): OnnxActivation {
  const [alpha, beta] = numbers.map((name) => operation.attribute(name)) as [number, number];
  const activation = activationOfNumbers({ code: operation.attribute(attribute), alpha, beta });
  if (typeof activation === 'string') return ONNX_NAMES[activation];
  const { name, ...given } = activation;
  return { name: `${name.charAt(0).toUpperCase()}${name.slice(1)}`, ...given };
}

/** Emits an activation by the operators of ONNX, of which none is `Affine` or `ScaledTanh`. */
export function activated(graph: OnnxGraph, { name, alpha, beta }: OnnxActivation, x: string): string {
  const times = (y: string, factor: number) => (factor === 1 ? y : graph.emit('Mul', [y, graph.float(factor)]));
  if (name === 'Affine') {
    const scaled = times(x, alpha as number);
    return beta === 0 ? scaled : graph.emit('Add', [scaled, graph.float(beta as number)]);
  }
  if (name === 'ScaledTanh') return times(graph.emit('Tanh', [times(x, beta as number)]), alpha as number);
  const attributes: Attributes = {
    ...(alpha !== undefined && { alpha: float(alpha) }),
    ...(beta !== undefined && { beta: float(beta) }),
  };
  return graph.emit(name, [x], attributes);
}
