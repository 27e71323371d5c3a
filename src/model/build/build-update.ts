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

/** What a step computes besides the new values. */
export interface EmittedUpdate {
  /** Gradient norm [1], before clipping by norm. */
  readonly norm: Value;
  /**
   * Checks [1, 1] of the new values that an optimizer of a user's own gives, by what they are values of. Where one is NaN, nothing is
   * updated. Those of the library have none.
   */
  readonly checks: ReadonlyMap<string, Value>;
}

/** 0 where all elements are finite, else NaN, as [1, 1]. No sum of finite numbers overflows here. */
export function finiteCheck(graph: Graph, x: Value): Value {
  const zeros = graph.apply('scale', { x }, { factor: 0 }).y;
  const row = graph.apply('sumRows', { x: zeros }, { mean: 0 }).y;
  return graph.apply('sumColumns', { x: row }, { mean: 0 }).y;
}

/**
 * Emits clipping and the optimizer's update of all parameters.
 *
 * @param loss when it is not finite, nothing is updated; omitted for a program without a loss
 * @throws {OptionError} `invalid_option` when there is nothing to train
 */
export function buildUpdate(
  graph: Graph,
  optimizer: OptimizerDescription,
  layout: ParameterLayout,
  loss?: Value,
): EmittedUpdate {
  if (layout.bytes === 0) {
    throw new OptionError('invalid_option', 'the network has no parameters, there is nothing to train', {
      name: 'nodes',
    });
  }
  const g = graph.external('program/gradients', 1, layout.bytes / 4, { source: 'gradient', offset: 0 });
  const scalar = (name: string) => graph.external(name, 1, 1, { type: 'float64' });
  graph.apply('clipValue', { g, limit: scalar(PROGRAM_INPUTS.clipValue) });
  const max = scalar(PROGRAM_INPUTS.clipNorm);
  const norm = graph.apply('clipNorm', { g, max, loss }).norm;
  const own = ownOptimizerDefinition(optimizer);
  if (own !== undefined) return { norm, checks: updateEach({ graph, optimizer, layout }, own, { g, max, loss }) };
  updateBlock({ graph, optimizer: optimizer as BuiltInOptimizer, layout }, g, norm);
  return { norm, checks: new Map() };
}

interface Update<O extends OptimizerDescription> {
  readonly graph: Graph;
  readonly optimizer: O;
  readonly layout: ParameterLayout;
}

/** All parameters at once, as the kernels of the library do it. */
function updateBlock({ graph, optimizer, layout }: Update<BuiltInOptimizer>, g: Value, norm: Value): void {
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

/** What decides whether new values take their places. */
interface Clipping {
  /** All gradients. */
  readonly g: Value;
  readonly max: Value;
  readonly loss: Value | undefined;
}

/**
 * Parameter by parameter, as an optimizer of a user's own says it: all new values first, which then take their places, if all of
 * them, the gradient and the loss are finite. Costs two readings of each new value and of the gradient, and the memory
 * of all new values at once.
 */
function updateEach(
  { graph, optimizer, layout }: Update<OptimizerDescription>,
  own: OptimizerDefinition,
  { g, max, loss }: Clipping,
): ReadonlyMap<string, Value> {
  const numbers = graph.external(PROGRAM_INPUTS.ownNumbers, 1, hyperparameterCount(optimizer));
  const checks = new Map<string, Value>();
  const changed: { readonly w: Value; readonly value: Value }[] = [];
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
    const gradient = memory('gradient', 'gradient', offset);
    const fresh = own.update(optimizer, graph, { name, w, g: gradient, slots }, numbers);
    const change = (what: string, target: Value, value: Value) => {
      if (target === value) return;
      changed.push({ w: target, value: beforeStep(graph, value) });
      checks.set(`${what} '${name}'`, finiteCheck(graph, value));
    };
    change('the parameter', w, fresh.w);
    for (const [slot, value] of fresh.slots) change(`the slot '${slot}' of`, slots.get(slot) as Value, value);
  }
  // The norm of all checks is 0, or NaN where one of them is.
  const all = [...checks.values()].reduce((a, b) => graph.apply('concatenate', { a, b }).y, finiteCheck(graph, g));
  const { norm } = graph.apply('clipNorm', { g: all, max, loss });
  for (const { w, value } of changed) graph.apply('replace', { w, value, norm });
  return checks;
}

/** A value that is memory of the model, copied, so that it is read before the step changes the memory; else the value itself. */
export function beforeStep(graph: Graph, value: Value): Value {
  return value.node === undefined ? graph.apply('scale', { x: value }, { factor: 1 }).y : value;
}
