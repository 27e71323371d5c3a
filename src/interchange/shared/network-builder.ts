/** Collects the nodes of an imported network with the sources of their numbers. */
import { type InputDescription, type Network, type NodeDescription, network } from '../../model/network.js';
import type { AnyLayer } from '../../network/layers/layers.js';
import { isName } from '../../network/names.js';
import type { WeightSource } from './imported-network.js';

/** A name that a node may have: without slash and dot. */
function nodeName(wanted: string): string {
  const name = wanted.replace(/[^\p{L}\p{N}_-]+/gu, '_').replace(/^_+|_+$/g, '');
  return isName(name) && name !== 'target' ? name : 'node';
}

/** Builds a network node by node. Names become unique, and such that nodes may have them. */
export class NetworkBuilder {
  readonly weights = new Map<string, WeightSource>();
  readonly notes: string[] = [];
  readonly #inputs: Record<string, InputDescription> = {};
  readonly #nodes: NodeDescription[] = [];
  readonly #taken = new Set<string>();
  /** How often a name was wanted, so that many of one name are not tried one by one. */
  readonly #counts = new Map<string, number>();

  /** Adds an input of the network. @returns the name that it got */
  addInput(wanted: string, input: InputDescription): string {
    const name = this.#unique(wanted);
    this.#inputs[name] = input;
    return name;
  }

  /**
   * Adds a node.
   *
   * @param wanted its name, where that is free
   * @param weights of its parameters and buffers, by their own names: `weight`, `bias`
   * @param states what gives initial states, by the names of these
   * @returns the name that it got
   */
  addNode(
    wanted: string,
    layer: AnyLayer,
    inputs: readonly string[],
    weights: Readonly<Record<string, WeightSource>> = {},
    states?: Readonly<Record<string, string>>,
  ): string {
    const name = this.#unique(wanted);
    this.#nodes.push({ name, layer, inputs, ...(states !== undefined && { states }) });
    for (const [part, source] of Object.entries(weights)) this.weights.set(`${name}.${part}`, source);
    return name;
  }

  /** Says something that the user should know; once, however often it comes up. */
  note(sentence: string): void {
    if (!this.notes.includes(sentence)) this.notes.push(sentence);
  }

  /**
   * The network, without inputs and nodes that no output depends on.
   *
   * @param outputs nodes by the names of the outputs; the name of a single one is dropped
   * @throws {OptionError} `invalid_option`
   */
  finish(outputs: Readonly<Record<string, string>>): Network {
    const needed = this.#neededFor(Object.values(outputs));
    const inputs = Object.fromEntries(Object.entries(this.#inputs).filter(([name]) => needed.has(name)));
    const nodes = this.#nodes.filter(({ name }) => needed.has(name));
    for (const name of this.weights.keys()) {
      if (!needed.has(name.slice(0, name.indexOf('.')))) this.weights.delete(name);
    }
    const [only, ...others] = Object.values(outputs);
    return network(others.length === 0 ? { inputs, nodes, output: only as string } : { inputs, nodes, outputs });
  }

  /** Names of all inputs and nodes that these depend on, and their own. */
  #neededFor(outputs: readonly string[]): ReadonlySet<string> {
    const needed = new Set(outputs);
    for (const { name, inputs, states = {} } of [...this.#nodes].reverse()) {
      if (!needed.has(name)) continue;
      // A node may read a state of another: NODE.STATE.
      for (const read of [...inputs, ...Object.values(states)]) needed.add(read.split('.')[0] as string);
    }
    return needed;
  }

  #unique(wanted: string): string {
    const name = nodeName(wanted);
    let count = this.#counts.get(name) ?? 0;
    let unique = count === 0 ? name : `${name}_${count}`;
    for (; this.#taken.has(unique); unique = `${name}_${count}`) count++;
    this.#counts.set(name, count + 1);
    this.#taken.add(unique);
    return unique;
  }
}
