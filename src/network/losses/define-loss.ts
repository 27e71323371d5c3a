/** Losses of one's own. */
import { OptionError, ShapeError } from '../../core/errors.js';
import { describeValue, rejectUnknownKeys, requireNumber, requireOneOf } from '../../core/options.js';
import type { SymbolicExtent } from '../../graph/extent.js';
import { graphOf } from '../../graph/graph.js';
import type { Value } from '../../graph/value.js';
import {
  type CheckedOptions,
  checkDefinedOptions,
  type DefinedOption,
  type DefinedOptions,
  type GivenOptions,
  option,
  requireOptionTable,
} from '../defined-options.js';
import { requireFunctions, requireKind, withName } from '../layers/define-layer.js';
import { constantOf, refuseDefinition, requireOne } from '../layers/layer-context.js';
import { hasSteps } from '../layers/rows.js';
import { isName } from '../names.js';
import {
  type LossBuildContext,
  type LossDefinition,
  type LossDefinitions,
  type LossInput,
  setLossDefinition,
} from './loss.js';
import { builtInLosses, type DefinedLoss } from './losses.js';
import { rowWeights, WEIGHTS, type WeightOptions } from './weighting.js';

/** What an input of a loss holds, such as its target. */
export type OwnLossInput = {
  /**
   * Default as the output: one row for each step, or for each sequence. `label` is one row for each label of a target on a time axis
   * of its own, `OUTPUT/labels`, as the function `ctc` takes it.
   */
  readonly per?: 'sequence' | 'label';
} & (
  | {
      readonly kind: 'features';
      /** Numbers in a row; default as many as the output has. */
      readonly units?: number;
    }
  | {
      /** Class ids. Losses of classes need it, with `ignore: true`. */
      readonly kind: 'indices';
      /** Indices are below it; default as many as the output has columns. */
      readonly size?: number;
      /** Whether -1 is an index, too; default false. */
      readonly ignore?: boolean;
    }
);

/** Whether the descriptions of a loss may, or must, say what has weights. */
export type WeightUse = 'optional' | 'required';

/** The option `weights` of a loss that has it. */
export type WeightOption<W extends WeightUse> = [W] extends [never]
  ? Record<never, never>
  : { readonly weights: DefinedOption<'step' | 'sequence', W extends 'required' ? true : false> };

/** The weights of the rows that a build sees. */
export type BuildWeights<W extends WeightUse> = [W] extends [never]
  ? undefined
  : W extends 'required'
    ? Value
    : Value | undefined;

/** What the build of a loss of one's own works with. */
export interface LossContext<O, I extends string, W extends WeightUse = never> {
  /** The checked options of the loss, defaults filled in. */
  readonly options: O;
  /** The other inputs of the loss by name. */
  readonly inputs: Readonly<Record<I, Value>>;
  /** [R, 1] what each row counts for, >= 0, no gradient is wanted of it; undefined where the description says of no weights. */
  readonly weights: BuildWeights<W>;
  /** A matrix of fixed numbers. @param shape [rows, columns], or [n] for a row, which is the default */
  constant(numbers: ArrayLike<number>, shape?: readonly number[]): Value;
}

/** What a loss of one's own is. */
export interface OwnLoss<T extends DefinedOptions, I extends string, W extends WeightUse = never> {
  /** Its kind in descriptions: not empty, without slash and dot. */
  readonly name: string;
  /** Options by name, each made by `option`; default none. They must be plain JSON, as a checkpoint holds them. */
  readonly options?: T;
  /** What the target holds; default rows of numbers like those of the output. */
  readonly target?: OwnLossInput | ((columns: number, options: CheckedOptions<T>) => OwnLossInput);
  /** Other inputs by name. A batch has them among its targets, as `target/NAME` or `OUTPUT/NAME`. */
  readonly inputs?: Readonly<Record<I, OwnLossInput>>;
  /**
   * Whether descriptions have the option `weights`, `step` or `sequence`, as the losses of the library, and must have it (`required`) or
   * may (`optional`). A batch then has the weights as `target/weights` or `OUTPUT/weights`; `build` has one for each row. Default: there
   * are none. The loss should be the mean by these weights: validations and epochs weigh the losses of batches by their sums. A batch may
   * have no weight but 0: the loss is then to be 0, and not 0 / 0, so divide by `maximum(sumOverRows(weights), 1e-30)`. Else a training step
   * on it is refused with `non_finite_loss`, as that of any batch whose loss is NaN.
   */
  readonly weights?: W;
  /**
   * What `build` returns: the mean over the rows (the default), but for those whose class is -1, and with weights by these; or their sum.
   * Evaluations, validations and epochs put the losses of batches together accordingly; for any other number they would depend on the batches.
   */
  readonly reduction?: 'mean' | 'sum';
  /**
   * Builds the loss out of the functions of `bptt/operations` and returns it, [1, 1].
   *
   * @param outputs [R, C] what the network gives
   * @param target no gradient is wanted of it
   */
  build(outputs: Value, target: Value, context: LossContext<CheckedOptions<T>, I, W>): Value;
}

