/** What the build of a layer of one's own works with. */
import { OptionError, ShapeError, UsageError } from '../../core/errors.js';
import { describeValue, rejectUnknownKeys, requireNumber, requireOneOf } from '../../core/options.js';
import { describeSize, sameExtent } from '../../graph/extent.js';
import { type Graph, graphOf } from '../../graph/graph.js';
import type { Value } from '../../graph/value.js';
import { type ParameterRole, requireInitializer } from '../initializers/initializer.js';
import { isName } from '../names.js';
import type { BuildContext, InitialValue, LayerDescription, ParameterRequest } from './layer.js';
import { layerRule } from './layers.js';
import { axisOf } from './rows.js';

/** What a parameter is for, which says how a scheme of initial values draws it. */
export type ParameterUse = 'weights' | 'recurrent' | 'embedding' | 'bias' | 'gain' | 'shift';

const ROLES: Readonly<Record<ParameterUse, ParameterRole>> = {
  weights: 'dense',
  recurrent: 'recurrent',
  embedding: 'embedding',
  bias: 'denseBias',
  gain: 'gain',
  shift: 'shift',
};

/** Settings of a parameter. */
export interface ParameterSettings {
  /** Default `weights` for a matrix, `bias` for a row. */
  readonly use?: ParameterUse;
  /**
   * First values: a scheme as in the option `initializer` of layers, one number for all, or a function of each element. Default the
   * scheme of the model.
   */
  readonly initializer?: string | number | InitialValue;
}

/** What the build of a layer of one's own works with. */
export interface LayerContext<O = unknown> {
  /** The checked options of the layer, defaults filled in. */
  readonly options: O;
  /** Whether the network is being built for training. */
  readonly training: boolean;
  /**
   * A parameter of the layer; in the model it is `NODE.NAME`. Ask for the same parameters in the same order whether `training` is
   * on or not.
   *
   * @param shape [rows, columns], or [n] for a row
   * @throws {OptionError} `invalid_option`, `unknown_option`
   */
  parameter(name: string, shape: readonly number[], settings?: ParameterSettings): Value;
  /**
   * Numbers of the layer that are not trained, such as running statistics; in the model they are `NODE.NAME` of `model.buffers`. They
   * are saved with the parameters, and only `updateBuffer` changes them. Ask for the same ones whether `training` is on or not.
   *
   * @param shape [rows, columns], or [n] for a row
   * @param initial what all of them begin with; default 0
   * @throws {OptionError} `invalid_option`
   */
  buffer(name: string, shape: readonly number[], initial?: number): Value;
  /**
   * What a buffer holds after a training step: a value of its size. It changes together with the parameters, or not at all where the
   * loss, the gradient or the value is not finite: then the step is refused. Outside of training it does nothing.
   *
   * @throws {ShapeError} `shape_mismatch`
   */
  updateBuffer(buffer: Value, value: Value): void;
  /** A matrix of fixed numbers. @param shape [rows, columns], or [n] for a row, which is the default */
  constant(numbers: ArrayLike<number>, shape?: readonly number[]): Value;
  /**
   * The output of another layer of this library, or of one's own, applied inside this one. Its parameters and states are this
   * layer's, under names that begin with `name`: `NODE.lstm.weight_ih_l0`.
   *
   * @param name default the kind of the layer, for the second of a kind with `_1` behind it
   */
  apply(layer: LayerDescription, inputs: Value | readonly Value[], name?: string): Value;
  /**
   * The state NAME before the first step, [B, columns]: zero, or what a stream, a carried state or the network gives. Every
   * initial state needs a final one of the same name.
   */
  initialState(name: string, columns: number): Value;
  /** The state NAME after the last step, [B, columns]. */
  finalState(name: string, value: Value): void;
  /** Adds `weight * value` to what training minimises, not to the reported loss; `value` is [1, 1], such as a mean square. */
  penalty(value: Value, weight: number): void;
}

/** The definition of a layer is at fault. */
export function refuseDefinition(kind: string, message: string): never {
  throw new UsageError('invalid_definition', message, { definition: kind });
}

/** @throws {ShapeError} `shape_mismatch` for what is not a single number [1, 1] */
export function requireOne(what: string, value: Value): void {
  const { rows, columns, type } = value;
  if (rows === 1 && columns === 1 && type === 'real') return;
  const message = `${what} is ${describeSize(value)}, expected one number [1, 1], such as a mean square`;
  throw new ShapeError('shape_mismatch', message, { actual: columns, expected: 1 });
}

