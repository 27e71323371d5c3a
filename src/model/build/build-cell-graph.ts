/** The graphs of a recurrent cell: a step, and the gradients of a step. */

import { TIME } from '../../batch/axes.js';
import { differentiate } from '../../graph/gradients.js';
import type { Value } from '../../graph/value.js';
import { type NetworkDescription, ONLY_OUTPUT } from '../../network/description.js';
import { buildForward, type Forward } from './build-forward.js';
import type { BuiltGraph } from './build-graph.js';
import { gradientOf } from './build-update.js';
import type { ParameterLayout } from './parameters.js';

/** Name of the one input of a cell. */
export const CELL_INPUT = 'input';

/** The mode of a cell's execution. */
export type CellMode = 'step' | 'gradient';

/** The graph of a step, and its gradients. */
export interface CellGraph extends BuiltGraph {
  /** Gradient of the input; in mode `gradient`. */
  readonly inputGradient?: Value;
  /** Gradients of the initial states by name; empty in mode `step`. */
  readonly stateGradients: ReadonlyMap<string, Value>;
}

/** Names of the inputs that hold the gradients reaching a step: of its output, and of a state that it leaves. */
export const UPSTREAM = { output: 'upstream/output', state: (name: string) => `upstream/state/${name}` } as const;

/**
 * Emits the gradients of input, states and parameters; the gradients of the parameters are added to the existing ones.
 */
function buildGradients({ graph, results, nodes, parameters, initialStates, finalStates }: Forward): {
  readonly input: Value | undefined;
  readonly states: ReadonlyMap<string, Value>;
} {
  const output = results.get(ONLY_OUTPUT) as Value;
  const reaching = [{ value: output, gradient: graph.external(UPSTREAM.output, output.rows, output.columns) }];
  for (const [name, value] of finalStates) {
    const gradient = graph.external(UPSTREAM.state(name), graph.batch(TIME), value.columns);
    reaching.push({ value, gradient });
  }
  const input = nodes.get(CELL_INPUT) as Value;
  const gradients = differentiate(graph, reaching, [input, ...initialStates.values(), ...parameters]);
  for (const parameter of parameters) {
    const gradient = gradients.get(parameter.id);
    if (gradient === undefined) continue;
    const target = gradientOf(graph, parameter);
    graph.assign(graph.apply('add', { a: target, b: gradient }).y, target);
  }
  const states = new Map<string, Value>();
  for (const [name, state] of initialStates) {
    const gradient = gradients.get(state.id);
    if (gradient !== undefined) states.set(name, gradient);
  }
  return { input: gradients.get(input.id), states };
}

/**
 * Builds the graph of one mode. Nothing in it is random.
 *
 * @throws {ShapeError} `shape_mismatch`, `rank_mismatch` when the layer does not fit its input
 */
export function buildCellGraph(description: NetworkDescription, layout: ParameterLayout, mode: CellMode): CellGraph {
  const forward = buildForward(description, layout, { training: false });
  const { graph, results, nodes, initialStates, finalStates } = forward;
  const output = results.get(ONLY_OUTPUT) as Value;
  const built = { graph, results, nodes, initialStates, finalStates, prepare: true };
  if (mode === 'step') return { ...built, stateGradients: new Map(), outputs: [output, ...finalStates.values()] };
  const { input, states } = buildGradients(forward);
  return {
    ...built,
    ...(input !== undefined && { inputGradient: input }),
    stateGradients: states,
    outputs: [...(input === undefined ? [] : [input]), ...states.values()],
  };
}
