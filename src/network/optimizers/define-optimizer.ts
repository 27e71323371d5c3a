/** Optimizers of one's own. */
import { OptionError, ShapeError, UsageError } from '../../core/errors.js';
import { describeValue, rejectUnknownKeys, requireNumber } from '../../core/options.js';
import { describeSize } from '../../graph/extent.js';
import { type Graph, graphOf } from '../../graph/graph.js';
import type { Value } from '../../graph/value.js';
import {
  type CheckedOptions,
  checkDefinedOptions,
  type DefinedOption,
  type DefinedOptions,
  type GivenOptions,
  requireOptionTable,
} from '../defined-options.js';
import { requireFunctions, requireKind, withName } from '../layers/define-layer.js';
import { isName } from '../names.js';
import {
  type NewValues,
  type OptimizerDefinition,
  type OptimizerDefinitions,
  requirePositive,
  setOptimizerDefinition,
  type UpdatedParameter,
} from './definition.js';
import { type DefinedOptimizer, OPTIMIZERS } from './optimizer.js';

/** Options of an optimizer of one's own: any, and the learning rate, which schedules change. */
export interface OptimizerOptions extends DefinedOptions {
  readonly learningRate: DefinedOption<number>;
}

/** When a step is done. */
export interface StepMoment {
  /** Number of the step, counted from 1. */
  readonly step: number;
  /** As the schedule has it at this step. */
  readonly learningRate: number;
}

/** What an update works on. */
export interface UpdateContext<O, S extends string = string, M extends string = string> {
  /** The checked options; the learning rate among them is that before any schedule. */
  readonly options: O;
  /** Name of the parameter, such as `lstm.weight_hh_l0`. */
  readonly name: string;
  /** Its value before the step: [rows, columns], of a bias [1, n]. */
  readonly parameter: Value;
  /** Its gradient after clipping, of the same size. */
  readonly gradient: Value;
  /** What was kept for it by the steps before, of the same size each. */
  readonly slots: Readonly<Record<S, Value>>;
  /** [1, 1] as the schedule has it at this step. */
  readonly learningRate: Value;
  /** [1, 1] number of this step, counted from 1. */
  readonly step: Value;
  /** [1, 1] each: those that `numbers` gave. */
  readonly numbers: Readonly<Record<M, Value>>;
}

/** What an update gives: new values of the size of the parameter. */
export interface UpdateResult<S extends string = string> {
  readonly parameter: Value;
  /** A slot that is left out stays as it is. */
  readonly slots?: Readonly<Partial<Record<S, Value>>>;
}

/** What an optimizer of one's own is. */
export interface OwnOptimizer<T extends OptimizerOptions, S extends string, M extends string> {
  /** Its kind in descriptions: not empty, without slash and dot. */
  readonly name: string;
  /** Options by name, each made by `option`; `learningRate`, a number > 0 and at most 1e30, must be one. */
  readonly options: T;
  /** What is kept for each parameter, by name: the value that all of its elements begin with. Default nothing. */
  readonly slots?: Readonly<Record<S, number>> | ((options: CheckedOptions<T>) => Readonly<Record<S, number>>);
  /**
   * Numbers that follow from the step, such as corrections of a bias: computed in double precision before each step, finite in float32,
   * always the same names. Default none.
   */
  numbers?(options: CheckedOptions<T>, moment: StepMoment): Readonly<Record<M, number>>;
  /**
   * Builds the update of one parameter out of the functions of `bptt/operations`. It is called for each parameter whenever
   * a program is made, not at every step, and must do the same every time.
   */
  update(context: UpdateContext<CheckedOptions<T>, S, M>): UpdateResult<S>;
}

/** Makes descriptions of one kind of optimizer; a description is frozen plain JSON. */
export interface OptimizerMaker<T extends DefinedOptions = DefinedOptions> {
  /** @throws {OptionError} `invalid_option`, `unknown_option` */
  (
    ...options: Record<never, never> extends GivenOptions<T> ? [options?: GivenOptions<T>] : [options: GivenOptions<T>]
  ): DefinedOptimizer & CheckedOptions<T>;
  readonly kind: string;
}

/** A definition of any optimizer of one's own, as the option `optimizers` takes it. */
export type AnyOptimizerMaker = ((...options: never) => DefinedOptimizer) & { readonly kind: string };

const definitions = new WeakMap<AnyOptimizerMaker, OptimizerDefinition>();

const RESERVED: ReadonlyMap<string, unknown> = new Map(OPTIMIZERS.map((name) => [name, name]));