function rowsAndColumns(shape: readonly number[]): readonly [number, number] {
  if (!Array.isArray(shape) || shape.length < 1 || shape.length > 2) {
    const message = `a shape is [rows, columns] or [n], got ${describeValue(shape)}`;
    throw new OptionError('invalid_option', message, { name: 'shape', value: shape });
  }
  const sizes = shape.map((size, at) => requireNumber(`shape[${at}]`, size, { integer: true, min: 1 }));
  return sizes.length === 1 ? [1, sizes[0] as number] : [sizes[0] as number, sizes[1] as number];
}

/** A matrix of fixed numbers. @throws {ShapeError} `shape_mismatch` @throws {OptionError} `invalid_option` */
export function constantOf(graph: Graph, numbers: ArrayLike<number>, shape?: readonly number[]): Value {
  const [rows, columns] = rowsAndColumns(shape ?? [numbers?.length]);
  const entries = Array.from(numbers, (each, at) => requireNumber(`numbers[${at}]`, each, { float32: true }));
  if (entries.length === rows * columns) return graph.constant(rows, columns, entries);
  const message = `a constant [${rows}, ${columns}] has ${rows * columns} numbers, got ${entries.length}`;
  throw new ShapeError('shape_mismatch', message, { actual: entries.length, expected: rows * columns });
}

function requestOf(shape: readonly number[], settings: ParameterSettings): ParameterRequest {
  rejectUnknownKeys('parameter', settings, ['use', 'initializer']);
  const [rows, columns] = rowsAndColumns(shape);
  const { initializer } = settings;
  const use = requireOneOf('use', settings.use ?? (shape.length === 1 ? 'bias' : 'weights'), Object.keys(ROLES));
  const isScheme = initializer === undefined || typeof initializer === 'string';
  if (!isScheme && typeof initializer !== 'function') requireNumber('initializer', initializer, { float32: true });
  return {
    role: ROLES[use as ParameterUse],
    rows,
    columns,
    shape: Object.freeze([...shape]),
    fanIn: columns,
    units: rows,
    gates: 1,
    forgetGate: -1,
    ...(isScheme
      ? { initializer: initializer === undefined ? undefined : requireInitializer(initializer) }
      : { initial: initializer }),
  };
}

/** A part of a layer under a name in front of its own. */
function within(context: BuildContext, prefix: string, inputs: readonly Value[]): BuildContext {
  const axis = axisOf(inputs);
  return {
    ...context,
    axis,
    parameter: (name, request) => context.parameter(`${prefix}.${name}`, request),
    buffer: (name, request) => context.buffer(`${prefix}.${name}`, request),
    initialState: (name, units, own = axis) => context.initialState(`${prefix}.${name}`, units, own),
    finalState: (name, value) => context.finalState(`${prefix}.${name}`, value),
  };
}

/** The context of one build, which sees to it that the layer keeps to the rules. */
export class CheckedContext<O> {
  readonly #kind: string;
  readonly #states = new Map<string, Value>();
  readonly #finals = new Map<string, Value>();
  readonly #parts = new Set<string>();
  readonly #shapes = new Map<string, string>();
  readonly #buffers = new Set<Value>();
  readonly #context: BuildContext;
  readonly public: LayerContext<O>;

