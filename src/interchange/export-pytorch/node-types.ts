/** What the code of a node is made of, and what it is. */
import type { Value } from '../../graph/value.js';
import type { NodeDescription } from '../../network/description.js';
import type { PythonPart } from './python-library.js';

/** What is known of a node when its code is written. */
export interface NodeContext {
  readonly node: NodeDescription;
  /** Its inputs, in their order. */
  readonly inputs: readonly Value[];
  readonly output: Value;
  /** Shapes of its parameters, by their own names. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** The module of this node, or of another one, in the code. */
  module(name?: string): string;
}

/** The code of a node. */
export interface NodeCode {
  /** What makes its module; undefined where it has none. */
  readonly module?: string;
  /** Statements of `forward`, with the values of all nodes before in `v`. */
  readonly lines: readonly string[];
  readonly parts: readonly PythonPart[];
  /** Statements behind all modules. */
  readonly finish?: string;
  readonly notes?: readonly string[];
}
