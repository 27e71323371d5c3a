/** Builds the graph of one execution from the description of a network. */

import { TIME } from '../../batch/axes.js';
import { rootAxis } from '../../graph/derived-axis.js';
import type { SymbolicExtent } from '../../graph/extent.js';
import { differentiate } from '../../graph/gradients.js';
import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/value.js';
import type { NetworkDescription } from '../../network/description.js';
import type { EmittedLoss } from '../../network/losses/loss.js';
import { emitLoss } from '../../network/losses/losses.js';
import type { OptimizerDescription } from '../../network/optimizers/optimizer.js';
import { labelAxis, type ModelLoss, type OutputLoss, outputLosses } from '../../network/output-losses.js';
import { buildBufferUpdates, type CheckedBuffer } from './build-buffers.js';
import { buildForward, type Forward, PROGRAM_INPUTS } from './build-forward.js';
import { buildUpdate, type EmittedUpdate, gradientOf } from './build-update.js';
import type { ParameterLayout } from './parameters.js';

/**
 * What an execution is for. `measure` is `evaluate` with the outputs of the network kept, `diagnose` with the output of every layer.
 */
export type Mode = 'train' | 'evaluate' | 'measure' | 'predict' | 'diagnose';

/** Whether an output has a row for every step of every sequence [N, F], or one for every sequence [B, F]. */
export type OutputPer = 'step' | 'sequence';

/** A graph, and the values of it that a program keeps. */
export interface ProgramGraph {
  readonly graph: Graph;
  /** Values that the program must keep for reading. */
  readonly outputs: readonly Value[];
  /** Whether executions may skip the packing of parameters while these do not change. */
  readonly prepare: boolean;
}

/** The divisor of the loss of an output. */
export interface LossTotal extends Pick<EmittedLoss, 'isWeighted' | 'isSum'> {
  readonly value: Value;
}

/** A graph and the values in it that an execution writes and reads. */
export interface BuiltGraph extends ProgramGraph {
  /** Outputs of the network by name. */
  readonly results: ReadonlyMap<string, Value>;
  /** The loss that training minimises, without penalties. */
  readonly loss?: Value;
  /** The losses by output. */
  readonly losses?: ReadonlyMap<string, Value>;
  /** The divisor of the loss of each output, where the loss returns it. */
  readonly totals?: ReadonlyMap<string, LossTotal>;
  /**
   * Targets and other inputs of the losses by their names in a batch; their values are inputs of the program under
   * their own names.
   */
  readonly targets?: ReadonlyMap<string, Value>;
  readonly norm?: Value;
  /** Checks of what an optimizer of a user's own is about to write: where one is NaN, nothing has changed. */
  readonly checks?: EmittedUpdate['checks'];
  /** The buffers that a training step changes. */
  readonly checkedBuffers?: readonly CheckedBuffer[];
  /** Initial states by name: inputs of the program. */
  readonly initialStates: ReadonlyMap<string, Value>;
  /** Final states of those of the axis `time`: outputs of the program. */
  readonly finalStates: ReadonlyMap<string, Value>;
  /** Output of every node by name. */
  readonly nodes: ReadonlyMap<string, Value>;
}

/** What the graph depends on. */
export interface BuildRequest {
  readonly description: NetworkDescription;
  readonly mode: Mode;
  readonly loss: ModelLoss;
  readonly optimizer: OptimizerDescription;
  readonly layout: ParameterLayout;
}

/** What the rows of an output belong to. */
export function outputPer({ rows }: Value): OutputPer {
  return typeof rows !== 'number' && rows.kind === 'batch' ? 'sequence' : 'step';
}

/** The form of an output of a network. */
export interface OutputShape {
  /** Numbers in a row. */
  readonly columns: number;
  /** Whether there is a row, and a target, for every step or for every sequence. */
  readonly per: OutputPer;
  /** Time axis of the rows. */
  readonly axis: string;
}

/** The form of a value whose rows are those of a batch. */
export function outputShape(value: Value): OutputShape {
  return { columns: value.columns, per: outputPer(value), axis: (value.rows as SymbolicExtent).axis };
}

/** The outputs of a network by name. */
export function outputShapes({ results }: Pick<BuiltGraph, 'results'>): ReadonlyMap<string, OutputShape> {
  return new Map([...results].map(([name, value]) => [name, outputShape(value)]));
}