/** Makes descriptions of one kind of loss; a description is frozen plain JSON. */
export interface LossMaker<T extends DefinedOptions = DefinedOptions> {
  /** @throws {OptionError} `invalid_option`, `unknown_option` */
  (
    ...options: Record<never, never> extends GivenOptions<T> ? [options?: GivenOptions<T>] : [options: GivenOptions<T>]
  ): DefinedLoss & CheckedOptions<T>;
  readonly kind: string;
}

/** A definition of any loss of one's own, as the option `losses` takes it. */
export type AnyLossMaker = ((...options: never) => DefinedLoss) & { readonly kind: string };

const definitions = new WeakMap<AnyLossMaker, LossDefinition>();

/**
 * Defines a loss of one's own; its gradient follows by itself.
 *
 * @returns what makes descriptions of the loss, for the options `loss` and `losses` of a compilation. Give it to the option `losses`
 *   where a loss comes back from JSON
 * @throws {OptionError} `invalid_option`, also for the name of a loss of the library; `unknown_option`
 * @example
 * const smooth = defineLoss({
 *   name: 'smooth',
 *   options: { weight: option.number({ min: 0, default: 0.1 }) },
 *   build: (outputs, target, { options }) =>
 *     add(meanSquaredError(outputs, target), scale(temporalDifference(outputs), options.weight)),
 * });
 * const model = await sequential([lstm({ units: 32 }), dense({ units: 1 })], { features: 7 }).compile({ loss: smooth() });
 */
export function defineLoss<
  const T extends DefinedOptions = Record<never, never>,
  const I extends string = never,
  const W extends WeightUse = never,
>(loss: OwnLoss<T, I, W>): LossMaker<T & WeightOption<W>> {
  rejectUnknownKeys('defineLoss', loss, ['name', 'options', 'target', 'inputs', 'weights', 'reduction', 'build']);
  const { name: kind, build, target = { kind: 'features' }, weights: use } = loss;
  const inputs: Readonly<Record<string, OwnLossInput>> = loss.inputs ?? {};
  requireKind('a loss', kind, builtInLosses);
  requireFunctions({ build });
  const reduction = requireOneOf('reduction', loss.reduction ?? 'mean', ['mean', 'sum']);
  const options = requireOptionTable(`loss '${kind}'`, loss.options ?? {});
  // A description with 'losses' is that of several outputs.
  if (Object.hasOwn(options, 'losses')) refuse('options', "a table without 'losses'", options);
  const table = withWeightOption(use, options, inputs);
  rejectUnknownKeys('inputs', inputs, Object.keys(inputs));
  for (const [name, input] of Object.entries(inputs)) {
    if (!isName(name)) refuse('inputs', 'names without slash and dot', name);
    checkInput(`inputs.${name}`, input);
  }
  if (typeof target !== 'function') checkInput('target', target);
  const owner = `loss '${kind}'`;
  const definition: LossDefinition<DefinedLoss> = {
    kind,
    isSum: reduction === 'sum',
    fromOptions(_, options) {
      const checked = checkDefinedOptions(owner, table, options, new Map());
      const description = Object.freeze({ kind, ...checked }) as unknown as DefinedLoss;
      setLossDefinition(description, definition as LossDefinition);
      return description;
    },
    build({ kind: _, ...given }, context) {
      const options = Object.freeze(given) as unknown as CheckedOptions<T>;
      const { outputs, graph } = context;
      try {
        const place = typeof target === 'function' ? target(outputs.columns, options) : target;
        const truth = context.target(resolved(checkInput('target', place), context));
        const others = Object.entries(inputs).map(([name, input]) => [
          name,
          context.input(name, resolved(input, context)),
        ]);
        const weights = use === undefined ? undefined : rowWeights(context, given as WeightOptions);
        const result = build.call(loss, outputs, truth, {
          options,
          inputs: Object.fromEntries(others),
          weights: weights as BuildWeights<W>,
          constant: (numbers, shape) => constantOf(graph, numbers, shape),
        });
        if (typeof result !== 'object' || result === null || graphOf(result) !== graph) {
          refuseDefinition(kind, `build returned ${describeValue(result)}, expected a value of the network`);
        }
        requireOne('what build returned', result);
        if (weights === undefined) return { loss: result, isWeighted: false };
        // A sum over rows.
        const total = graph.apply('biasGradient', { dy: weights }).db;
        return { loss: result, total, isWeighted: true, isSum: reduction === 'sum' };
      } catch (error) {
        throw withTargetHelp(withName(owner, error), target);
      }
    },
  };
  const make = (options: unknown = {}) => definition.fromOptions(owner, options as never);
  const maker = Object.assign(make, { kind }) as unknown as LossMaker<T & WeightOption<W>>;
  definitions.set(maker as AnyLossMaker, definition as LossDefinition);
  return Object.freeze(maker);
}