/**
 * Defines an optimizer of one's own. It works like those of the library: with clipping, schedules and checkpoints, and where the
 * gradient is not finite nothing changes. Nothing changes either where a new value of a parameter or slot is not finite, or the sum
 * of its elements is not: the step is refused with `non_finite_update`. The first error of an update comes up when a model is compiled.
 *
 * @returns what makes descriptions of the optimizer, for the option `optimizer` of a compilation. Give it to the option `optimizers`
 *   where a model comes back from a file
 * @throws {OptionError} `invalid_option`, also for the name of an optimizer of the library; `unknown_option`
 * @example
 * const lion = defineOptimizer({
 *   name: 'lion',
 *   options: {
 *     learningRate: option.number({ exclusiveMin: 0, default: 1e-4 }),
 *     beta1: option.number({ min: 0, max: 1, default: 0.9 }),
 *     beta2: option.number({ min: 0, max: 1, default: 0.99 }),
 *   },
 *   slots: { mean: 0 },
 *   update({ options: { beta1, beta2 }, parameter, gradient, slots: { mean }, learningRate }) {
 *     const mixed = (beta: number) => add(scale(mean, beta), scale(gradient, 1 - beta));
 *     const change = multiply(sign(mixed(beta1)), learningRate);
 *     return { parameter: subtract(parameter, change), slots: { mean: mixed(beta2) } };
 *   },
 * });
 * const model = await sequential([gru({ units: 32 }), dense({ units: 1 })], { features: 7 })
 *   .compile({ loss: 'meanSquaredError', optimizer: lion() });
 */
export function defineOptimizer<
  const T extends OptimizerOptions,
  const S extends string = never,
  const M extends string = never,
>(optimizer: OwnOptimizer<T, S, M>): OptimizerMaker<T> {
  rejectUnknownKeys('defineOptimizer', optimizer, ['name', 'options', 'slots', 'numbers', 'update']);
  const { name: kind, slots = {}, numbers, update } = optimizer;
  requireKind('an optimizer', kind, RESERVED);
  requireFunctions({ update, ...(numbers !== undefined && { numbers }) });
  const owner = `optimizer '${kind}'`;
  const table = requireOptionTable(owner, optimizer.options);
  if (!Object.hasOwn(table, 'learningRate')) refuse('options', "a table with 'learningRate'", optimizer.options);
  if (typeof slots !== 'function') checkedNumbers('slots', slots);
  const numbersAt = (description: DefinedOptimizer, moment: StepMoment) =>
    checkedNumbers(`numbers of ${owner}`, numbers?.call(optimizer, optionsOf<T>(description), moment) ?? {});
  const names = new WeakMap<DefinedOptimizer, readonly string[]>();
  /** Names of the numbers, which are the same at every step. */
  const namesOf = (description: DefinedOptimizer): readonly string[] => {
    const { learningRate } = description;
    const known = names.get(description) ?? [...numbersAt(description, { step: 1, learningRate }).keys()];
    names.set(description, known);
    return known;
  };
  const kept = new WeakMap<DefinedOptimizer, ReadonlyMap<string, number>>();
  /** What is kept for each parameter, which is the same at every call: memory is allocated for it once. */
  const slotsOf = (description: DefinedOptimizer): ReadonlyMap<string, number> => {
    const given = checkedNumbers('slots', typeof slots === 'function' ? slots(optionsOf<T>(description)) : slots);
    const known = kept.get(description) ?? given;
    kept.set(description, known);
    const [before, now] = [known, given].map((all) => [...all].map(([name, value]) => `${name}: ${value}`).join(', '));
    if (now === before) return known;
    return refuseResult(
      `${owner}: slots gave { ${now} }, but { ${before} } at first: it must give the same every time`,
    );
  };
  const definition: OptimizerDefinition<DefinedOptimizer> = {
    kind,
    fromOptions(options) {
      const checked = checkDefinedOptions(owner, table, options, new Map());
      requirePositive('learningRate', checked['learningRate']);
      const description = Object.freeze({ kind, ...checked }) as unknown as DefinedOptimizer;
      setOptimizerDefinition(description, definition as OptimizerDefinition);
      return description;
    },
    slots: slotsOf,
    numbers(description, learningRate, step) {
      const given = numbersAt(description, { step, learningRate });
      const expected = namesOf(description);
      if (`${[...given.keys()]}` === `${expected}`) return [learningRate, step, ...given.values()];
      const names_ = [...given.keys()].join(', ') || 'none';
      return refuse(`numbers of ${owner}`, `the same at every step, ${expected.join(', ') || 'none'}`, names_);
    },
    update(description, graph, parameter, values) {
      const all = ['learningRate', 'step', ...namesOf(description)];
      const [rate, step, ...others] = all.map((name, begin) => {
        return [name, graph.apply('slice', { x: values }, { begin }, { D: 1 }).y] as const;
      });
      try {
        const context = {
          options: optionsOf<T>(description),
          name: parameter.name,
          parameter: parameter.w,
          gradient: parameter.g,
          slots: Object.fromEntries(parameter.slots) as Record<S, Value>,
          learningRate: rate?.[1] as Value,
          step: step?.[1] as Value,
          numbers: Object.fromEntries(others) as Record<M, Value>,
        };
        return checkedResult(graph, parameter, update.call(optimizer, context));
      } catch (error) {
        throw withName(owner, error);
      }
    },
  };
  const make = (options: unknown = {}) => definition.fromOptions(options as object);
  const maker = Object.assign(make, { kind }) as unknown as OptimizerMaker<T>;
  definitions.set(maker as AnyOptimizerMaker, definition as unknown as OptimizerDefinition);
  return Object.freeze(maker);
}

