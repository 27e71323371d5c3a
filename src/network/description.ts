/** Descriptions of networks: frozen, plain JSON. */
import { TIME } from '../batch/axes.js';
import type { AnyLayer } from './layers/layers.js';

/** Where the rows of an input lie. */
export interface InputPlace {
  /** Time axis; default `time`. */
  readonly axis?: string;
  /** One row for each sequence of the axis, instead of one for each step. */
  readonly per?: 'sequence';
}

/** What an input holds: one index a row, or `units` real numbers a row. */
export type InputDescription =
  | ({ readonly kind: 'indices'; readonly size: number } & InputPlace)
  | ({ readonly kind: 'features'; readonly units: number } & InputPlace);

/** One layer and the inputs or nodes that it reads. */
export interface NodeDescription {
  readonly name: string;
  readonly layer: AnyLayer;
  /** Names of inputs and nodes, or of final states of recurrent nodes: `encoder.h_l0`, `encoder.c_l0_reverse`. */
  readonly inputs: readonly string[];
  /**
   * For a recurrent layer: its initial states, by names such as `h_l0`, each with what gives it: one row for each sequence, of
   * any time axis. A state that is given is not carried from run to run.
   */
  readonly states?: Readonly<Record<string, string>>;
}

/** A network as data. It has either one output or several with names. */
export interface NetworkDescription {
  readonly inputs: Readonly<Record<string, InputDescription>>;
  /** In an order in which every node stands behind those that it reads. */
  readonly nodes: readonly NodeDescription[];
  /** Node that gives the output; its target is named `target`. */
  readonly output?: string;
  /** Nodes that give the outputs, by the names of these; their targets have the same names. */
  readonly outputs?: Readonly<Record<string, string>>;
}

/** The name that the only output of a network has where a name is needed. */
export const ONLY_OUTPUT = 'output';

/** Nodes that give the outputs by the names of these: `output` where there is only one, without a name. */
export function outputNodes({ output, outputs }: NetworkDescription): ReadonlyMap<string, string> {
  return new Map(output === undefined ? Object.entries(outputs ?? {}) : [[ONLY_OUTPUT, output]]);
}

/** A frozen copy. */
export function freezeDescription({ inputs, nodes, output, outputs }: NetworkDescription): NetworkDescription {
  const frozenInputs = Object.entries(inputs).map(([name, input]) => [name, Object.freeze({ ...input })]);
  const frozenNodes = nodes.map((node) => {
    const { states } = node;
    const own = { ...node, inputs: Object.freeze([...node.inputs]) };
    return Object.freeze(states === undefined ? own : { ...own, states: Object.freeze({ ...states }) });
  });
  return Object.freeze({
    inputs: Object.freeze(Object.fromEntries(frozenInputs)),
    nodes: Object.freeze(frozenNodes),
    ...(output !== undefined && { output }),
    ...(outputs !== undefined && { outputs: Object.freeze({ ...outputs }) }),
  });
}

/** The axes of the inputs of a network; `time` comes first. */
export function inputAxes({ inputs }: NetworkDescription): string[] {
  return [...new Set([TIME, ...Object.values(inputs).map(({ axis = TIME }) => axis)])];
}
