/** A Keras model with its weights as a network of the library. */

import { TIME } from '../../batch/axes.js';
import type { Network } from '../../model/network.js';
import { operation } from '../../network/layers/operation.js';
import type { ImportedNetwork } from '../shared/imported-network.js';
import { NetworkBuilder } from '../shared/network-builder.js';
import { madeOfFile } from '../shared/own-options.js';
import { convertOperation } from './backend-operations.js';
import { Conversion } from './conversion.js';
import {
  corruptConfig,
  describeLayer,
  type KerasCall,
  type KerasLayer,
  type KerasSource,
  type TensorName,
} from './keras-layer.js';
import { type KerasSteps, type KerasValue, TimeAxes } from './keras-value.js';
import { CONVERTERS, RECURRENT } from './known-layers.js';
import { layersWithVariables, type ModelTensors } from './layer-weights.js';
import { inputsOf, type KerasInput } from './model-inputs.js';
import { convertBidirectional, convertRecurrent } from './recurrent-layers.js';

/** The outputs of a layer. */
function convertLayer(
  to: Conversion,
  layer: KerasLayer,
  inputs: readonly KerasValue[],
  states: readonly KerasValue[] = [],
): KerasValue[] {
  const refuse = (reason: string) => {
    throw to.refuse(layer, reason);
  };
  return madeOfFile(() => convertKnown(to, layer, inputs, states), refuse);
}

function convertKnown(
  to: Conversion,
  layer: KerasLayer,
  inputs: readonly KerasValue[],
  states: readonly KerasValue[],
): KerasValue[] {
  const { className } = layer;
  if (RECURRENT.includes(className)) return convertRecurrent(to, layer, inputs, states);
  if (className === 'Bidirectional') return convertBidirectional(to, layer, inputs, states);
  if (states.length > 0) throw to.refuse(layer, 'it is given initial states');
  if (layer.model !== undefined) return convertContainer(to, layer, inputs);
  if (className === 'TimeDistributed') return [eachStep(to, layer, inputs)];
  if (className === 'InputLayer') return [...inputs];
  const convert = CONVERTERS.get(className);
  if (convert === undefined) throw to.refuse(layer, 'layers of this class are not known here');
  const options = to.options(layer);
  const output = convert(to, layer, inputs, options);
  options.finish();
  return [output];
}

/** TimeDistributed: the layer sees each step as a row of its own. */
function eachStep(to: Conversion, layer: KerasLayer, inputs: readonly KerasValue[]): KerasValue {
  const [x] = inputs;
  const inner = layer.parts[0]?.layer as KerasLayer;
  if (x?.steps === undefined || inputs.length > 1) throw to.refuse(layer, 'it does not read the steps of one sequence');
  const options = to.options(layer);
  options.value('layer');
  options.finish();
  // The mask goes around the layer.
  const [y] = convertLayer(to, inner, [{ ...x, rank: x.rank - 1, isMasked: false }]) as [KerasValue];
  if (y.steps === undefined || y.rank !== 2)
    throw to.refuse(layer, `${describeLayer(inner)} gives no row for each step`);
  return { ...y, rank: 3, isMasked: x.isMasked };
}

function convertContainer(to: Conversion, layer: KerasLayer, inputs: readonly KerasValue[]): KerasValue[] {
  const { layers, graph } = layer.model as NonNullable<KerasLayer['model']>;
  if (graph !== undefined) return new GraphConversion(to, layer, graph).outputs(inputs);
  if (inputs.length !== 1) throw to.refuse(layer, `it has ${inputs.length} inputs, expected one`);
  return layers.reduce<KerasValue[]>(
    (values, each) => {
      if (values.length !== 1) throw to.refuse(each, `the layer before it gives ${values.length} outputs`);
      return convertLayer(to, each, values);
    },
    [...inputs],
  );
}

/** Of a layer whose mask has the steps of its input in the other order of time. */
const MASK_OF_OTHER_ORDER =
  'is given a mask of steps in the other order of time, which leaves out other steps in Keras; here sequences have no masked ones.';

const keyOf = ({ layer, call }: TensorName) => `${call}:${layer}`;

/** The calls of the layers of a functional model, each behind those that it reads. */
class GraphConversion {
  readonly #values = new Map<string, readonly KerasValue[]>();