/** The states that pass from execution to execution: of the axis `time` or one made of it, and not given by the network. */
export function carriedStates({ initialStates, finalStates }: Pick<Forward, 'initialStates' | 'finalStates'>) {
  const names = [...initialStates].filter(([, { rows }]) => rootAxis((rows as SymbolicExtent).axis) === TIME);
  return new Map(names.map(([name]) => [name, finalStates.get(name) as Value]));
}

/** Emits the gradients of loss and penalties, clipping and the update. Returns the gradient norm, and what is known of the buffers. */
function buildTraining({ optimizer, layout }: BuildRequest, forward: Forward, loss: Value) {
  const { graph, parameters, bufferUpdates, penalties } = forward;
  const one = graph.external(PROGRAM_INPUTS.one, 1, 1);
  const weighted = penalties.map(({ value, weight }) => {
    return { value, gradient: graph.apply('scale', { x: one }, { factor: weight }).y };
  });
  const gradients = differentiate(graph, [{ value: loss, gradient: one }, ...weighted], parameters);
  for (const parameter of parameters) {
    const gradient = gradients.get(parameter.id);
    if (gradient !== undefined) graph.assign(gradient, gradientOf(graph, parameter));
  }
  const { condition, checked, replace } = buildBufferUpdates(graph, bufferUpdates, loss);
  const { norm, checks } = buildUpdate(graph, optimizer, layout, condition);
  replace(norm);
  return { norm, checks, checkedBuffers: checked };
}

/** Emits the losses and their weighted sum. */
export function buildLosses({ graph, results }: Pick<Forward, 'graph' | 'results'>, losses: readonly OutputLoss[]) {
  const values = new Map<string, Value>();
  const targets = new Map<string, Value>();
  const totals = new Map<string, LossTotal>();
  const terms = losses.map(({ output, target: name, loss, weight }) => {
    const target = name === 'target' ? name : `target/${name}`;
    const onInput = (part: string, value: Value) => targets.set(part === '' ? name : `${name}/${part}`, value);
    const place = { target, labelAxis: labelAxis(output), onInput };
    const { loss: value, total, ...kind } = emitLoss(graph, loss, results.get(output) as Value, place);
    values.set(output, value);
    if (total !== undefined) totals.set(output, { value: total, ...kind });
    return weight === 1 ? value : graph.apply('scale', { x: value }, { factor: weight }).y;
  });
  const loss = terms.reduce((a, b) => graph.apply('add', { a, b }).y);
  return { loss, losses: values, targets, totals };
}

/**
 * Builds the graph of one mode. Parameters are placed in `layout` in the order in which the layers ask for them, which
 * is the same in every mode.
 *
 * @throws {ShapeError} `shape_mismatch`, `rank_mismatch` when layers do not fit together
 * @throws {OptionError} `invalid_option` when there is nothing to train
 */
export function buildGraph(request: BuildRequest): BuiltGraph & Pick<Forward, 'owners' | 'leastRows'> {
  const { description, layout, mode } = request;
  const forward = buildForward(description, layout, { training: mode === 'train' });
  const { graph, results, nodes, initialStates, owners, leastRows } = forward;
  const finalStates = carriedStates(forward);
  const states = [...finalStates.values()];
  const built = { graph, results, initialStates, finalStates, nodes, owners, leastRows, prepare: mode === 'predict' };
  if (mode === 'predict') return { ...built, outputs: [...new Set([...results.values(), ...states])] };
  const losses = buildLosses(forward, outputLosses(description, request.loss));
  const totals = [...losses.totals.values()].map(({ value }) => value);
  const reported = new Set([losses.loss, ...losses.losses.values(), ...totals]);
  if (mode === 'train') {
    const trained = buildTraining(request, forward, losses.loss);
    const checks = [...trained.checkedBuffers.map(({ check }) => check), ...trained.checks.values()];
    return {
      ...built,
      ...losses,
      ...trained,
      outputs: [...new Set([...reported, trained.norm, ...checks, ...states])],
    };
  }
  if (mode === 'measure')
    return { ...built, ...losses, outputs: [...new Set([...reported, ...results.values(), ...states])] };
  const kept = mode === 'diagnose' ? [...nodes.values()].filter((value) => value.node !== undefined) : [];
  return { ...built, ...losses, outputs: [...reported, ...states, ...kept] };
}
