/** What every optimizer of a user's own is to the rest of the library. */
import { UsageError } from '../../core/errors.js';
import { requireNumber } from '../../core/options.js';
import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/value.js';

/**
 * The largest rate, decay and the like of an optimizer. With it the steps of Adam, Adagrad and RMSProp stay finite in float32 whatever
 * the gradient; larger numbers make weights infinite.
 */
const LARGEST = 1e30;

/** A learning rate of one step, which a schedule may make 0. @throws {OptionError} `invalid_option` */
export function requireRate(name: string, value: unknown): number {
  return requireNumber(name, value, { min: 0, max: LARGEST });
}

/** A number > 0 of an optimizer, such as its learning rate. @throws {OptionError} `invalid_option` */
export function requirePositive(name: string, value: unknown): number {
  return requireNumber(name, value, { exclusiveMin: 0, max: LARGEST });
}

/** One parameter, as an update sees it. All values have the size of the parameter. */
export interface UpdatedParameter {
  /** Name of the parameter. */
  readonly name: string;
  readonly w: Value;
  readonly g: Value;
  /** State by slot name. */
  readonly slots: ReadonlyMap<string, Value>;
}

/** New values of a parameter and of its state. */
export interface NewValues {
  readonly w: Value;
  /** By slot name; a slot that is left out stays as it is. */
  readonly slots: ReadonlyMap<string, Value>;
}

/** One kind of optimizer that a user has defined. */
export interface OptimizerDefinition<D extends OptimizerDescriptionObject = OptimizerDescriptionObject> {
  readonly kind: string;
  /** A checked, frozen description. @throws {OptionError} `invalid_option`, `unknown_option` */
  fromOptions(options: object): D;
  /** What it keeps for each parameter: initial values by slot name. @throws {OptionError} `invalid_option` */
  slots(description: D): ReadonlyMap<string, number>;
  /**
   * The run-time numbers of one step.
   *
   * @param step number of this step, counted from 1
   * @throws {OptionError} `invalid_option`
   */
  numbers(description: D, learningRate: number, step: number): number[];
  /**
   * Emits the new values of one parameter.
   *
   * @param numbers [1, n] those that `numbers` gives
   * @throws {ShapeError} `shape_mismatch` when operands, or results, do not fit
   * @throws {UsageError} `invalid_definition`
   */
  update(description: D, graph: Graph, parameter: UpdatedParameter, numbers: Value): NewValues;
}

/** Descriptions are plain JSON, so that a checkpoint can hold them. */
export interface OptimizerDescriptionObject {
  readonly kind: string;
  readonly learningRate: number;
}

/** Definitions of optimizers by their kind, beside those of the library. */
export type OptimizerDefinitions = ReadonlyMap<string, OptimizerDefinition>;

/** The definition that each description of an optimizer outside the library was made by. */
const definitions = new WeakMap<object, OptimizerDefinition>();

/** Remembers by which definition a description was made. */
export function setOptimizerDefinition(description: object, definition: OptimizerDefinition): void {
  definitions.set(description, definition);
}

/**
 * The description of an optimizer of a user's own whose definition is not at hand, as it was saved: for a model that is used and not
 * trained.
 *
 * @throws {OptionError} `invalid_option` for what is no description
 */
export function optimizerAtRest<D extends OptimizerDescriptionObject>(json: D): D {
  requirePositive('learningRate', json.learningRate);
  const description = Object.freeze({ ...json });
  const refuse = (): never => {
    const message = `the model was loaded for use, without its optimizer '${json.kind}': load it with the option 'optimizers'`;
    throw new UsageError('not_trainable', message, { optimizer: json.kind });
  };
  const { kind } = json;
  const slots = () => new Map<string, number>();
  setOptimizerDefinition(description, { kind, fromOptions: refuse, slots, numbers: refuse, update: refuse });
  return description;
}

/** The definition that made a description; undefined for those of the library. */
export function ownOptimizerDefinition(description: unknown): OptimizerDefinition | undefined {
  return typeof description === 'object' && description !== null ? definitions.get(description) : undefined;
}
