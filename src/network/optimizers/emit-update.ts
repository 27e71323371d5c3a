/** The instructions and run-time numbers of an optimizer. */
import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/value.js';
import type { OptimizerDescription } from './optimizer.js';

/** What an update works on: whole blocks as [1, P], the gradient norm [1], and the hyperparameters. */
export interface UpdateOperands {
  readonly w: Value;
  readonly g: Value;
  /** State by slot name. */
  readonly slots: ReadonlyMap<string, Value>;
  readonly norm: Value;
  readonly h: Value;
}

/** Names of the values that the optimizer keeps for each parameter. */
export function optimizerSlots(optimizer: OptimizerDescription): readonly string[] {
  switch (optimizer.kind) {
    case 'sgd':
      return optimizer.momentum === 0 ? [] : ['momentum'];
    case 'adam':
    case 'adamW':
      return ['mean', 'meanSquare'];
    case 'rmsprop':
      return optimizer.momentum === 0 ? ['meanSquare'] : ['meanSquare', 'momentum'];
  }
}

/** How many run-time numbers the update reads. */
export function hyperparameterCount(optimizer: OptimizerDescription): number {
  return hyperparameters(optimizer, optimizer.learningRate, 1).length;
}

/**
 * The run-time numbers of one step, in the order of the kernel.
 *
 * @param step number of this step, counted from 1
 */
export function hyperparameters(optimizer: OptimizerDescription, learningRate: number, step: number): number[] {
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
    case 'rmsprop': {
      const { alpha, epsilon, weightDecay, momentum, epsilonInsideRoot } = optimizer;
      return [learningRate, alpha, epsilon, weightDecay, momentum, epsilonInsideRoot ? 1 : 0];
    }
  }
}

/** Emits the update. */
export function emitUpdate(graph: Graph, optimizer: OptimizerDescription, operands: UpdateOperands): void {
  const { w, g, slots, norm, h } = operands;
  const slot = (name: string) => slots.get(name) as Value;
  switch (optimizer.kind) {
    case 'sgd':
      graph.apply('sgd', { w, g, m: slots.get('momentum'), norm, h });
      return;
    case 'adam':
    case 'adamW':
      graph.apply('adam', { w, g, m: slot('mean'), v: slot('meanSquare'), norm, h });
      return;
    case 'rmsprop':
      graph.apply('rmsprop', { w, g, s: slot('meanSquare'), m: slots.get('momentum'), norm, h });
      return;
  }
}
