/** What the converters of layers work with. */

import { InterchangeError } from '../../core/errors.js';
import type { AnyLayer } from '../../network/layers/layers.js';
import type { OperationOptions } from '../../network/layers/operation.js';
import { type OperationName, operation } from '../../network/layers/operation.js';
import type { WeightSource } from '../shared/imported-network.js';
import type { NetworkBuilder } from '../shared/network-builder.js';
import type { SourceTensor } from '../sources/source-tensor.js';
import { describeLayer, type KerasLayer, type KerasSource, unsupportedLayer } from './keras-layer.js';
import type { KerasValue, TimeAxes } from './keras-value.js';
import { LayerOptions } from './layer-options.js';
import type { ModelTensors } from './layer-weights.js';
import { missingVariable } from './layer-weights.js';

/** Most nodes of a network. */
const MOST_NODES = 20_000;

const READS_MASKED = 'reads masked steps in Keras; here sequences have none.';

/** Of layers behind which Keras has no mask. */
export const LOSES_MASK =
  'has no mask behind it in Keras, where other layers read the masked steps then; here sequences have none.';

/** Of layers that turn the steps around, which Keras does not do with the mask. */
export const TURNS_STEPS =
  'turns the steps around in Keras, but not the mask, which then leaves out other steps; here sequences have no masked ones.';

/** One conversion of a model. */
export class Conversion {
  #nodes = 0;

  constructor(
    readonly source: KerasSource,
    readonly builder: NetworkBuilder,
    readonly tensors: ModelTensors,
    readonly axes: TimeAxes,
  ) {}

  note(sentence: string): void {
    this.builder.note(sentence);
  }

  /** Layers that read all steps of an input, with this input. */
  readonly #readers: { readonly layer: KerasLayer; readonly root: string }[] = [];
  /** Inputs with steps that are masked somewhere. */
  readonly #masked = new Set<string>();

  /** A value whose masked steps Keras leaves out from here on. */
  masked(value: KerasValue): KerasValue {
    if (value.steps !== undefined) this.#masked.add(value.steps.root);
    return { ...value, isMasked: true };
  }

  /** The input of a layer that looks at several steps: where it has no mask, but others have one, `noteUnmasked` says it. */
  readSteps(layer: KerasLayer, { steps, isMasked, isNoted = false }: KerasValue): void {
    if (steps !== undefined && !isMasked && !isNoted) this.#readers.push({ layer, root: steps.root });
  }

  /** Says which layers read steps that are masked for others, when all layers are known. */
  noteUnmasked(): void {
    const masked = new Set([...this.#masked].map((root) => this.axes.rootOf(root)));
    for (const { layer, root } of this.#readers) {
      if (masked.has(this.axes.rootOf(root))) this.note(`${describeLayer(layer)} ${READS_MASKED}`);
    }
  }

  /** A value without its mask, where Keras does not go on with it, or not with the right one. */
  unmasked<V extends KerasValue>(layer: KerasLayer, value: V, what = READS_MASKED): V {
    if (!value.isMasked) return value;
    this.note(`${describeLayer(layer)} ${what}`);
    return { ...value, isMasked: false, isNoted: true };
  }

  options(layer: KerasLayer): LayerOptions {
    return new LayerOptions(this.source, layer, (sentence) => this.note(sentence));
  }

  /** A variable of a layer, which must have the shape. @throws {InterchangeError} `missing_tensor`, `tensor_mismatch` */
  tensor(layer: KerasLayer, role: string, shape: readonly number[]): SourceTensor {
    const tensor = this.tensors.get(layer)?.get(role);
    if (tensor === undefined) throw missingVariable(this.source, { layer, role }, `one of [${shape.join(', ')}]`);
    if (tensor.shape.length === shape.length && tensor.shape.every((size, axis) => size === shape[axis])) return tensor;
    const { path } = this.source;
    const message = `'${path}': '${tensor.name}' is [${tensor.shape.join(', ')}], but the ${role} of ${describeLayer(layer)} must be [${shape.join(', ')}]`;
    const details = { source: path, tensor: tensor.name, expected: shape, actual: tensor.shape };
    throw new InterchangeError('tensor_mismatch', message, details);
  }

  /** Adds a node that gives values of the same steps. */
  node(
    name: string,
    layer: AnyLayer,
    inputs: readonly KerasValue[],
    columns: number,
    weights: Readonly<Record<string, WeightSource>> = {},
  ): KerasValue {
    const [first] = inputs as [KerasValue];
    return { ...first, kind: 'real', source: this.add(name, layer, inputs, weights), columns };
  }

  /** Adds a node. @returns its name */
  add(
    name: string,
    layer: AnyLayer,
    inputs: readonly KerasValue[],
    weights: Readonly<Record<string, WeightSource>> = {},
    states?: Readonly<Record<string, string>>,
  ): string {
    if (++this.#nodes > MOST_NODES) {
      const message = `'${this.source.path}' describes a network of more than ${MOST_NODES} layers`;
      throw new InterchangeError('unsupported_operator', message, { source: this.source.path });
    }
    const sources = inputs.map(({ source }) => source);
    return this.builder.addNode(name, layer, sources, weights, states);
  }

  /** A function of one value, or of two. */
  apply(
    name: OperationName,
    inputs: readonly KerasValue[],
    options: OperationOptions = {},
    weights: Readonly<Record<string, WeightSource>> = {},
  ): KerasValue {
    const [first] = inputs as [KerasValue];
    return this.node(name, operation(name, options), inputs, first.columns, weights);
  }

  /** The only input of a layer, with real numbers. @throws {InterchangeError} `unsupported_operator` */
  real(layer: KerasLayer, inputs: readonly KerasValue[]): KerasValue {
    const [x, ...others] = inputs;
    if (x === undefined || others.length > 0) throw this.refuse(layer, `it has ${inputs.length} inputs, expected one`);
    if (x.kind === 'real') return x;
    throw this.refuse(layer, x.kind === 'mask' ? 'it reads a mask' : 'it reads indices, which only an Embedding takes');
  }

  /** As `real`, with the steps of sequences in the order of time. */
  sequences(
    layer: KerasLayer,
    inputs: readonly KerasValue[],
  ): KerasValue & { steps: NonNullable<KerasValue['steps']> } {
    const x = this.real(layer, inputs);
    const { steps, rank } = x;
    if (steps !== undefined && rank === 3) return { ...x, steps };
    throw this.refuse(layer, `it reads sequences of steps, but its input has ${rank} axes`);
  }

  refuse(layer: KerasLayer, reason: string): InterchangeError {
    return unsupportedLayer(this.source, layer, reason);
  }
}
