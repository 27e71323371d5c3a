/** Convolution along positions that stand side by side in the columns of a row. */
import { OptionError, ShapeError } from '../../core/errors.js';
import { rejectUnknownKeys, requireNumber, requireOneOf } from '../../core/options.js';
import type { Value } from '../../graph/value.js';
import { requireInitializer } from '../initializers/initializer.js';
import { columnsInOrder, concatenate, slice } from '../operations/columns.js';
import { filtersOf } from './conv1d.js';
import { realInput } from './dense.js';
import type { LayerDefinition } from './layer.js';

/** Options of a convolution of columns. */
export interface ColumnConvolutionOptions {
  /** Outputs (filters) of each position, integer >= 1. */
  readonly units: number;
  /** Numbers of each position of the input, integer >= 1; they stand side by side. */
  readonly channels: number;
  /** Positions that one output sums over, integer >= 1. */
  readonly kernelSize: number;
  /** Positions from one output to the next, integer >= 1; default 1. */
  readonly stride?: number;
  /** Distance of the positions that one output sums over, integer >= 1; default 1. */
  readonly dilation?: number;
  /** Equal parts of the channels, each of which makes its own part of the units; default 1. */
  readonly groups?: number;
  /** Positions of zeros in front of a row, and behind it; default [0, 0]. */
  readonly padding?: readonly [number, number];
  /** Adds a bias; default true. */
  readonly bias?: boolean;
  /** Initial values, as in layers/initializer; default that of the model. */
  readonly initializer?: string;
}

/** Frozen description of a convolution of columns. */
export interface ColumnConvolutionDescription extends ColumnConvolutionOptions {
  readonly kind: 'columnConvolution';
}

const COUNTS = ['units', 'channels', 'kernelSize', 'stride', 'dilation', 'groups'] as const;
const NAMES: readonly string[] = [...COUNTS, 'padding', 'bias', 'initializer'];

/**
 * Convolution within each row, whose columns are positions of `channels` numbers: [R, positions * channels] -> [R, positions' * units].
 * So a step of a sequence may be a window of a signal, or a small picture's row. With one position in the kernel it applies the same
 * affine map to each position.
 *
 * The weights are [units, kernelSize, channels / groups]: those of torch.nn.Conv1d with the last two axes exchanged.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @example columnConvolution({ units: 16, channels: 1, kernelSize: 25, stride: 10 }) // windows of 25 samples of each step
 */
export function columnConvolution(options: ColumnConvolutionOptions): ColumnConvolutionDescription {
  rejectUnknownKeys('columnConvolution', options, NAMES);
  for (const name of COUNTS) {
    const value = options[name];
    const isNeeded = name === 'units' || name === 'channels' || name === 'kernelSize';
    if (value !== undefined || isNeeded) requireNumber(name, value, { integer: true, min: 1 });
  }
  const { units, channels, groups = 1, padding, bias, initializer } = options;
  if (units % groups !== 0 || channels % groups !== 0) {
    const message = `option 'groups' is ${groups}, which does not divide ${units} units and ${channels} channels into equal parts`;
    throw new OptionError('invalid_option', message, { name: 'groups', value: groups });
  }
  if (padding !== undefined) {
    if (!Array.isArray(padding) || padding.length !== 2) {
      const message = `option 'padding' must be the positions of zeros in front and behind, such as [1, 1]`;
      throw new OptionError('invalid_option', message, { name: 'padding', value: padding });
    }
    for (const [at, count] of padding.entries()) requireNumber(`padding[${at}]`, count, { integer: true, min: 0 });
  }
  if (bias !== undefined) requireOneOf('bias', bias, [true, false]);
  if (initializer !== undefined) requireInitializer(initializer);
  const frozen = padding === undefined ? {} : { padding: Object.freeze([...padding]) as unknown as [number, number] };
  return Object.freeze({ kind: 'columnConvolution', ...options, ...frozen });
}

/** @throws {ShapeError} `shape_mismatch` for columns that are no whole positions, or fewer than a kernel looks at */
function positionsOf(
  x: Value,
  { channels, kernelSize, dilation = 1, padding = [0, 0] }: ColumnConvolutionOptions,
): number {
  const positions = x.columns / channels + padding[0] + padding[1];
  const reach = (kernelSize - 1) * dilation + 1;
  if (Number.isInteger(positions) && positions >= reach) return positions;
  const message = `columnConvolution reads positions of ${channels} columns, at least ${reach} of them with the padding, but its input has ${x.columns} columns`;
  throw new ShapeError('shape_mismatch', message, {
    layer: 'columnConvolution',
    actual: x.columns,
    expected: channels,
  });
}

/** Values side by side, joined in pairs, so that each is copied a few times only. */
function sideBySide(values: readonly Value[]): Value {
  let parts = values;
  while (parts.length > 1) {
    const pairs: Value[] = [];
    for (let at = 0; at < parts.length; at += 2) {
      const [a, b] = [parts[at] as Value, parts[at + 1]];
      pairs.push(b === undefined ? a : concatenate(a, b));
    }
    parts = pairs;
  }
  return parts[0] as Value;
}

/** The definition of a convolution of columns. */
export const columnConvolutionLayer: LayerDefinition<ColumnConvolutionDescription> = {
  kind: 'columnConvolution',
  fromOptions: columnConvolution,
  build(description, context, inputs) {
    const { units, channels, kernelSize, stride = 1, dilation = 1, groups = 1 } = description;
    const [front] = description.padding ?? [0, 0];
    const { graph } = context;
    const x = realInput('columnConvolution', inputs);
    const positions = positionsOf(x, description);
    const each = channels / groups;
    const { w, b } = filtersOf(context, { ...description, each });
    const own = units / groups;
    const { p } = graph.apply('pack', { w }, {}, { O: units });
    /** The columns that an output sums over; -1 where there are zeros. */
    const window = (position: number, group: number): Value => {
      const order: number[] = [];
      for (let tap = 0; tap < kernelSize; tap++) {
        const begin = (position + tap * dilation - front) * channels;
        const isInside = begin >= 0 && begin < x.columns;
        for (let channel = 0; channel < each; channel++) order.push(isInside ? begin + group * each + channel : -1);
      }
      return columnsInOrder(x, order);
    };
    const outputs: Value[] = [];
    for (let position = 0; position + (kernelSize - 1) * dilation < positions; position += stride) {
      for (let group = 0; group < groups; group++) {
        // Weights are packed as a whole, so a group computes the units of all, of which its own are taken.
        const all = graph.apply('linear', { x: window(position, group), p, b }).y;
        outputs.push(groups === 1 ? all : slice(all, group * own, (group + 1) * own));
      }
    }
    return sideBySide(outputs);
  },
};
