/** From gradients to updated parameters: the memory of gradients, clipping, the optimizer. */
import { OptionError } from '../../core/errors.js';
import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/value.js';
import { emitUpdate, hyperparameterCount, optimizerSlots } from '../../network/optimizers/emit-update.js';
import type { OptimizerDescription } from '../../network/optimizers/optimizer.js';
import { PROGRAM_INPUTS } from './build-forward.js';
import type { ParameterLayout } from './parameters.js';

/** The memory of a parameter's gradient, as a value of the graph. */
export function gradientOf(graph: Graph, parameter: Value): Value {
  return graph.external(`gradient/${parameter.name}`, parameter.rows, parameter.columns, {
    source: 'gradient',
    offset: parameter.offset as number,
  });
}

/**
 * Emits clipping and the optimizer's update of all parameters. Returns the gradient norm [1], before clipping by norm.
 *
 * @param loss when it is not finite, nothing is updated; omitted for a program without a loss
 * @throws {OptionError} `invalid_option` when there is nothing to train
 */
export function buildUpdate(
  graph: Graph,
  optimizer: OptimizerDescription,
  layout: ParameterLayout,
  loss?: Value,
): Value {
  if (layout.bytes === 0) {
    throw new OptionError('invalid_option', 'the network has no parameters, there is nothing to train', {
      name: 'nodes',
    });
  }
  const columns = layout.bytes / 4;
  const g = graph.external('program/gradients', 1, columns, { source: 'gradient', offset: 0 });
  const w = graph.external('program/parameters', 1, columns, { source: 'parameter', offset: 0 });
  const slots = new Map(
    optimizerSlots(optimizer).map((slot, index) => [
      slot,
      graph.external(`optimizer/${slot}`, 1, columns, { source: 'optimizer', offset: index * layout.bytes }),
    ]),
  );
  const scalar = (name: string, count = 1) => graph.external(name, 1, count, { type: 'float64' });
  graph.apply('clipValue', { g, limit: scalar(PROGRAM_INPUTS.clipValue) });
  const norm = graph.apply('clipNorm', { g, max: scalar(PROGRAM_INPUTS.clipNorm), loss }).norm;
  emitUpdate(graph, optimizer, {
    w,
    g,
    slots,
    norm,
    h: scalar(PROGRAM_INPUTS.hyperparameters, hyperparameterCount(optimizer)),
  });
  return norm;
}
