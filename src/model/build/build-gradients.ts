/**
 * The graph of gradients that a caller asks for by name: of inputs, outputs of layers, parameters, and initial states.
 */
import { OptionError } from '../../core/errors.js';
import { describeValue } from '../../core/options.js';
import { differentiate } from '../../graph/gradients.js';
import type { Value } from '../../graph/value.js';
import type { NetworkDescription } from '../../network/description.js';
import { type ModelLoss, outputLosses } from '../../network/output-losses.js';
import { buildForward, type Forward } from './build-forward.js';
import { type BuiltGraph, buildLosses, carriedStates } from './build-graph.js';
import type { ParameterLayout } from './parameters.js';

/** The request that a graph of gradients depends on. It is plain JSON, so that equal requests share a program. */
export interface GradientNames {
  /** Names of the values that the gradients are with respect to. */
  readonly of: readonly string[];
  /** Outputs whose upstream gradients are given; when empty, the loss is differentiated. */
  readonly outputs: readonly string[];
}

/** A graph of gradients. */
export interface GradientsGraph extends BuiltGraph {
  /** For each name the value, and its gradient, undefined when the result does not depend on the value. */
  readonly gradients: ReadonlyMap<string, { readonly source: Value; readonly gradient: Value | undefined }>;
}

/** The prefix of the names of initial states. */
const STATE = 'state:';

/** Name of the input of the program that holds the upstream gradient of an output. */
export function upstreamInput(output: string): string {
  return `upstream/${output}`;
}

/** The value with a name. @throws {OptionError} `invalid_option` */
function sourceOf({ graph, nodes, initialStates }: Forward, name: string): Value {
  const parameter = graph.externals.get(name);
  const found =
    (parameter?.source === 'parameter' ? parameter : undefined) ??
    (name.startsWith(STATE) ? initialStates.get(name.slice(STATE.length)) : undefined) ??
    nodes.get(name);
  if (found?.type === 'real') return found;
  const states = [...initialStates.keys()].map((state) => STATE + state);
  const parameters = [...graph.externals.values()].flatMap((each) => (each.source === 'parameter' ? each.name : []));
  const names = [...[...nodes].flatMap(([each, { type }]) => (type === 'real' ? each : [])), ...parameters, ...states];
  const what = found === undefined ? 'is nothing that the network has' : 'holds indices, which have no gradient';
  const message = `option 'of': ${describeValue(name)} ${what}; there are ${names.join(', ')}`;
  throw new OptionError('invalid_option', message, { name: 'of', value: name });
}

/**
 * Builds the graph. Nothing in it is random, and penalties of layers are not part of the loss.
 *
 * @throws {OptionError} `invalid_option` for a name that the network does not have
 */
export function buildGradients(
  { description, layout, loss }: { description: NetworkDescription; layout: ParameterLayout; loss: ModelLoss },
  { of, outputs }: GradientNames,
): GradientsGraph {
  const forward = buildForward(description, layout, { training: false });
  const { graph, results, nodes, initialStates } = forward;
  const sources = new Map(of.map((name) => [name, sourceOf(forward, name)]));
  const losses = outputs.length > 0 ? undefined : buildLosses(forward, outputLosses(description, loss));
  const reached =
    losses !== undefined
      ? [{ value: losses.loss, gradient: graph.constant(1, 1, [1]) }]
      : outputs.map((name) => {
          const value = results.get(name) as Value;
          return { value, gradient: graph.external(upstreamInput(name), value.rows, value.columns) };
        });
  const byId = differentiate(graph, reached, [...sources.values()]);
  const gradients = new Map([...sources].map(([name, source]) => [name, { source, gradient: byId.get(source.id) }]));
  const read = [...gradients.values()].flatMap(({ gradient }) => gradient ?? []);
  return {
    graph,
    results,
    nodes,
    initialStates,
    finalStates: carriedStates(forward),
    ...(losses !== undefined && { targets: losses.targets }),
    gradients,
    outputs: [...new Set(read)],
    prepare: true,
  };
}
