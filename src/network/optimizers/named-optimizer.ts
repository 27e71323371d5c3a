/** Optimizers by their names, and from JSON. */
import { OptionError } from '../../core/errors.js';
import { callHint, describeValue, requireOneOf } from '../../core/options.js';
import { type AnyOptimizerMaker, optimizerDefinitions } from './define-optimizer.js';
import { type OptimizerDefinitions, ownOptimizerDefinition } from './definition.js';
import {
  adagrad,
  adam,
  adamW,
  type BuiltInOptimizer,
  type DefinedOptimizer,
  momentum,
  OPTIMIZERS,
  type OptimizerDescription,
  type OptimizerName,
  rmsprop,
  sgd,
} from './optimizer.js';

const MAKERS: Readonly<Record<OptimizerName, (options: never) => BuiltInOptimizer>> = {
  sgd,
  momentum,
  adam,
  adamW,
  adagrad,
  rmsprop,
};

/** What every optimizer has; its own defaults are taken for everything else. */
export interface NamedOptimizerOptions {
  readonly learningRate: number;
  /** As the optimizer of that name takes it; default that of the optimizer. */
  readonly weightDecay?: number;
}

/**
 * The optimizer of that name.
 *
 * @param optimizers what `defineOptimizer` returned: optimizers beside those of the library
 * @throws {OptionError} `invalid_option` for an unknown name, or a value out of range; `unknown_option` for a weight decay that an
 *   optimizer of a user's own does not take
 */
export function optimizerNamed(name: string, options: NamedOptimizerOptions): BuiltInOptimizer;
export function optimizerNamed(
  name: string,
  options: NamedOptimizerOptions,
  optimizers: readonly AnyOptimizerMaker[],
): OptimizerDescription;
export function optimizerNamed(
  name: string,
  options: NamedOptimizerOptions,
  optimizers: readonly AnyOptimizerMaker[] = [],
): OptimizerDescription {
  const own = optimizerDefinitions(optimizers).get(name);
  if (own !== undefined) return own.fromOptions(options) as DefinedOptimizer;
  return MAKERS[requireOneOf('optimizer', name, OPTIMIZERS)](options as never);
}

/** What makes the description of each kind; that of gradient descent always says its momentum. */
const BY_KIND = new Map<string, (options: never) => BuiltInOptimizer>(
  OPTIMIZERS.filter((name) => name !== 'momentum').map((name) => [name, MAKERS[name === 'sgd' ? 'momentum' : name]]),
);

/**
 * A checked description from JSON, or the one that a maker returned.
 *
 * @param definitions of optimizers beside those of the library
 * @throws {OptionError} `invalid_option`, `unknown_option`; `unknown_optimizer` for a kind that is not of the library and not defined
 */
export function optimizerFromJSON(
  json: OptimizerDescription,
  definitions: OptimizerDefinitions = new Map(),
): OptimizerDescription {
  if (typeof json !== 'object' || json === null || typeof json.kind !== 'string') {
    const message = `the optimizer must be a description such as adam() gives, got ${describeValue(json)}${callHint(json)}`;
    throw new OptionError('invalid_option', message, { name: 'optimizer', value: json });
  }
  if (ownOptimizerDefinition(json) !== undefined) return json;
  const { kind, ...options } = json;
  const make = BY_KIND.get(kind);
  if (make !== undefined) return make(options as never);
  const definition = definitions.get(kind);
  if (definition !== undefined) return definition.fromOptions(options) as DefinedOptimizer;
  const kinds = [...BY_KIND.keys(), ...definitions.keys()].join(', ');
  const help = `an optimizer of one's own is brought back by the option 'optimizers', with what defineOptimizer returned`;
  const message = `the optimizer is '${kind}', which is unknown; there are ${kinds}; ${help}`;
  throw new OptionError('unknown_optimizer', message, { name: 'optimizer', value: kind, option: 'optimizers' });
}
