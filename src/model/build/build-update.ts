/** From gradients to updated parameters: the memory of gradients, clipping, the optimizer. */
import { OptionError } from '../../core/errors.js';
import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/value.js';
import { type OptimizerDefinition, ownOptimizerDefinition } from '../../network/optimizers/definition.js';
import { emitUpdate, hyperparameterCount, optimizerSlots } from '../../network/optimizers/emit-update.js';
import type { BuiltInOptimizer, OptimizerDescription } from '../../network/optimizers/optimizer.js';
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
  const g = graph.external('program/gradients', 1, layout.bytes / 4, { source: 'gradient', offset: 0 });
  const scalar = (name: string) => graph.external(name, 1, 1, { type: 'float64' });
  graph.apply('clipValue', { g, limit: scalar(PROGRAM_INPUTS.clipValue) });
  const norm = graph.apply('clipNorm', { g, max: scalar(PROGRAM_INPUTS.clipNorm), loss }).norm;
  const own = ownOptimizerDefinition(optimizer);
  if (own === undefined) updateBlock({ graph, optimizer: optimizer as BuiltInOptimizer, layout, norm }, g);
  else updateEach({ graph, optimizer, layout, norm }, own);
  return norm;
}

interface Update<O extends OptimizerDescription> {
  readonly graph: Graph;
  readonly optimizer: O;
  readonly layout: ParameterLayout;
  readonly norm: Value;
}

/** All parameters at once, as the kernels of the library do it. */
function updateBlock({ graph, optimizer, layout, norm }: Update<BuiltInOptimizer>, g: Value): void {
  const columns = layout.bytes / 4;
  const w = graph.external('program/parameters', 1, columns, { source: 'parameter', offset: 0 });
  const slots = new Map(
    optimizerSlots(optimizer).map((slot, index) => [
      slot,
      graph.external(`optimizer/${slot}`, 1, columns, { source: 'optimizer', offset: index * layout.bytes }),
    ]),
  );
  const count = hyperparameterCount(optimizer);
  const h = graph.external(PROGRAM_INPUTS.hyperparameters, 1, count, { type: 'float64' });
  emitUpdate(graph, optimizer, { w, g, slots, norm, h });
}

/** Parameter by parameter, as an optimizer of a user's own says it: all new values first, which then take their places. */
function updateEach({ graph, optimizer, layout, norm }: Update<OptimizerDescription>, own: OptimizerDefinition): void {
  const numbers = graph.external(PROGRAM_INPUTS.ownNumbers, 1, hyperparameterCount(optimizer));
  for (const { name, request, offset } of layout.requests.values()) {
    const memory = (what: string, source: 'parameter' | 'gradient' | 'optimizer', at: number) =>
      graph.external(`update/${what}/${name}`, request.rows, request.columns, { source, offset: at });
    const slots = new Map(
      optimizerSlots(optimizer).map((slot, index) => [
        slot,
        memory(`slot/${slot}`, 'optimizer', index * layout.bytes + offset),
      ]),
    );
    const w = memory('parameter', 'parameter', offset);
    const g = memory('gradient', 'gradient', offset);
    const fresh = own.update(optimizer, graph, { name, w, g, slots }, numbers);
    const targets = [[w, fresh.w], ...[...fresh.slots].map(([slot, value]) => [slots.get(slot), value])];
    const changed = (targets as [Value, Value][]).filter(([target, value]) => target !== value);
    const values = changed.map(([w, value]) => ({ w, value: beforeStep(graph, value) }));
    for (const { w, value } of values) graph.apply('replace', { w, value, norm });
  }
}

/** A value that is memory of the model, copied, so that it is read before the step changes the memory; else the value itself. */
export function beforeStep(graph: Graph, value: Value): Value {
  return value.node === undefined ? graph.apply('scale', { x: value }, { factor: 1 }).y : value;
}
