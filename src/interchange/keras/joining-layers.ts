/** Layers of Keras that join inputs, join steps, or change the shape. */
import type { JsonValue } from '../../core/json.js';
import { rootAxis } from '../../graph/derived-axis.js';
import type { AnyLayer } from '../../network/layers/layers.js';
import { add, average, concatenate, multiply } from '../../network/layers/merge.js';
import { operation } from '../../network/layers/operation.js';
import { type Conversion, LOSES_MASK } from './conversion.js';
import type { Converter } from './feed-forward-layers.js';
import type { KerasLayer } from './keras-layer.js';
import { type KerasSteps, type KerasValue, withoutSteps } from './keras-value.js';
import type { LayerOptions } from './layer-options.js';

/** The part of the name of an axis that convolutions have added. */
const derived = ({ axis }: KerasSteps) => axis.slice(rootAxis(axis).length);

/** The steps of values that are joined; rows of sequences join at all of them. */
function commonSteps(to: Conversion, layer: KerasLayer, inputs: readonly KerasValue[]): KerasSteps | undefined {
  const all = inputs.flatMap(({ steps }) => (steps === undefined ? [] : [steps]));
  const [first] = all;
  if (first === undefined) return undefined;
  for (const other of all) {
    if (other.isReversed !== first.isReversed) throw to.refuse(layer, 'one of its inputs is in reverse order of time');
    const lengths = [first.length, other.length].filter((length) => length !== undefined);
    if (derived(first) !== derived(other) || new Set(lengths).size > 1) {
      throw to.refuse(layer, 'its inputs have different numbers of steps');
    }
    to.axes.join(first.root, other.root);
  }
  return { ...first, length: all.find(({ length }) => length !== undefined)?.length };
}

function joined(
  to: Conversion,
  layer: KerasLayer,
  inputs: readonly KerasValue[],
  description: AnyLayer | undefined,
  columns: number,
): KerasValue {
  if (inputs.length === 0) throw to.refuse(layer, 'it has no inputs');
  for (const input of inputs) to.real(layer, [input]);
  const steps = commonSteps(to, layer, inputs);
  const first = inputs.find((input) => input.steps !== undefined) ?? (inputs[0] as KerasValue);
  const rank = Math.max(...inputs.map((input) => input.rank));
  // Keras drops a mask that not all inputs have, but side by side with others.
  const isMasked = inputs.some((input) => input.isMasked);
  const isNoted = inputs.some((input) => input.isNoted);
  const isKept = layer.className === 'Concatenate' || inputs.every((input) => input.isMasked);
  const source = description === undefined ? first.source : to.add(layer.name, description, inputs);
  const y = { ...first, source, steps, rank, columns, isMasked, isNoted };
  return isKept ? y : to.unmasked(layer, y, LOSES_MASK);
}

function requireSameColumns(to: Conversion, layer: KerasLayer, inputs: readonly KerasValue[]): number {
  const sizes = new Set(inputs.map(({ columns }) => columns));
  if (sizes.size <= 1) return inputs[0]?.columns ?? 0;
  throw to.refuse(layer, `its inputs have ${[...sizes].join(' and ')} columns, which Keras repeats`);
}

const byElement =
  (description: AnyLayer): Converter =>
  (to, layer, inputs) => {
    const columns = requireSameColumns(to, layer, inputs);
    return joined(to, layer, inputs, inputs.length === 1 ? undefined : description, columns);
  };

/** A function of two, from the first input to the last. */
const pairwise =
  (name: 'maximum' | 'minimum'): Converter =>
  (to, layer, inputs) => {
    requireSameColumns(to, layer, inputs);
    const [first, ...others] = inputs;
    if (first === undefined) throw to.refuse(layer, 'it has no inputs');
    return others.reduce((left, right) => joined(to, layer, [left, right], operation(name), left.columns), first);
  };

const difference: Converter = (to, layer, inputs) => {
  if (inputs.length !== 2) throw to.refuse(layer, `it has ${inputs.length} inputs, expected two`);
  return joined(to, layer, inputs, operation('subtract'), requireSameColumns(to, layer, inputs));
};

