/** Layers of one's own. */
import { BpttError, OptionError, ShapeError } from '../../core/errors.js';
import { describeValue, rejectUnknownKeys, requireNumber } from '../../core/options.js';
import type { Value } from '../../graph/value.js';
import {
  type CheckedOptions,
  checkDefinedOptions,
  type DefinedOptions,
  type GivenOptions,
  requireOptionTable,
} from '../defined-options.js';
import { isName } from '../names.js';
import { withNoise } from '../operations/dropout.js';
import { type LayerDefinition, type LayerDefinitions, setDefinition } from './layer.js';
import { CheckedContext, type LayerContext } from './layer-context.js';
import { builtInLayers, type DefinedLayer } from './layers.js';

/** The inputs of a layer that takes N of them, or any number. */
export type LayerInputs<N extends number | 'any'> = N extends 1
  ? readonly [Value]
  : N extends 2
    ? readonly [Value, Value]
    : N extends 3
      ? readonly [Value, Value, Value]
      : readonly [Value, ...Value[]];

/** What a layer of one's own is. */
export interface OwnLayer<T extends DefinedOptions, N extends number | 'any'> {
  /** Its kind in descriptions, and the default name of its nodes: not empty, without slash and dot. */
  readonly name: string;
  /** Options by name, each made by `option`; default none. They must be plain JSON, as a checkpoint holds them. */
  readonly options?: T;
  /** How many inputs it takes; default 1. */
  readonly inputs?: N;
  /** Names of the states that a network may read of it or give to it, as `NODE.NAME`; default none. */
  states?(options: CheckedOptions<T>): readonly string[];
  /**
   * Builds the layer out of the functions of `bptt/operations` and returns its output: one row for each step or each sequence. It is
   * called for every program of a model, and must do the same every time but for what `training` switches.
   */
  build(inputs: LayerInputs<N>, context: LayerContext<CheckedOptions<T>>): Value;
}

/** Makes descriptions of one kind of layer; a description is frozen plain JSON. */
export interface LayerMaker<T extends DefinedOptions = DefinedOptions> {
  /** @throws {OptionError} `invalid_option`, `unknown_option` */
  (
    ...options: Record<never, never> extends GivenOptions<T> ? [options?: GivenOptions<T>] : [options: GivenOptions<T>]
  ): DefinedLayer & CheckedOptions<T>;
  readonly kind: string;
}

/** A definition of any layer of one's own, as the option `layers` takes it. */
export type AnyLayerMaker = ((...options: never) => DefinedLayer) & { readonly kind: string };

const definitions = new WeakMap<AnyLayerMaker, LayerDefinition>();

/**
 * Defines a layer of one's own. Gradients follow by themselves, and so does whether it can be read step by step: it works in
 * training, streams, decoders and checkpoints like the layers of the library.
 *
 * What a step gives to the next goes through `recurrence`, through a built-in cell (`apply(lstm({ units }), x)`), or through a
 * reduction over time. A loop of operations over the steps is not possible: a network is one list of operations over all of its
 * steps. What is made of a whole sequence and brought back to its steps cannot be read step by step.
 *
 * @returns what makes descriptions of the layer. Give it to the option `layers` where a network comes back from JSON
 * @throws {OptionError} `invalid_option`, also for the name of a layer of the library; `unknown_option`
 * @example
 * const highway = defineLayer({
 *   name: 'highway',
 *   options: { bias: option.number({ default: -1 }) },
 *   build([x], { options, parameter }) {
 *     const units = x.columns;
 *     const candidate = tanh(linear(x, parameter('weight', [units, units])));
 *     const gate = sigmoid(
 *       linear(x, parameter('gate', [units, units]), parameter('gate_bias', [units], { initializer: options.bias })),
 *     );
 *     return add(x, multiply(gate, subtract(candidate, x)));
 *   },
 * });
 * sequential([lstm({ units: 32 }), highway(), dense({ units: 1 })], { features: 7 });
 */
