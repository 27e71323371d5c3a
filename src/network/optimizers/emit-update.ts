/** The instructions and run-time numbers of an optimizer. */
import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/value.js';
import { ownOptimizerDefinition } from './definition.js';
import type { BuiltInOptimizer, OptimizerDescription } from './optimizer.js';

/** What an update works on: whole blocks as [1, P], the gradient norm [1], and the hyperparameters. */
export interface UpdateOperands {
  readonly w: Value;
  readonly g: Value;
  /** State by slot name. */
  readonly slots: ReadonlyMap<string, Value>;
  readonly norm: Value;
  readonly h: Value;
}

/** Slots that begin with zeros. */
function zeros(...names: readonly string[]): ReadonlyMap<string, number> {
  return new Map(names.map((name) => [name, 0]));
}

function builtInSlots(optimizer: BuiltInOptimizer): ReadonlyMap<string, number> {
  switch (optimizer.kind) {
    case 'sgd':
      return optimizer.momentum === 0 ? zeros() : zeros('momentum');
    case 'adam':
    case 'adamW':
      return optimizer.amsgrad === true
        ? zeros('mean', 'meanSquare', 'largestMeanSquare')
        : zeros('mean', 'meanSquare');
    case 'adagrad':
      return new Map([['sumOfSquares', optimizer.initialAccumulator]]);
    case 'rmsprop':
      return optimizer.momentum === 0 ? zeros('meanSquare') : zeros('meanSquare', 'momentum');
  }
}

/** What the optimizer keeps for each parameter: initial values by name. */
export function initialSlots(optimizer: OptimizerDescription): ReadonlyMap<string, number> {
  const own = ownOptimizerDefinition(optimizer);
  return own === undefined ? builtInSlots(optimizer as BuiltInOptimizer) : own.slots(optimizer);
}

/** Names of the values that the optimizer keeps for each parameter. */
export function optimizerSlots(optimizer: OptimizerDescription): readonly string[] {
  return [...initialSlots(optimizer).keys()];
}

/** How many run-time numbers the update reads. */
export function hyperparameterCount(optimizer: OptimizerDescription): number {
  return hyperparameters(optimizer, optimizer.learningRate, 1).length;
}

/**
 * The run-time numbers of one step, in the order of the kernel, or of the definition of an optimizer of a user's own.
 *
 * @param step number of this step, counted from 1
 */
export function hyperparameters(optimizer: OptimizerDescription, learningRate: number, step: number): number[] {
  const own = ownOptimizerDefinition(optimizer);
  if (own !== undefined) return own.numbers(optimizer, learningRate, step);
  return builtInNumbers(optimizer as BuiltInOptimizer, learningRate, step);
}

function builtInNumbers(optimizer: BuiltInOptimizer, learningRate: number, step: number): number[] {
  switch (optimizer.kind) {
    case 'sgd': {
      const { momentum, dampening, weightDecay, nesterov } = optimizer;
      return [learningRate, momentum, dampening, weightDecay, nesterov ? 1 : 0, step === 1 ? 1 : 0];
    }
    case 'adam':
    case 'adamW': {
      const { beta1, beta2, epsilon, weightDecay, kind } = optimizer;
      const decoupled = kind === 'adamW' ? 1 : 0;
      return [learningRate, beta1, beta2, epsilon, weightDecay, decoupled, 1 - beta1 ** step, 1 - beta2 ** step];
    }
    case 'adagrad': {
      const { learningRateDecay, epsilon, weightDecay } = optimizer;
      return [learningRate / (1 + (step - 1) * learningRateDecay), epsilon, weightDecay];
    }
    case 'rmsprop': {
      const { alpha, epsilon, weightDecay, momentum, epsilonInsideRoot } = optimizer;
      return [learningRate, alpha, epsilon, weightDecay, momentum, epsilonInsideRoot ? 1 : 0];
    }
  }
}

/** Emits the update of an optimizer of the library. */
export function emitUpdate(graph: Graph, optimizer: BuiltInOptimizer, operands: UpdateOperands): void {
  const { w, g, slots, norm, h } = operands;
  const slot = (name: string) => slots.get(name) as Value;
  switch (optimizer.kind) {
    case 'sgd':
      graph.apply('sgd', { w, g, m: slots.get('momentum'), norm, h });
      return;
    case 'adam':
    case 'adamW': {
      const largest = slots.get('largestMeanSquare');
      graph.apply('adam', { w, g, m: slot('mean'), v: slot('meanSquare'), largest, norm, h });
      return;
    }
    case 'adagrad':
      graph.apply('adagrad', { w, g, s: slot('sumOfSquares'), norm, h });
      return;
    case 'rmsprop':
      graph.apply('rmsprop', { w, g, s: slot('meanSquare'), m: slots.get('momentum'), norm, h });
      return;
  }
}