/** Whether an operation wanted class ids, -1 among them, as its targets. The graph's own error, the cause, says it. */
function wantsClasses({ cause }: ShapeError): boolean {
  if (!(cause instanceof ShapeError)) return false;
  const { operand, expected } = cause.details;
  return operand === 'targets' && (expected === 'int32' || String(expected).startsWith('-1..'));
}

/** The same error; where a class loss found another target than it needs, with the declaration that helps. */
function withTargetHelp(error: unknown, target: unknown): unknown {
  const isDeclared = (target as { readonly ignore?: unknown } | undefined)?.ignore === true;
  if (!(error instanceof ShapeError) || isDeclared || !wantsClasses(error)) return error;
  error.message += `; class ids are declared in defineLoss: target: { kind: 'indices', ignore: true }`;
  return error;
}

/** The table with the option `weights`, where the loss has it. @throws {OptionError} `invalid_option` for another thing of that name */
function withWeightOption(
  use: unknown,
  table: DefinedOptions,
  inputs: Readonly<Record<string, unknown>>,
): DefinedOptions {
  if (use === undefined) return table;
  requireOneOf('weights', use, ['optional', 'required']);
  for (const [where, names] of Object.entries({ options: table, inputs })) {
    if (Object.hasOwn(names, WEIGHTS))
      refuse(where, `names other than '${WEIGHTS}', which the loss has already`, WEIGHTS);
  }
  const required = option.choice(['step', 'sequence']);
  return { ...table, [WEIGHTS]: use === 'required' ? required : option.optional(required) };
}

function refuse(name: string, expected: string, value: unknown): never {
  const message = `option '${name}' must be ${expected}, got ${describeValue(value)}`;
  throw new OptionError('invalid_option', message, { name, value });
}

function checkInput(name: string, input: OwnLossInput): OwnLossInput {
  if (typeof input !== 'object' || input === null) return refuse(name, 'what an input of a loss holds', input);
  requireOneOf(`${name}.kind`, input.kind, ['features', 'indices']);
  rejectUnknownKeys(name, input, ['kind', 'per', ...(input.kind === 'features' ? ['units'] : ['size', 'ignore'])]);
  if (input.per !== undefined) requireOneOf(`${name}.per`, input.per, ['sequence', 'label']);
  const [field, size] = input.kind === 'features' ? ['units', input.units] : ['size', input.size];
  if (size !== undefined) requireNumber(`${name}.${field}`, size, { integer: true, min: 1 });
  if (input.kind === 'indices' && input.ignore !== undefined) {
    requireOneOf(`${name}.ignore`, input.ignore, [true, false]);
  }
  return input;
}

/** The size of an input beside these outputs. */
function resolved(input: OwnLossInput, { graph, outputs, labelAxis }: LossBuildContext): LossInput {
  const own = outputs.rows as SymbolicExtent;
  const perSequence = hasSteps(outputs) ? graph.batch(own.axis) : own;
  const rows = { own, sequence: perSequence, label: graph.steps(labelAxis) }[input.per ?? 'own'];
  if (input.kind === 'features') return { rows, columns: input.units ?? outputs.columns };
  return { rows, size: input.size ?? outputs.columns, ignore: input.ignore === true };
}

/**
 * Definitions by their kind.
 *
 * @param makers what `defineLoss` returned
 * @throws {OptionError} `invalid_option` for what is none, and for two of one name
 */
export function lossDefinitions(makers: readonly AnyLossMaker[] = []): LossDefinitions {
  if (!Array.isArray(makers)) refuse('losses', 'a list of what defineLoss returned', makers);
  const byKind = new Map<string, LossDefinition>();
  for (const [at, maker] of makers.entries()) {
    const definition = definitions.get(maker) ?? refuse(`losses[${at}]`, 'what defineLoss returned', maker);
    if ((byKind.get(definition.kind) ?? definition) !== definition) {
      refuse('losses', 'definitions of different names', definition.kind);
    }
    byKind.set(definition.kind, definition);
  }
  return byKind;
}
