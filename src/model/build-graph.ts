/** From the description of a network to the graph of what one run does. */
import { OptionError } from '../core/errors.js';
import { differentiate } from '../graph/gradients.js';
import { Graph } from '../graph/graph.js';
import type { Value } from '../graph/value.js';
import { only } from '../graph/value.js';
import type { BuildContext } from '../layers/layer.js';
import { layerRule } from '../layers/layers.js';
import { emitLoss, type LossName } from '../losses/losses.js';
import { emitUpdate, hyperparameterCount, optimizerSlots } from '../optimizers/emit-update.js';
import type { OptimizerDescription } from '../optimizers/optimizer.js';
import type { NetworkDescription } from './network.js';
import type { ParameterLayout } from './parameters.js';

/** The one time axis of a model. */
export const TIME = 'time';

/** Inputs of a training program beside those of the network, whose names hold no slash. */
export const RUN = {
  one: 'run/one',
  key: 'run/key',
  clipNorm: 'run/clipNorm',
  clipValue: 'run/clipValue',
  hyperparameters: 'run/hyperparameters',
} as const;

/** What a run is for. `diagnose` is `evaluate` with the output of every layer kept. */
export type Mode = 'train' | 'evaluate' | 'predict' | 'diagnose';

/** A graph and the values in it that the model reads. */
export interface BuiltGraph {
  readonly graph: Graph;
  readonly output: Value;
  /** Width of the output. */
  readonly columns: number;
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
}

/** What the graph depends on. */
export interface BuildRequest {
  readonly description: NetworkDescription;
  readonly mode: Mode;
  readonly loss: LossName;
  readonly optimizer: OptimizerDescription;
  readonly layout: ParameterLayout;
}

interface Forward {
  readonly graph: Graph;
  readonly nodes: Map<string, Value>;
  readonly parameters: Value[];
  readonly initialStates: Map<string, Value>;
  readonly finalStates: Map<string, Value>;
}

function buildForward({ description, mode, layout }: BuildRequest): Forward {
  const graph = new Graph();
  const nodes = new Map<string, Value>();
  const parameters: Value[] = [];
  const initialStates = new Map<string, Value>();
  const finalStates = new Map<string, Value>();
  let key: Value | undefined;
  let operations = 0;
  for (const [name, input] of Object.entries(description.inputs)) {
    const rows = graph.steps(TIME);
    nodes.set(
      name,
      input.kind === 'indices' ? graph.indices(name, rows, input.size) : graph.external(name, rows, input.units),
    );
  }
  for (const node of description.nodes) {
    const context: BuildContext = {
      graph,
      training: mode === 'train',
      axis: TIME,
      parameter: (part, request) => {
        const name = `${node.name}.${part}`;
        const offset = layout.place(name, request);
        const value = graph.external(name, request.rows, request.columns, { source: 'parameter', offset });
        parameters.push(value);
        return value;
      },
      initialState: (part, units) => {
        const name = `${node.name}.${part}`;
        const value = graph.external(`state/${name}`, graph.batch(TIME), units);
        initialStates.set(name, value);
        return value;
      },
      finalState: (part, value) => {
        finalStates.set(`${node.name}.${part}`, value);
      },
      dropoutKey: () => {
        key ??= graph.external(RUN.key, 1, 4, { type: 'int32' });
        return key;
      },
      operationId: () => operations++,
    };
    const inputs = node.inputs.map((input) => nodes.get(input) as Value);
    nodes.set(node.name, layerRule(node.layer).build(node.layer, context, inputs));
  }
  return { graph, nodes, parameters, initialStates, finalStates };
}

/** Emits gradients, clipping and the optimizer's update of all parameters. Returns the gradient norm. */
function buildUpdate({ optimizer, layout }: BuildRequest, { graph, parameters }: Forward, loss: Value): Value {
  if (parameters.length === 0) {
    throw new OptionError('invalid_option', 'the network has no parameters, there is nothing to train', {
      name: 'nodes',
    });
  }
  const one = graph.external(RUN.one, 1, 1);
  const gradients = differentiate(graph, [{ value: loss, gradient: one }], parameters);
  for (const parameter of parameters) {
    const gradient = gradients.get(parameter.id);
    if (gradient === undefined) continue;
    const target = graph.external(`gradient/${parameter.name}`, parameter.rows, parameter.columns, {
      source: 'gradient',
      offset: parameter.offset as number,
    });
    graph.assign(gradient, target);
  }
  const columns = layout.bytes / 4;
  const g = graph.external('run/gradients', 1, columns, { source: 'gradient', offset: 0 });
  const w = graph.external('run/parameters', 1, columns, { source: 'parameter', offset: 0 });
  const slots = new Map(
    optimizerSlots(optimizer).map((slot, index) => [
      slot,
      graph.external(`optimizer/${slot}`, 1, columns, { source: 'optimizer', offset: index * layout.bytes }),
    ]),
  );
  const scalar = (name: string, count = 1) => graph.external(name, 1, count, { type: 'float64' });
  graph.apply('clipValue', { g, limit: scalar(RUN.clipValue) });
  const norm = only(graph.apply('clipNorm', { g, max: scalar(RUN.clipNorm), loss }), 'norm');
  emitUpdate(graph, optimizer, { w, g, slots, norm, h: scalar(RUN.hyperparameters, hyperparameterCount(optimizer)) });
  return norm;
}

/**
 * Builds the graph of one mode. Parameters are placed in `layout` in the order in which the layers ask for them, which
 * is the same in every mode.
 *
 * @throws {ShapeError} `shape_mismatch`, `rank_mismatch` when layers do not fit together
 * @throws {OptionError} `invalid_option` when there is nothing to train
 */
export function buildGraph(request: BuildRequest): BuiltGraph {
  const forward = buildForward(request);
  const { graph, nodes, initialStates, finalStates } = forward;
  const { mode } = request;
  const output = nodes.get(request.description.output) as Value;
  const states = [...finalStates.values()];
  const built = { graph, output, columns: output.columns, initialStates, finalStates, nodes };
  if (mode === 'predict') return { ...built, outputs: [output, ...states] };
  const loss = emitLoss(graph, request.loss, output, graph.steps(TIME));
  if (mode === 'train') {
    const norm = buildUpdate(request, forward, loss);
    return { ...built, loss, norm, outputs: [loss, norm, ...states] };
  }
  const kept = mode === 'diagnose' ? [...nodes.values()].filter((value) => value.node !== undefined) : [];
  return { ...built, loss, outputs: [loss, ...states, ...kept] };
}
