/**
 * Values that need no memory of their own: the parts of a concatenation, which are written directly into the result,
 * and slices, which are read from their source. Both are columns of a wider matrix. Only operations whose signature
 * marks the operand with `~` accept such values.
 */
import { attributeOf, type Node, type Value } from '../graph/value.js';
import type { Instructions } from './schedule.js';

/** The position of a value in a wider one. */
export interface View {
  readonly base: Value;
  /** Its first column there. */
  readonly first: number;
}

/** The instructions that are still needed with views, and the views by the id of their value. */
export interface ViewPlan {
  readonly instructions: Instructions;
  readonly views: ReadonlyMap<number, View>;
}

/** How the values of a program are used. */
class Uses {
  readonly #readers = new Map<number, Node[]>();

  constructor(
    nodes: readonly Node[],
    private readonly isFree: (value: Value) => boolean,
  ) {
    for (const node of nodes) {
      for (const value of new Set(node.inputs.values())) {
        this.#readers.set(value.id, [...(this.#readers.get(value.id) ?? []), node]);
      }
    }
  }

  /** Whether the node that makes a value, and the nodes that read it except `except`, accept a part of a matrix. */
  canBeView(value: Value, except: Node | undefined): boolean {
    if (value.type !== 'real' || !this.isFree(value)) return false;
    const readers = (this.#readers.get(value.id) ?? []).filter((node) => node !== except);
    return readers.every(({ operation, inputs }) =>
      operation.signature.inputs.every(({ name, mayBeView }) => mayBeView || inputs.get(name)?.id !== value.id),
    );
  }

  /** Whether the node that makes the value can write part of a matrix. */
  isWritable({ node, id }: Value): boolean {
    return (
      node?.operation.signature.outputs.some(
        ({ name, mayBeView }) => mayBeView && node.outputs.get(name)?.id === id,
      ) === true
    );
  }
}

/**
 * Finds the views of a program.
 *
 * @param isFree whether a value has no memory yet and no code outside the program reads it
 */
export function findViews(instructions: Instructions, isFree: (value: Value) => boolean): ViewPlan {
  const { nodes, prepare, commit } = instructions;
  const uses = new Uses(nodes, isFree);
  const views = new Map<number, View>();
  const bases = new Set<number>();
  const isPlain = (value: Value) => !views.has(value.id) && !bases.has(value.id);
  const superfluous = new Set<Node>();
  for (const node of nodes) {
    const y = node.outputs.get('y') as Value;
    if (node.operation.name === 'concatenate') {
      const parts = [node.inputs.get('a') as Value, node.inputs.get('b') as Value] as const;
      const [a, b] = parts;
      const canBeViews = parts.every(
        (part) => part.storage === y.storage && isPlain(part) && uses.isWritable(part) && uses.canBeView(part, node),
      );
      if (a.id === b.id || !canBeViews || views.has(y.id)) continue;
      views.set(a.id, { base: y, first: 0 }).set(b.id, { base: y, first: a.columns });
      bases.add(y.id);
    } else if (node.operation.name === 'slice') {
      const x = node.inputs.get('x') as Value;
      if (x.storage !== y.storage || views.has(x.id) || !isPlain(y) || !uses.canBeView(y, undefined)) continue;
      views.set(y.id, { base: x, first: attributeOf(node, 'begin') });
      bases.add(x.id);
    } else {
      continue;
    }
    superfluous.add(node);
  }
  const kept = nodes.filter((node) => !superfluous.has(node));
  const before = nodes.slice(0, commit).filter((node) => superfluous.has(node));
  return { instructions: { nodes: kept, prepare, commit: commit - before.length }, views };
}