export function defineLayer<const T extends DefinedOptions = Record<never, never>, const N extends number | 'any' = 1>(
  layer: OwnLayer<T, N>,
): LayerMaker<T> {
  rejectUnknownKeys('defineLayer', layer, ['name', 'options', 'inputs', 'states', 'build']);
  const { name: kind, build, states, inputs: count = 1 } = layer;
  requireKind('a layer', kind, builtInLayers);
  requireFunctions({ build, ...(states !== undefined && { states }) });
  if (count !== 'any') requireNumber('inputs', count, { integer: true, min: 1 });
  const table = requireOptionTable(`layer '${kind}'`, layer.options ?? {});
  const definition: LayerDefinition<DefinedLayer> = {
    kind,
    fromOptions(options, others) {
      const checked = checkDefinedOptions(`layer '${kind}'`, table, options, others);
      const description = Object.freeze({ kind, ...checked }) as unknown as DefinedLayer;
      setDefinition(description, definition as LayerDefinition);
      return description;
    },
    ...(states !== undefined && { states: (description) => states.call(layer, optionsOf<T>(description)) }),
    build(description, context, given) {
      const options = optionsOf<T>(description);
      const checked = new CheckedContext(kind, options, context);
      try {
        requireCount(count, given);
        const inputs = given as unknown as LayerInputs<N>;
        const output = withNoise(context, () => build.call(layer, inputs, checked.public));
        return checked.finish(output, states?.call(layer, options) ?? []);
      } catch (error) {
        throw withName(`layer '${kind}'`, error);
      }
    },
  };
  const make = (options: unknown = {}) => definition.fromOptions(options as never, new Map());
  const maker = Object.assign(make, { kind }) as unknown as LayerMaker<T>;
  definitions.set(maker as AnyLayerMaker, definition as LayerDefinition);
  return Object.freeze(maker);
}

/** The options of a description. */
function optionsOf<T extends DefinedOptions>({ kind: _, ...options }: DefinedLayer): CheckedOptions<T> {
  return Object.freeze(options) as unknown as CheckedOptions<T>;
}

/**
 * @param what what the name is of, with its article: `a layer`
 * @throws {OptionError} `invalid_option` for a name that cannot be, or that the library has itself
 */
export function requireKind(what: string, kind: unknown, builtIn: ReadonlyMap<string, unknown>): void {
  if (!isName(kind)) {
    const message = `option 'name' must be the name of ${what}, without slash and dot, got ${describeValue(kind)}`;
    throw new OptionError('invalid_option', message, { name: 'name', value: kind });
  }
  if (!builtIn.has(kind)) return;
  const message = `option 'name' is '${kind}', which is ${what} of the library: choose another name`;
  throw new OptionError('invalid_option', message, { name: 'name', value: kind });
}

/** @throws {OptionError} `invalid_option` */
export function requireFunctions(functions: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(functions)) {
    if (typeof value === 'function') continue;
    const message = `option '${name}' must be a function, got ${describeValue(value)}`;
    throw new OptionError('invalid_option', message, { name, value });
  }
}

function requireCount(expected: number | 'any', inputs: readonly Value[]): void {
  if (expected === 'any' || inputs.length === expected) return;
  const message = `it takes ${expected === 1 ? 'one input' : `${expected} inputs`}, got ${inputs.length}`;
  throw new ShapeError('rank_mismatch', message, { actual: inputs.length, expected });
}

/** An error of the library that says in which definition it came up; any other as it is. */
export function withName(definition: string, error: unknown): unknown {
  if (error instanceof BpttError) error.message = `${definition}: ${error.message}`;
  return error;
}

/**
 * Definitions by their kind.
 *
 * @param makers what `defineLayer` returned
 * @throws {OptionError} `invalid_option` for what is none, and for two of one name
 */
export function layerDefinitions(makers: readonly AnyLayerMaker[] = []): LayerDefinitions {
  if (!Array.isArray(makers)) {
    const message = `option 'layers' must be a list of what defineLayer returned, got ${describeValue(makers)}`;
    throw new OptionError('invalid_option', message, { name: 'layers', value: makers });
  }
  const byKind = new Map<string, LayerDefinition>();
  for (const [at, maker] of makers.entries()) {
    const definition = definitions.get(maker);
    if (definition === undefined) {
      const message = `option 'layers[${at}]' must be what defineLayer returned, got ${describeValue(maker)}`;
      throw new OptionError('invalid_option', message, { name: `layers[${at}]`, value: maker });
    }
    const other = byKind.get(definition.kind) ?? definition;
    if (other !== definition) {
      const message = `option 'layers' has two layers named '${definition.kind}'`;
      throw new OptionError('invalid_option', message, { name: 'layers', value: definition.kind });
    }
    byKind.set(definition.kind, definition);
  }
  return byKind;
}