  constructor(
    readonly to: Conversion,
    readonly layer: KerasLayer,
    readonly graph: NonNullable<NonNullable<KerasLayer['model']>['graph']>,
  ) {}

  outputs(given: readonly KerasValue[]): KerasValue[] {
    const { inputs, outputs } = this.graph;
    if (inputs.length !== given.length) {
      throw this.to.refuse(this.layer, `it has ${inputs.length} inputs, but is called with ${given.length}`);
    }
    for (const [at, input] of inputs.entries()) this.#values.set(keyOf(input), [given[at] as KerasValue]);
    for (const call of this.#sorted()) this.#values.set(`${call.index}:${call.layer.name}`, this.#convert(call));
    return outputs.map((output) => this.#valueOf(output));
  }

  /** @throws {DataError} `file_corrupt` for layers that read each other in a circle */
  #sorted(): KerasCall[] {
    const { calls } = this.graph;
    const readers = new Map<string, KerasCall[]>();
    const missing = new Map<KerasCall, number>();
    const ready: KerasCall[] = [];
    for (const call of calls) {
      const reads = [...call.inputs, ...call.initialStates, ...call.masks];
      const keys = new Set(reads.flatMap((each) => (typeof each === 'number' ? [] : [keyOf(each)])));
      const open = [...keys].filter((key) => !this.#values.has(key));
      for (const key of open) readers.set(key, [...(readers.get(key) ?? []), call]);
      missing.set(call, open.length);
      if (open.length === 0) ready.push(call);
    }
    for (const { index, layer } of ready) {
      for (const reader of readers.get(`${index}:${layer.name}`) ?? []) {
        const left = (missing.get(reader) as number) - 1;
        missing.set(reader, left);
        if (left === 0) ready.push(reader);
      }
    }
    const stuck = calls.find((call) => (missing.get(call) as number) > 0);
    if (stuck === undefined) return ready;
    const reason = 'reads what is not there, or what is made of its own output';
    throw corruptConfig(this.to.source, `${describeLayer(stuck.layer)} ${reason}`);
  }

  #valueOf(name: TensorName): KerasValue {
    const value = this.#values.get(keyOf(name))?.[name.output];
    if (value !== undefined) return value;
    const what = `output ${name.output} of call ${name.call} of '${name.layer}'`;
    throw corruptConfig(this.to.source, `'${this.layer.name}' uses ${what}, which is not there`);
  }

  #convert(call: KerasCall): readonly KerasValue[] {
    const { layer, masks, index, initialStates, isTraining } = call;
    if (index > 0 && [...layersWithVariables(layer)].length > 0) {
      this.to.note(
        `${describeLayer(layer)} is used several times; here each use has weights of its own, which are the same.`,
      );
    }
    if (isTraining) {
      this.to.note(
        `${describeLayer(layer)} is called with training=True: model.predict of Keras turns that off, and so do predictions here.`,
      );
    }
    if (layer.className.startsWith('ops.')) {
      return [convertOperation(this.to, call, (name) => this.#valueOf(name))];
    }
    for (const mask of masks) {
      if (this.#valueOf(mask).kind === 'mask') continue;
      throw this.to.refuse(layer, `its mask '${mask.layer}' does not come from an Embedding or a Masking`);
    }
    const inputs = call.inputs.map((input) => {
      if (typeof input === 'number') throw this.to.refuse(layer, `it is called with the number ${input}`);
      const value = this.#valueOf(input);
      // A mask says nothing of states, which are given beside the sequences.
      if (masks.length === 0 || value.steps === undefined) return value;
      const isTurned = masks.some((mask) => this.#valueOf(mask).steps?.isReversed !== value.steps?.isReversed);
      if (isTurned && value.isNoted === true) return value;
      if (isTurned) return this.to.unmasked(layer, this.to.masked(value), MASK_OF_OTHER_ORDER);
      if (!value.isMasked) {
        this.to.note(
          `${describeLayer(layer)} is given a mask: give sequences without the masked steps, as Keras leaves them out.`,
        );
      }
      return this.to.masked(value);
    });
    return convertLayer(
      this.to,
      layer,
      inputs,
      initialStates.map((state) => this.#valueOf(state)),
    );
  }
}

const isSteps = ({ rank, size }: KerasInput) => rank === (size === undefined ? 3 : 2);

/** Adds the inputs of the network. @param axisOf the time axis of an input in the network */
function addInputs(to: Conversion, inputs: readonly KerasInput[], axisOf: (input: string) => string): KerasValue[] {
  const hasSteps = inputs.some(isSteps);
  if (!hasSteps) to.note('The model has no time axis: each step of a sequence is one of its samples.');
  return inputs.map((input) => {
    const { name, rank, sizes, size } = input;
    const axis = hasSteps ? axisOf(name) : TIME;
    const columns = size === undefined ? (sizes.at(-1) as number) : 1;
    const isRow = hasSteps && !isSteps(input);
    const place = isRow ? { per: 'sequence' as const } : axis === TIME ? {} : { axis };
    const kind =
      size === undefined ? { kind: 'features' as const, units: columns } : { kind: 'indices' as const, size };
    const source = to.builder.addInput(name, { ...kind, ...place });
    const length = isSteps(input) ? sizes[0] : undefined;
    if (length !== undefined) {
      to.note(`The file fixes the sequences of '${name}' at ${length} steps; the network does not check it.`);
    }
    const steps: KerasSteps = { axis, root: name, length, isReversed: false };
    const value = { source, rank, columns, kind: size === undefined ? 'real' : 'indices', isMasked: false } as const;
    return isRow ? value : { ...value, steps };
  });
}

/** One pass over the model, for given axes. */
function convert(
  source: KerasSource,
  root: KerasLayer,
  tensors: ModelTensors,
  axes: TimeAxes,
  axisOf: (input: string) => string,
) {
  const to = new Conversion(source, new NetworkBuilder(), tensors, axes);
  const inputs = addInputs(to, inputsOf(source, root), axisOf);
  const outputs = convertContainer(to, root, inputs);
  to.noteUnmasked();
  return { to, inputs, outputs };
}

function finish(
  to: Conversion,
  root: KerasLayer,
  inputs: readonly KerasValue[],
  outputs: readonly KerasValue[],
): Network {
  // What is no node of its own, or is an output already, gets one.
  const taken = new Set(inputs.map(({ source }) => source));
  const nodes = outputs.map((output) => {
    const { source, kind, steps } = output;
    if (kind !== 'real') throw to.refuse(root, 'one of its outputs is a mask, or an input of indices');
    if (steps?.isReversed === true) {
      throw to.refuse(root, "one of its outputs is in reverse order of time, by 'go_backwards'");
    }
    const isFree = !taken.has(source) && !source.includes('.');
    taken.add(source);
    return isFree ? source : to.add(source, operation('identity'), [output]);
  });
  return to.builder.finish(Object.fromEntries(nodes.map((node) => [node, node])));
}

/** A name for the time axis of each input, all of them different. */
function axisNames(inputs: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set<string>([TIME]);
  const names = inputs.map((input) => {
    const wanted = `${TIME}_${input.replace(/[/.]/g, '_')}`;
    let name = wanted;
    for (let count = 1; taken.has(name); count++) name = `${wanted}_${count}`;
    taken.add(name);
    return [input, name] as const;
  });
  return new Map(names);
}

/**
 * Makes the network.
 *
 * @param tensors of all layers with variables
 * @throws {InterchangeError} `unsupported_operator`, `unsupported_attribute`, `missing_tensor`, `tensor_mismatch`
 * @throws {DataError} `file_corrupt`
 */
export function convertModel(source: KerasSource, root: KerasLayer, tensors: ModelTensors): ImportedNetwork {
  const axes = new TimeAxes();
  const names = axisNames(inputsOf(source, root).map(({ name }) => name));
  // The first pass finds out which inputs have the same steps.
  const first = convert(source, root, tensors, axes, (input) => names.get(input) as string);
  const leading = [...first.outputs, ...first.inputs].find(({ steps }) => steps !== undefined);
  const main = axes.rootOf(leading?.steps?.root ?? '');
  const axisOf = (input: string) => {
    const name = axes.rootOf(input);
    return name === main ? TIME : (names.get(name) as string);
  };
  const { to, inputs, outputs } = convert(source, root, tensors, axes, axisOf);
  const network = finish(to, root, inputs, outputs);
  return { network, weights: to.builder.weights, notes: to.builder.notes };
}