  constructor(kind: string, options: O, context: BuildContext) {
    this.#kind = kind;
    this.#context = {
      ...context,
      initialState: (name, units, axis) => {
        const value = context.initialState(name, units, axis);
        this.#states.set(name, value);
        return value;
      },
      finalState: (name, value) => {
        this.#finals.set(name, value);
        context.finalState(name, value);
      },
    };
    this.public = {
      options,
      training: context.training,
      parameter: (name, shape, settings = {}) => this.#parameter(name, shape, settings),
      buffer: (name, shape, initial = 0) => this.#buffer(name, shape, initial),
      updateBuffer: (buffer, value) => this.#updateBuffer(buffer, value),
      constant: (numbers, shape) => constantOf(context.graph, numbers, shape),
      apply: (layer, inputs, name) => this.#apply(layer, inputs, name),
      initialState: (name, columns) => {
        this.#requireName('a state', name);
        requireNumber('columns', columns, { integer: true, min: 1 });
        return this.#context.initialState(name, columns);
      },
      finalState: (name, value) => {
        this.#requireName('a state', name);
        this.requireValue(`the final state '${name}'`, value);
        this.#context.finalState(name, value);
      },
      penalty: (value, weight) => {
        requireOne('a penalty', this.requireValue('a penalty', value));
        context.penalty(value, requireNumber('weight', weight, { min: 0, max: 1e30 }));
      },
    };
  }

  /** Refuses what is no value of this network. */
  requireValue(what: string, value: unknown): Value {
    const isOwn = typeof value === 'object' && value !== null && graphOf(value as Value) === this.#context.graph;
    if (isOwn) return value as Value;
    return refuseDefinition(this.#kind, `${what} is ${describeValue(value)}, expected a value of the network`);
  }

  /**
   * Checks what a build has left behind.
   *
   * @param declared states that the definition says the layer has
   */
  finish(output: unknown, declared: readonly string[]): Value {
    const value = this.requireValue('what build returned', output);
    if (value.type !== 'real' || typeof value.rows === 'number') {
      const given = value.type === 'real' ? `${describeSize(value)}, which has fixed rows` : 'indices';
      refuseDefinition(this.#kind, `build returned ${given}, expected real numbers for each step or sequence`);
    }
    for (const [name, state] of this.#states) {
      const final = this.#finals.get(name);
      if (final === undefined) {
        refuseDefinition(this.#kind, `the state '${name}' has an initial value, but finalState was not called for it`);
      }
      if (final.columns === state.columns && sameExtent(final.rows, state.rows)) continue;
      const [given, expected] = [final, state].map(describeSize);
      refuseDefinition(this.#kind, `the final state '${name}' is ${given}, its initial value ${expected}`);
    }
    const missing = declared.find((name) => !this.#finals.has(name));
    if (missing !== undefined) refuseDefinition(this.#kind, `the state '${missing}' is declared, but there is none`);
    return value;
  }

  #requireName(what: string, name: unknown): void {
    if (!isName(name)) refuseDefinition(this.#kind, `${what} cannot be named ${describeValue(name)}`);
  }

  #parameter(name: string, shape: readonly number[], settings: ParameterSettings): Value {
    this.#requireName('a parameter', name);
    const request = requestOf(shape, settings);
    this.#requireOneSize(`the parameter '${name}'`, name, `[${shape}]`);
    return this.#context.parameter(name, request);
  }

  /** A name is asked for in one size, as a parameter or as a buffer. */
  #requireOneSize(what: string, name: string, size: string): void {
    const known = this.#shapes.get(name) ?? size;
    if (known !== size) refuseDefinition(this.#kind, `${what} is asked for as ${known} and as ${size}`);
    this.#shapes.set(name, size);
  }

  #buffer(name: string, shape: readonly number[], initial: number): Value {
    this.#requireName('a buffer', name);
    const [rows, columns] = rowsAndColumns(shape);
    requireNumber('initial', initial, { float32: true });
    this.#requireOneSize(`the buffer '${name}'`, name, `buffer [${shape}]`);
    const buffer = this.#context.buffer(name, { rows, columns, shape: Object.freeze([...shape]), initial });
    this.#buffers.add(buffer);
    return buffer;
  }

  #updateBuffer(buffer: Value, value: Value): void {
    if (!this.#buffers.has(buffer)) refuseDefinition(this.#kind, 'updateBuffer takes what buffer returned');
    this.requireValue(`the new value of '${buffer.name}'`, value);
    if (value.type !== 'real' || !sameExtent(value.rows, buffer.rows) || value.columns !== buffer.columns) {
      const [given, expected] = [value, buffer].map(describeSize);
      const message = `the new value of the buffer '${buffer.name}' is ${given}, expected ${expected}`;
      throw new ShapeError('shape_mismatch', message, { actual: value.columns, expected: buffer.columns });
    }
    this.#context.updateBuffer(buffer, value);
  }

  #apply(layer: LayerDescription, inputs: Value | readonly Value[], name?: string): Value {
    const rule = layerRule(layer);
    const values = (Array.isArray(inputs) ? inputs : [inputs]) as readonly unknown[];
    const read = values.map((value) => this.requireValue(`an input of '${layer.kind}'`, value));
    if (read.length === 0) refuseDefinition(this.#kind, `'${layer.kind}' is applied to no input`);
    if (name !== undefined) this.#requireName('a layer', name);
    let part = name ?? layer.kind;
    for (let count = 1; name === undefined && this.#parts.has(part); count++) part = `${layer.kind}_${count}`;
    if (this.#parts.has(part)) refuseDefinition(this.#kind, `two layers are applied under the name '${part}'`);
    this.#parts.add(part);
    return rule.build(layer, within(this.#context, part, read), read);
  }
}
