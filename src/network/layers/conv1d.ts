/** Convolution along each sequence. */
import { OptionError, ShapeError } from '../../core/errors.js';
import { describeValue, rejectUnknownKeys, requireNumber, requireOneOf } from '../../core/options.js';
import type { SymbolicExtent } from '../../graph/extent.js';
import { CAUSAL, EXPLICIT, PADDINGS } from '../../graph/operations/convolution.js';
import type { Value } from '../../graph/value.js';
import { requireInitializer } from '../initializers/initializer.js';
import { realInput } from './dense.js';
import type { BuildContext, LayerDefinition } from './layer.js';
import { hasSteps } from './rows.js';

/** Options of a convolution. */
export interface Conv1dOptions {
  /** Outputs (filters), integer >= 1. */
  readonly units: number;
  /** Steps that one output sums over, integer >= 1. */
  readonly kernelSize: number;
  /** Steps from one output to the next, integer >= 1; default 1. */
  readonly stride?: number;
  /** Distance of the steps that one output sums over, integer >= 1; default 1. */
  readonly dilation?: number;
  /** Equal parts of the inputs, each of which makes its own part of the outputs; default 1. As many as inputs and units: depthwise. */
  readonly groups?: number;
  /**
   * What stands for the steps before and behind a sequence of n, where r = (kernelSize - 1) * dilation + 1 steps are looked at.
   * `valid` (the default): nothing does, there are floor((n - r) / stride) + 1 outputs. `same`: zeros at both ends, the odd one behind,
   * ceil(n / stride) outputs, as Keras defines it; PyTorch has it for a stride of 1 alone. `causal`: r - 1 zeros in front, ceil(n / stride)
   * outputs, none of which looks ahead. `[front, behind]`, integers from 0 to 1,000,000: so many zeros at the ends,
   * floor((n + front + behind - r) / stride) + 1 outputs. [p, p] is `padding=p` of torch.nn.Conv1d.
   */
  readonly padding?: keyof typeof PADDINGS | readonly [front: number, behind: number];
  /** Adds a bias; default true. */
  readonly bias?: boolean;
  /** Initial values, as in layers/initializer; default that of the model. */
  readonly initializer?: string;
}

/** Frozen description of a convolution. */
export interface Conv1dDescription extends Conv1dOptions {
  readonly kind: 'conv1d';
}

/** Largest stride and dilation that the operation takes. */
const MOST = 1_000_000;

/** @throws {OptionError} `invalid_option` */
function requirePadding(padding: unknown): void {
  if (!Array.isArray(padding)) {
    if (typeof padding === 'string' && Object.hasOwn(PADDINGS, padding)) return;
    const names = Object.keys(PADDINGS).map((name) => `'${name}'`);
    const message = `option 'padding' is ${describeValue(padding)}, expected ${names.join(', ')} or the zeros [front, behind]`;
    throw new OptionError('invalid_option', message, { name: 'padding', value: padding });
  }
  if (padding.length !== 2) {
    const message = `option 'padding' has ${padding.length} numbers, expected the zeros [front, behind] of a sequence`;
    throw new OptionError('invalid_option', message, { name: 'padding', value: padding });
  }
  for (const [at, zeros] of padding.entries())
    requireNumber(`padding[${at}]`, zeros, { integer: true, min: 0, max: MOST });
}

/** What a convolution gives its operation, and the steps that its first output needs. */
function paddingOf(padding: NonNullable<Conv1dOptions['padding']>, before: number) {
  if (typeof padding === 'string') {
    // A kernel of one step has no end to pad, and looks at no later step.
    const code = before === 0 ? CAUSAL : PADDINGS[padding];
    return { padding: code, front: 0, reach: padding === 'valid' ? before + 1 : 1 };
  }
  const [front, behind] = padding;
  const reach = before + 1 - front - behind;
  if (front === before && behind === 0) return { padding: CAUSAL, front: 0, reach };
  return { padding: EXPLICIT, front, reach };
}

/**
 * Convolution along the steps of each sequence: [N, F] -> [N', units]; nothing leads from one sequence to another. With a stride, or
 * with the padding `valid`, sequences become shorter, with much explicit padding longer: the output lies on a time axis of its own, and so do
 * its targets. With the padding `causal`, or [r - 1, 0], and a stride of 1 it works in streams and decoders and carries the last steps on as its state `context`; with one step
 * in the kernel and a stride of 1 it needs no context, whatever the padding.
 *
 * The weights are [units, kernelSize, F / groups]: those of torch.nn.Conv1d with the last two axes exchanged.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @example const network = sequential([conv1d({ units: 64, kernelSize: 5, padding: 'same' }), gru({ units: 64 }), dense({ units: 3 })], { features: 40 });
 * @see agrees with torch.nn.Conv1d of each sequence by itself
 */
