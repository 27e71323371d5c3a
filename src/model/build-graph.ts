/** From the description of a network to the graph of what one run does. */
import { differentiate } from '../graph/gradients.js';
import type { Graph } from '../graph/graph.js';
import { only, type Value } from '../graph/value.js';
import { emitLoss, type LossName } from '../losses/losses.js';
import type { OptimizerDescription } from '../optimizers/optimizer.js';
import { buildForward, type Forward, RUN } from './build-forward.js';
import { buildUpdate, gradientOf } from './build-update.js';
import type { NetworkDescription } from './network.js';
import type { ParameterLayout } from './parameters.js';

/** What a run is for. `diagnose` is `evaluate` with the output of every layer kept. */
export type Mode = 'train' | 'evaluate' | 'predict' | 'diagnose';

/** What an output is given for: every step of every sequence [N, F], or every sequence as a whole [B, F]. */
export type OutputPer = 'step' | 'sequence';

/** A graph and the values in it that a run writes and reads. */
export interface BuiltGraph {
  readonly graph: Graph;
  readonly output: Value;
  readonly loss?: Value;
  readonly norm?: Value;
  /** Initial states by name: inputs of the program. */
  readonly initialStates: ReadonlyMap<string, Value>;
  /** Final states by the same names: outputs of the program. */
  readonly finalStates: ReadonlyMap<string, Value>;
  /** Output of every node by name. */
  readonly nodes: ReadonlyMap<string, Value>;
  /** Values that the program must keep for reading. */
  readonly outputs: readonly Value[];
  /** Whether runs may leave out the packing of parameters while these stay as they are. */
  readonly prepare: boolean;
}

/** What the graph depends on. */
export interface BuildRequest {
  readonly description: NetworkDescription;
  readonly mode: Mode;
  readonly loss: LossName;
  readonly optimizer: OptimizerDescription;
  readonly layout: ParameterLayout;
}

/** What the rows of an output stand for. */
export function outputPer({ rows }: Value): OutputPer {
  return typeof rows !== 'number' && rows.kind === 'batch' ? 'sequence' : 'step';
}

/** Emits the gradients of loss and penalties, clipping and the update. Returns the gradient norm. */
function buildTraining({ optimizer, layout }: BuildRequest, forward: Forward, loss: Value): Value {
  const { graph, parameters, penalties } = forward;
  const one = graph.external(RUN.one, 1, 1);
  const weighted = penalties.map(({ value, weight }) => {
    return { value, gradient: only(graph.apply('scale', { x: one }, { factor: weight }), 'y') };
  });
  const gradients = differentiate(graph, [{ value: loss, gradient: one }, ...weighted], parameters);
  for (const parameter of parameters) {
    const gradient = gradients.get(parameter.id);
    if (gradient !== undefined) graph.assign(gradient, gradientOf(graph, parameter));
  }
  return buildUpdate(graph, optimizer, layout, loss);
}

/**
 * Builds the graph of one mode. Parameters are placed in `layout` in the order in which the layers ask for them, which
 * is the same in every mode.
 *
 * @throws {ShapeError} `shape_mismatch`, `rank_mismatch` when layers do not fit together
 * @throws {OptionError} `invalid_option` when there is nothing to train
 */
export function buildGraph(request: BuildRequest): BuiltGraph {
  const { mode } = request;
  const forward = buildForward(request.description, request.layout, mode === 'train');
  const { graph, output, nodes, initialStates, finalStates } = forward;
  const states = [...finalStates.values()];
  const built = { graph, output, initialStates, finalStates, nodes, prepare: mode === 'predict' };
  if (mode === 'predict') return { ...built, outputs: [output, ...states] };
  const loss = emitLoss(graph, request.loss, output);
  if (mode === 'train') {
    const norm = buildTraining(request, forward, loss);
    return { ...built, loss, norm, outputs: [loss, norm, ...states] };
  }
  const kept = mode === 'diagnose' ? [...nodes.values()].filter((value) => value.node !== undefined) : [];
  return { ...built, loss, outputs: [loss, ...states, ...kept] };
}
