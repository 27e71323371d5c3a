/** Checks the description of a network: names, and what they stand for. Sizes are checked when it is compiled. */

import { TIME } from '../batch/axes.js';
import { requireList, requireObject } from '../core/arguments.js';
import { OptionError } from '../core/errors.js';
import { describeValue, rejectUnknownKeys, requireNumber, requireOneOf } from '../core/options.js';
import type { InputDescription, NetworkDescription, NodeDescription } from './description.js';
import { inputAxes } from './description.js';
import type { DenseDescription } from './layers/dense.js';
import { type LayerDefinition, ownDefinitionsIn } from './layers/layer.js';
import { type AnyLayer, isKind, layerRule, statesOf } from './layers/layers.js';
import { isName } from './names.js';

function refuse(message: string, name: string): never {
  throw new OptionError('invalid_option', message, { name });
}

function checkInput(name: string, input: InputDescription): void {
  if (!isName(name) || name === 'target') refuse(`an input cannot be named '${name}'`, name);
  requireObject(`the input '${name}'`, input);
  requireOneOf(`inputs.${name}.kind`, input.kind, ['indices', 'features']);
  const [field, value] = input.kind === 'indices' ? ['size', input.size] : ['units', input.units];
  rejectUnknownKeys(`inputs.${name}`, input, ['kind', field, 'axis', 'per']);
  requireNumber(`inputs.${name}.${field}`, value, { min: 1, integer: true });
  if (input.axis !== undefined && !isName(input.axis)) {
    refuse(`the axis of input '${name}' cannot be named ${describeValue(input.axis)}`, `inputs.${name}.axis`);
  }
  if (input.per !== undefined) requireOneOf(`inputs.${name}.per`, input.per, ['sequence']);
}

/** What has been made before a node. */
class Known {
  readonly #inputs: ReadonlySet<string>;
  readonly #layers = new Map<string, AnyLayer>();

  constructor(inputs: Iterable<string>) {
    this.#inputs = new Set(inputs);
  }

  has(name: string): boolean {
    return this.#inputs.has(name) || this.#layers.has(name);
  }

  layer(name: string): AnyLayer | undefined {
    return this.#layers.get(name);
  }

  add({ name, layer }: NodeDescription): void {
    this.#layers.set(name, layer);
  }

  /** Whether the name is that of an input, a node, or a final state of a node. */
  requireReadable(reader: string, name: string): void {
    if (this.has(name)) return;
    const dot = typeof name === 'string' ? name.indexOf('.') : -1;
    const layer = dot < 0 ? undefined : this.#layers.get(name.slice(0, dot));
    if (layer === undefined) refuse(`node '${reader}' reads '${name}', which is not made before it`, name);
    const states = statesOf(layer);
    if (states.includes(name.slice(dot + 1))) return;
    const there = states.length === 0 ? 'it has no states' : `its states are ${states.join(', ')}`;
    refuse(`node '${reader}' reads '${name}', which '${name.slice(0, dot)}' does not have; ${there}`, name);
  }
}

function checkStates({ name, layer, states }: NodeDescription, known: Known): void {
  if (states === undefined) return;
  const names = statesOf(layer);
  if (names.length === 0) refuse(`node '${name}' is given states, but its layer has none`, name);
  rejectUnknownKeys(`nodes.${name}.states`, states, names);
  for (const source of Object.values(states)) known.requireReadable(name, source);
}

/** A kind names one definition: otherwise the JSON of the network would not say which. */
function checkDefinitions(nodes: readonly NodeDescription[]): void {
  const byKind = new Map<string, LayerDefinition>();
  for (const definition of nodes.flatMap(({ layer }) => [...ownDefinitionsIn(layer)])) {
    const { kind } = definition;
    if ((byKind.get(kind) ?? definition) !== definition) {
      refuse(`there are two definitions of layers named '${kind}'`, kind);
    }
    byKind.set(kind, definition);
  }
}

/** Tied weights are those of an embedding with a row for each unit. */
function checkTied(name: string, { tied, units }: DenseDescription, known: Known): void {
  if (tied === undefined) return;
  const layer = known.layer(tied);
  if (!isKind(layer, 'embedding')) {
    refuse(`node '${name}' is tied to '${tied}', which is no embedding that is made before it`, name);
  }
  const { size } = layer;
  if (size !== units) refuse(`node '${name}' has ${units} units, but the embedding '${tied}' has ${size} rows`, name);
}

function checkOutputs({ output, outputs, nodes }: NetworkDescription): void {
  if ((output === undefined) === (outputs === undefined)) {
    refuse(`a network needs either 'output' or 'outputs', got ${output === undefined ? 'neither' : 'both'}`, 'output');
  }
  const requireNode = (what: string, name: string) => {
    if (!nodes.some((node) => node.name === name)) refuse(`${what} '${name}' is not a node`, name);
  };
  if (output !== undefined) {
    requireNode('the output', output);
    return;
  }
  if (typeof outputs !== 'object' || outputs === null || Object.keys(outputs).length === 0) {
    refuse(`'outputs' must name at least one output, got ${describeValue(outputs)}`, 'outputs');
  }
  for (const [name, node] of Object.entries(outputs)) {
    if (!isName(name)) refuse(`an output cannot be named '${name}'`, name);
    requireNode(`the output '${name}':`, node);
  }
}

/**
 * Checks a description.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option` with the name; `unknown_layer`
 */
export function checkNetwork(description: NetworkDescription): void {
  const { inputs, nodes } = requireObject('the description of a network', description);
  requireObject("'inputs'", inputs);
  requireList("'nodes'", nodes);
  for (const [name, input] of Object.entries(inputs)) checkInput(name, input);
  const isOnTime = Object.values(inputs).some(({ axis = TIME }) => axis === TIME);
  if (!isOnTime) {
    const axes = inputAxes(description).slice(1).join(', ');
    refuse(`no input lies on the axis '${TIME}'; there are inputs on ${axes === '' ? 'none' : axes}`, 'inputs');
  }
  const known = new Known(Object.keys(inputs));
  for (const [at, node] of nodes.entries()) {
    requireObject(`node ${at} of 'nodes'`, node);
    const { name, layer, inputs: reads } = node;
    if (!isName(name)) refuse(`a node cannot be named '${name}'`, name);
    if (known.has(name)) refuse(`there are two nodes or inputs named '${name}'`, name);
    layerRule(layer);
    rejectUnknownKeys(`nodes.${name}`, node, ['name', 'layer', 'inputs', 'states']);
    requireList(`'inputs' of node '${name}'`, reads);
    if (reads.length === 0) refuse(`node '${name}' has no input`, name);
    for (const input of reads) known.requireReadable(name, input);
    checkStates(node, known);
    if (isKind(layer, 'dense')) checkTied(name, layer, known);
    known.add(node);
  }
  checkDefinitions(nodes);
  checkOutputs(description);
}