/** The options of a description. */
function optionsOf<T extends DefinedOptions>({ kind: _, ...options }: DefinedOptimizer): CheckedOptions<T> {
  return Object.freeze(options) as unknown as CheckedOptions<T>;
}

function refuse(name: string, expected: string, value: unknown): never {
  const message = `option '${name}' must be ${expected}, got ${describeValue(value)}`;
  throw new OptionError('invalid_option', message, { name, value });
}

/** Numbers by name that are finite in float32, as slots and programs hold them. @throws {OptionError} `invalid_option` */
function checkedNumbers(what: string, given: unknown): ReadonlyMap<string, number> {
  if (typeof given !== 'object' || given === null) return refuse(what, 'numbers by name', given);
  for (const [name, value] of Object.entries(given)) {
    if (!isName(name)) refuse(what, 'numbers by names without slash and dot', name);
    requireNumber(`${what}.${name}`, value, { float32: true });
  }
  return new Map(Object.entries(given as Readonly<Record<string, number>>));
}

/** The new values of a parameter. @throws {ShapeError} `shape_mismatch` @throws {UsageError} `invalid_definition` */
function checkedResult(graph: Graph, { name, w, slots }: UpdatedParameter, result: unknown): NewValues {
  const isResult = typeof result === 'object' && result !== null && graphOf(result as Value) === undefined;
  if (!isResult) return refuseResult(`update returned ${describeValue(result)}, it must return { parameter, slots }`);
  const { parameter, slots: kept = {}, ...rest } = result as UpdateResult;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) refuseResult(`update returned '${unknown}', it must return { parameter, slots }`);
  const checked = (what: string, value: unknown): Value => {
    if (typeof value !== 'object' || value === null || graphOf(value as Value) !== graph) {
      return refuseResult(`update returned ${describeValue(value)} for ${what}, expected a value`);
    }
    const { rows, columns } = value as Value;
    if (rows === w.rows && columns === w.columns) return value as Value;
    const [actual, expected] = [describeSize(value as Value), describeSize(w)];
    const message = `update returned ${actual} for ${what} of ${name}, expected ${expected}`;
    throw new ShapeError('shape_mismatch', message, { parameter: name, actual, expected });
  };
  const fresh = Object.entries(kept).map(([slot, value]) => {
    if (!slots.has(slot)) {
      const declared = slots.size === 0 ? 'there are none' : `there are ${[...slots.keys()].join(', ')}`;
      refuseResult(`update returned the slot '${slot}', which 'slots' of the definition does not declare: ${declared}`);
    }
    return [slot, checked(`the slot '${slot}'`, value)] as const;
  });
  return { w: checked('the parameter', parameter), slots: new Map(fresh) };
}

function refuseResult(message: string): never {
  throw new UsageError('invalid_definition', message);
}

/**
 * Definitions by their kind.
 *
 * @param makers what `defineOptimizer` returned
 * @throws {OptionError} `invalid_option` for what is none, and for two of one name
 */
export function optimizerDefinitions(makers: readonly AnyOptimizerMaker[] = []): OptimizerDefinitions {
  if (!Array.isArray(makers)) return refuse('optimizers', 'a list of what defineOptimizer returned', makers);
  const byKind = new Map<string, OptimizerDefinition>();
  for (const [at, maker] of makers.entries()) {
    const definition = definitions.get(maker) ?? refuse(`optimizers[${at}]`, 'what defineOptimizer returned', maker);
    if ((byKind.get(definition.kind) ?? definition) !== definition) {
      refuse('optimizers', 'definitions of different names', definition.kind);
    }
    byKind.set(definition.kind, definition);
  }
  return byKind;
}
