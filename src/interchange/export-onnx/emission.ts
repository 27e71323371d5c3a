/** One operation of a network while its operators of ONNX are emitted. */
import { InterchangeError } from '../../core/errors.js';
import type { SymbolicExtent } from '../../graph/extent.js';
import { attributeOf, type Node, type Value } from '../../graph/value.js';
import type { Axes } from './axes.js';
import type { Attributes, OnnxGraph } from './onnx-graph.js';
import type { Weights } from './weights.js';

/** What all operations of an export share. */
export interface Exporting {
  readonly onnx: OnnxGraph;
  readonly axes: Axes;
  readonly weights: Weights;
  /** The name of the tensor of a value: [steps, batch, columns], [batch, columns], [rows, columns], or [columns] of a single row. */
  tensor(value: Value): string;
  /** Outputs of operations that something needs. */
  isNeeded(value: Value | undefined): boolean;
  /** Whether a value is an initial state that is zero. */
  isZero(value: Value): boolean;
  /** Something that the user should know: a sentence, said once. */
  note(sentence: string): void;
}

/** The error of a network that ONNX cannot hold, with the layer and what stands in the way. */
export function notExportable(layer: string, reason: string, details: Readonly<Record<string, unknown>> = {}) {
  const message = `layer '${layer}' cannot be exported to ONNX: ${reason}`;
  return new InterchangeError('not_exportable', message, { layer, format: 'onnx', ...details });
}

/** One operation: its operands as values and as tensors, and what it emits. */
export class Emission {
  readonly node: Node;
  readonly layer: string;
  readonly onnx: OnnxGraph;
  readonly axes: Axes;
  readonly weights: Weights;
  readonly #exporting: Exporting;

  constructor(node: Node, layer: string, exporting: Exporting) {
    this.node = node;
    this.layer = layer;
    this.#exporting = exporting;
    this.onnx = exporting.onnx;
    this.axes = exporting.axes;
    this.weights = exporting.weights;
  }

  value(operand: string): Value {
    return this.node.inputs.get(operand) as Value;
  }

  optional(operand: string): Value | undefined {
    return this.node.inputs.get(operand);
  }

  output(name: string): Value | undefined {
    return this.node.outputs.get(name);
  }

  isNeeded(output: string): boolean {
    return this.#exporting.isNeeded(this.output(output));
  }

  /** The tensor of a value that is no operand of this operation. */
  tensorOf(value: Value): string {
    return this.#exporting.tensor(value);
  }

  tensor(operand: string): string {
    return this.#exporting.tensor(this.value(operand));
  }

  optionalTensor(operand: string): string | undefined {
    const value = this.optional(operand);
    return value === undefined ? undefined : this.#exporting.tensor(value);
  }

  /** The tensor of an initial state; undefined where it is zero. */
  stateTensor(operand: string): string | undefined {
    const value = this.optional(operand);
    return value === undefined || this.#exporting.isZero(value) ? undefined : this.#exporting.tensor(value);
  }

  attribute(name: string): number {
    return attributeOf(this.node, name);
  }

  /** The time axis of a value's rows. */
  axisOf(value: Value): string {
    return (value.rows as SymbolicExtent).axis;
  }

  emit(operator: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.onnx.emit(operator, inputs, attributes);
  }

  /** Says that a cell became a loop, and why. */
  writtenOut(options: readonly string[]): void {
    const why = options[0] === 'input' ? 'reads what is no product of weights' : `has ${options.join(', ')}`;
    this.#exporting.note(
      `'${this.layer}' ${why}, which no recurrent operator of ONNX has: it is written out as a loop (Scan).`,
    );
  }

  refuse(reason: string, details: Readonly<Record<string, unknown>> = {}): never {
    throw notExportable(this.layer, reason, { operation: this.node.operation.name, ...details });
  }
}

/** Emits an operation. @returns tensors by the names of its outputs */
export type Emitter = (operation: Emission) => Readonly<Record<string, string>>;

/** Emitters by the names of operations. */
export type Emitters = Readonly<Record<string, Emitter>>;

/** Whether a value has one row for each step. */
export function hasSteps({ rows }: Value): boolean {
  return typeof rows !== 'number' && rows.kind === 'steps';
}