const concatenation: Converter = (to, layer, inputs, options) => {
  const [rank] = new Set(inputs.map((input) => input.rank));
  if (inputs.some((input) => input.rank !== rank)) throw to.refuse(layer, 'its inputs have different numbers of axes');
  const axis = options.value('axis');
  if (rank === undefined || (axis !== -1 && axis !== rank - 1)) {
    throw options.refuse('axis', axis, 'columns are set side by side, and no steps behind others: expected -1');
  }
  const columns = inputs.reduce((sum, input) => sum + input.columns, 0);
  return joined(to, layer, inputs, inputs.length === 1 ? undefined : concatenate(), columns);
};

const pooled =
  (name: 'maxOverTime' | 'meanOverTime'): Converter =>
  (to, layer, inputs, options) => {
    const x = to.sequences(layer, inputs);
    options.require('data_format', [undefined, null, 'channels_last'], 'steps stand in the first axis here');
    options.require('keepdims', [undefined, false], 'there is one row for each sequence');
    to.readSteps(layer, x);
    if (name === 'maxOverTime') to.unmasked(layer, x);
    const source = to.add(layer.name, operation(name), [x]);
    return { ...withoutSteps(x), source };
  };

const flattened: Converter = (to, layer, inputs, options) => {
  const x = to.unmasked(layer, to.real(layer, inputs));
  options.require('data_format', [undefined, null, 'channels_last'], 'the numbers of a step stand in the last axis');
  if (x.rank === 2) return x;
  if (x.steps?.length !== 1)
    throw to.refuse(layer, 'steps of a sequence do not become columns, except for a single one');
  return { ...withoutSteps(x), source: to.add(layer.name, operation('lastStep'), [x]) };
};

function sizesOf(options: LayerOptions, name: string): readonly JsonValue[] {
  const sizes = options.value(name);
  if (Array.isArray(sizes)) return sizes;
  throw options.refuse(name, sizes, 'expected a list');
}

const reshaped: Converter = (to, layer, inputs, options) => {
  const x = to.unmasked(layer, to.real(layer, inputs), LOSES_MASK);
  const wanted = sizesOf(options, 'target_shape');
  const own: readonly (number | undefined)[] = x.rank === 2 ? [x.columns] : [x.steps?.length, x.columns];
  // One size may be left to be computed: it is the only one of its kind.
  const isSame = wanted.length === own.length && wanted.every((size, axis) => size === -1 || size === own[axis]);
  if (isSame && wanted.filter((size) => size === -1).length <= 1) return x;
  throw options.refuse('target_shape', [...wanted], 'steps and columns stay what they are');
};

const permuted: Converter = (to, layer, inputs, options) => {
  const x = to.unmasked(layer, to.real(layer, inputs), LOSES_MASK);
  const axes = sizesOf(options, 'dims');
  if (axes.length === x.rank - 1 && axes.every((axis, at) => axis === at + 1)) return x;
  throw options.refuse('dims', [...axes], 'steps and columns stay what they are');
};

/** One row at all steps of its sequence, where the file says that there are so many. */
const repeated: Converter = (to, layer, inputs, options) => {
  const { origin, ...x } = to.real(layer, inputs);
  const count = options.count('n');
  if (x.rank !== 2 || x.steps !== undefined || origin?.length !== count) {
    throw options.refuse('n', count, `its input belongs to sequences that the file does not fix at ${count} steps`);
  }
  return { ...x, source: to.add(layer.name, operation('repeatOverTime'), [x]), rank: 3, steps: origin };
};

/** The converters by the classes of layers. */
export const JOINING: ReadonlyMap<string, Converter> = new Map(
  Object.entries({
    Add: byElement(add()),
    Multiply: byElement(multiply()),
    Average: byElement(average()),
    Maximum: pairwise('maximum'),
    Minimum: pairwise('minimum'),
    Subtract: difference,
    Concatenate: concatenation,
    GlobalMaxPooling1D: pooled('maxOverTime'),
    GlobalAveragePooling1D: pooled('meanOverTime'),
    GlobalMaxPool1D: pooled('maxOverTime'),
    GlobalAvgPool1D: pooled('meanOverTime'),
    Flatten: flattened,
    Reshape: reshaped,
    Permute: permuted,
    RepeatVector: repeated,
  }),
);