export function conv1d(options: Conv1dOptions): Conv1dDescription {
  const names = ['units', 'kernelSize', 'stride', 'dilation', 'groups', 'padding', 'bias', 'initializer'];
  rejectUnknownKeys('conv1d', options, names);
  const { units, kernelSize, stride, dilation, groups, padding, bias, initializer } = options;
  requireNumber('units', units, { min: 1, integer: true });
  requireNumber('kernelSize', kernelSize, { min: 1, max: MOST, integer: true });
  if (stride !== undefined) requireNumber('stride', stride, { min: 1, max: MOST, integer: true });
  if (dilation !== undefined) requireNumber('dilation', dilation, { min: 1, max: MOST, integer: true });
  if (groups !== undefined && units % requireNumber('groups', groups, { min: 1, integer: true }) !== 0) {
    const message = `option 'groups' is ${groups}, which does not divide the ${units} units into equal parts`;
    throw new OptionError('invalid_option', message, { name: 'groups', value: groups });
  }
  if (padding !== undefined) requirePadding(padding);
  if (bias !== undefined) requireOneOf('bias', bias, [true, false]);
  if (initializer !== undefined) requireInitializer(initializer);
  const zeros = typeof padding === 'object' ? { padding: Object.freeze([...padding] as const) } : {};
  return Object.freeze({ kind: 'conv1d', ...options, ...zeros });
}

/** @throws {ShapeError} `rank_mismatch` for rows without steps; `shape_mismatch` for inputs that groups do not divide */
function requireInput(x: Value, groups: number): SymbolicExtent {
  if (!hasSteps(x)) {
    const message = 'conv1d reads the steps of sequences, but its input has one row for each sequence';
    throw new ShapeError('rank_mismatch', message, { layer: 'conv1d' });
  }
  if (x.columns % groups === 0) return x.rows as SymbolicExtent;
  const message = `conv1d has ${groups} groups, which do not divide its ${x.columns} inputs into equal parts`;
  throw new ShapeError('shape_mismatch', message, { layer: 'conv1d', actual: x.columns, expected: groups });
}

/** The steps before the first one, where the layer goes on from an earlier part of the sequence. */
function contextOf(context: BuildContext, x: Value, steps: number, axis: string): Value | undefined {
  if (steps === 0) return undefined;
  const h0 = context.initialState('context', steps * x.columns, axis);
  context.finalState('context', context.graph.apply('lastSteps', { x, h0 }).hT);
  return h0;
}

/** The parameters of filters: `weight` [units, kernelSize, each] and, unless there is none, `bias` [units]. @param each inputs of a group */
export function filtersOf(
  context: BuildContext,
  filters: Pick<Conv1dOptions, 'units' | 'kernelSize' | 'bias' | 'initializer'> & { readonly each: number },
): { readonly w: Value; readonly b: Value | undefined } {
  const { units, kernelSize, each, bias = true, initializer } = filters;
  const fanIn = kernelSize * each;
  const shared = { fanIn, fanOut: kernelSize * units, units, gates: 1, forgetGate: -1, initializer };
  const shape = [units, kernelSize, each];
  const w = context.parameter('weight', { role: 'dense', rows: units, columns: fanIn, shape, ...shared });
  const b = bias
    ? context.parameter('bias', { role: 'denseBias', rows: 1, columns: units, shape: [units], ...shared })
    : undefined;
  return { w, b };
}

/** The definition of a convolution. */
export const conv1dLayer: LayerDefinition<Conv1dDescription> = {
  kind: 'conv1d',
  fromOptions: conv1d,
  build(description, context, inputs) {
    const { units, kernelSize, stride = 1, dilation = 1, groups = 1, padding = 'valid' } = description;
    const { graph } = context;
    const x = realInput('conv1d', inputs);
    const { axis } = requireInput(x, groups);
    const each = x.columns / groups;
    const { w, b } = filtersOf(context, { ...description, each });
    const before = (kernelSize - 1) * dilation;
    const { reach, ...zeros } = paddingOf(padding, before);
    const h0 = contextOf(context, x, zeros.padding === CAUSAL && stride === 1 ? before : 0, axis);
    const rows = graph.derivedSteps(axis, { reach, stride });
    const { p } = graph.apply('pack', { w }, {}, { O: units });
    const attributes = { groups, stride, dilation, ...zeros };
    return graph.apply('convolution', { x, p, b, h0 }, attributes, { N: rows }).y;
  },
};
